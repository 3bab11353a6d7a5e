/**
 * The state directory: one subfolder for each API origin and owner, so that two fleets never share a journal. In it the
 * journal, the key of its hashes, and the lock.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../service/failure.ts';
import { type Memory, NO_MEMORY } from '../service/memory.ts';
import type { Clock, Journal, Random } from '../service/ports.ts';
import { openJournalFile, syncDirectory, writeWhole } from './file.ts';
import { keyedHash, openJournal, readJournal } from './journal.ts';
import { takeLock } from './lock.ts';

export interface StateOptions {
  /** `--state-dir`. */
  readonly base: string;
  /** As `parseOrigin` gives it. */
  readonly origin: string;
  readonly owner: string;
  readonly warn: (message: string) => void;
}

export interface State {
  readonly journal: Journal;
  readonly directory: string;
  /** Closes the journal, then lets the lock go. */
  close(): Promise<void>;
}

/** A readable, safe and unambiguous folder name for an origin and an owner. */
export function stateDirFor(base: string, origin: string, owner: string): string {
  const safe = (text: string) => text.replace(/[^a-zA-Z0-9.-]+/g, '_').slice(0, 80);
  const exact = createHash('sha256').update(`${origin}\n${owner}`).digest('hex').slice(0, 8);
  return join(base, `${safe(origin)}-${safe(owner)}-${exact}`);
}

/**
 * Takes the lock and opens the journal. UserError EK701 (in use), EK702 (newer version), EK703 (directory cannot be
 * used). Nothing is held when it throws.
 */
export async function openState(
  options: StateOptions & { readonly clock: Clock; readonly random: Random },
): Promise<State> {
  const { base, origin, owner, clock, random, warn } = options;
  const directory = stateDirFor(base, origin, owner);
  return usable(directory, async () => {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const lock = await takeLock(directory, clock.wall(), random.uuid());
    try {
      const key = await ownKey(directory, random);
      const file = await openJournalFile(join(directory, 'journal'));
      const setAside = (bytes: Uint8Array) => keepDamaged(directory, bytes);
      const journal = await openJournal({ file, key, setAside, warn }).catch(async (error: unknown) => {
        await file.close();
        throw error;
      });
      const close = () => journal.close().finally(() => lock.release());
      return { journal, directory, close };
    } catch (error) {
      await lock.release();
      throw error;
    }
  });
}

/** What `plan` may know: reads without a lock, creates and touches nothing; no directory is an empty memory. */
export async function readState(
  options: StateOptions,
): Promise<{ readonly memory: Memory; readonly hash: (text: string) => string }> {
  const directory = stateDirFor(options.base, options.origin, options.owner);
  return usable(directory, async () => {
    const key =
      (await readIfThere(join(directory, 'key'))) ?? Buffer.from('no key yet, so no hash to compare with');
    const bytes = await readIfThere(join(directory, 'journal'));
    const hash = (text: string) => keyedHash(key, text);
    if (bytes === undefined) return { memory: NO_MEMORY, hash };
    const { memory, damaged } = readJournal(bytes);
    if (damaged > 0)
      options.warn(`EK704 the journal in ${directory} is damaged: ${damaged} lines are left out`);
    return { memory, hash };
  });
}

/** Three v4 uuids are 366 random bits. */
async function ownKey(directory: string, random: Random): Promise<Uint8Array> {
  const path = join(directory, 'key');
  const there = await readIfThere(path);
  if (there !== undefined && there.length >= 16) return there;
  const seed = `${random.uuid()}${random.uuid()}${random.uuid()}`;
  const key = Buffer.from(createHash('sha256').update(seed).digest('hex'));
  await writeWhole(path, key);
  return key;
}

/** `journal.damaged-1`, `-2` …: never over an older one. */
async function keepDamaged(directory: string, bytes: Uint8Array): Promise<string> {
  for (let number = 1; ; number++) {
    const path = join(directory, `journal.damaged-${number}`);
    try {
      await writeFile(path, bytes, { flag: 'wx', mode: 0o600, flush: true });
      await syncDirectory(directory);
      return path;
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
    }
  }
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

const hasCode = (error: unknown, code: string) =>
  error instanceof Error && 'code' in error && error.code === code;

async function usable<T>(directory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UserError || !(error instanceof Error) || !('code' in error)) throw error;
    throw new UserError('EK703', `--state-dir: ${directory} cannot be used: ${error.message}`);
  }
}
