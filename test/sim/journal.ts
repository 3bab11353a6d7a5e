/** The journal over a simulated disk. */
import { createHmac } from 'node:crypto';
import { Folding } from '../../src/journal/fold.ts';
import type { Memory, Record } from '../../src/service/memory.ts';
import type { Journal, JournalFile } from '../../src/service/ports.ts';

const HEADER = '{}\n';
const encode = (record: Record) => `${JSON.stringify(record)}\n`;

function decode(bytes: Uint8Array): { folding: Folding } {
  const folding = new Folding();
  for (const line of Buffer.from(bytes).toString().split('\n').slice(1)) {
    try {
      folding.apply(JSON.parse(line) as Record);
    } catch {}
  }
  return { folding };
}

/** What `plan` opens: it reads the journal and keeps nothing. */
export async function readJournal(file: JournalFile): Promise<Journal> {
  const bytes = await file.read();
  const folding = bytes.length === 0 ? new Folding() : decode(bytes).folding;
  return {
    memory: () => folding.memory(),
    append: async (record) => void folding.apply(record),
    hash,
    close: async () => {},
  };
}

const hash = (one: string) => createHmac('sha256', 'sim').update(one).digest('hex').slice(0, 32);

export async function openJournal(file: JournalFile): Promise<Journal> {
  const bytes = await file.read();
  const { folding } = bytes.length === 0 ? { folding: new Folding() } : decode(bytes);
  let line: Promise<unknown> = Promise.resolve();
  const text = (one: string) => Buffer.from(one);
  if (bytes.length === 0) line = file.append(text(HEADER));
  else if (bytes.at(-1) !== 10) line = file.append(text('\n'));
  return {
    memory: (): Memory => folding.memory(),
    append(record: Record) {
      const turn = line.catch(() => {}).then(() => file.append(text(encode(record))));
      line = turn;
      return turn.then(() => void folding.apply(record));
    },
    hash,
    close: async () => void (await line.catch(() => {})),
  };
}
