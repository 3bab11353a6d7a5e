/** The real journal over a simulated disk. */
import { Folding } from '../../src/journal/fold.ts';
import { keyedHash, openJournal as open } from '../../src/journal/journal.ts';
import { decode } from '../../src/journal/lines.ts';
import type { Journal, JournalFile } from '../../src/service/ports.ts';

const KEY = Buffer.from('the key of a simulated state directory');

/** What `plan` opens: it reads the journal and keeps nothing. */
export async function readJournal(file: JournalFile): Promise<Journal> {
  const bytes = await file.read();
  const folding = bytes.length === 0 ? new Folding() : decode(bytes).folding;
  return {
    memory: () => folding.memory(),
    append: async (record) => void folding.apply(record),
    hash: (text) => keyedHash(KEY, text),
    close: async () => {},
  };
}

/** `damaged` is told of damage: a crash alone must never make any. */
export function openJournal(file: JournalFile, damaged: (message: string) => void): Promise<Journal> {
  return open({ file, key: KEY, setAside: async () => 'aside', warn: damaged });
}
