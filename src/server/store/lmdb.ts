/**
 * The embedded store: an LMDB file in a directory of ours. Every write is one synced transaction, so a `kill -9` at any
 * moment leaves all of it or none; reads come from memory. One process at a time (store/lock.ts).
 *
 * Transactions are synchronous on purpose: they take well under a millisecond beside the sync to disk, and when one
 * returns, it is durable.
 */
import { chmod, mkdir, realpath } from 'node:fs/promises';
import { type Database, open, type RootDatabase } from 'lmdb';
import type { ActionRecord, Definition } from '../../service/definition.ts';
import { UserError } from '../../service/failure.ts';
import type { Change, Store } from '../../service/store.ts';
import { takeLock } from './lock.ts';
import { keyOf, memoryStore, TABLE_NAMES } from './memory.ts';

/** Grows with what is stored; this is address space, not memory. */
const MAP_SIZE = 1024 ** 3;

/**
 * Opens or makes the store in `directory`.
 *
 * Rejects with a UserError when another running server has it open, or when it cannot be made or read.
 */
export async function openStore(directory: string): Promise<Store> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const path = await realpath(directory);
    // Definitions hold the values of environment variables: nobody else may read them, whoever made the directory.
    await chmod(path, 0o700);
    const root = open({
      path,
      noSubdir: false,
      maxDbs: 8,
      encoding: 'json',
      mapSize: MAP_SIZE,
      overlappingSync: false,
    });
    return await locked(root, path);
  } catch (error) {
    if (error instanceof UserError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError('EK802', `the store in ${directory} cannot be opened: ${reason}`);
  }
}

async function locked(root: RootDatabase, path: string): Promise<Store> {
  const release = await takeLock(root, path).catch(async (error: unknown) => {
    await root.close();
    throw error;
  });
  const databases = Object.fromEntries(
    TABLE_NAMES.map((name) => [name, root.openDB<unknown, string>(name, { encoding: 'json' })]),
  ) as Record<(typeof TABLE_NAMES)[number], Database<unknown, string>>;
  const read = <T>(name: (typeof TABLE_NAMES)[number]) =>
    new Map([...databases[name].getRange()].map(({ key, value }) => [key, value as T]));
  const persist = (changes: readonly Change[]) =>
    root.transactionSync(() => {
      for (const change of changes) {
        if ('remove' in change) databases[change.table].removeSync(change.remove);
        else databases[change.table].putSync(keyOf(change), change.put);
      }
    });
  // In the order in which they were made, as new ones will follow: lists are sorted that way.
  const definitions = [...read<Definition>('definitions')].sort(([, a], [, b]) => a.createdAt - b.createdAt);
  return memoryStore({
    tables: {
      definitions: new Map(definitions),
      actions: read<ActionRecord>('actions'),
      engine: read<unknown>('engine'),
    },
    persist,
    async close() {
      await release();
      await root.close();
    },
  });
}
