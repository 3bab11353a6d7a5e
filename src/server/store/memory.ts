/**
 * The store's rules over plain maps: predecessors checked, all changes of a write or none. Alone it is the store of
 * tests; with `persist` it is the readable half of a durable one.
 *
 * Writes that arrive in the same turn are committed together, so that many services at once cost one sync to disk.
 */
import type { ActionRecord, Definition } from '../../service/definition.ts';
import { type Change, type Store, StoreConflict } from '../../service/store.ts';

export interface Tables {
  readonly definitions: Map<string, Definition>;
  readonly actions: Map<string, ActionRecord>;
  readonly engine: Map<string, unknown>;
}

export const TABLE_NAMES = ['definitions', 'actions', 'engine'] as const;

export function keyOf(change: Change): string {
  if ('remove' in change) return change.remove;
  return change.table === 'engine' ? change.key : change.put.uuid;
}

interface Waiting {
  readonly changes: readonly Change[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export interface MemoryStoreOptions {
  readonly tables?: Tables;
  /** Makes the changes durable, all or none, before it returns; throws when it cannot. */
  readonly persist?: (changes: readonly Change[]) => void;
  readonly close?: () => Promise<void>;
}

export function memoryStore(options: MemoryStoreOptions = {}): Store {
  const tables = options.tables ?? { definitions: new Map(), actions: new Map(), engine: new Map() };
  let waiting: Waiting[] = [];
  /** Made anew only after a write: most requests read all of them. */
  let definitions: readonly Definition[] | undefined;

  const commit = () => {
    const group = waiting;
    waiting = [];
    const versions = new Map<string, number>();
    const good = group.filter(({ changes, reject }) => {
      const conflict = conflictOf(changes, tables, versions);
      if (conflict !== undefined) reject(new StoreConflict(conflict));
      return conflict === undefined;
    });
    const changes = good.flatMap((one) => one.changes);
    try {
      if (changes.length > 0) options.persist?.(changes);
    } catch (error) {
      for (const one of good) one.reject(error);
      return;
    }
    for (const change of changes) {
      apply(tables, change);
      if (change.table === 'definitions') definitions = undefined;
    }
    for (const one of good) one.resolve();
  };

  return {
    definitions: async () => {
      definitions ??= [...tables.definitions.values()];
      return definitions;
    },
    definition: async (uuid) => tables.definitions.get(uuid),
    actions: async () => [...tables.actions.values()],
    action: async (uuid) => tables.actions.get(uuid),
    engine: async () => new Map(tables.engine),
    write: (changes) =>
      new Promise<void>((resolve, reject) => {
        waiting.push({ changes: structuredClone(changes), resolve, reject });
        if (waiting.length === 1) queueMicrotask(commit);
      }),
    close: async () => options.close?.(),
  };
}

/** Says which definition is not stored over its predecessor, or nothing; remembers the versions of those that are. */
function conflictOf(
  changes: readonly Change[],
  tables: Tables,
  versions: Map<string, number>,
): string | undefined {
  const mine = new Map<string, number>();
  for (const change of changes) {
    if (change.table !== 'definitions') continue;
    const key = keyOf(change);
    const stored = mine.get(key) ?? versions.get(key) ?? tables.definitions.get(key)?.version ?? 0;
    const next = 'put' in change ? change.put.version : 0;
    if ('put' in change && next !== stored + 1) {
      return `service ${key}: version ${next} was to be stored over ${next - 1}, but ${stored} is there`;
    }
    mine.set(key, next);
  }
  for (const [key, version] of mine) versions.set(key, version);
  return undefined;
}

function apply(tables: Tables, change: Change): void {
  const table: Map<string, unknown> = tables[change.table];
  if ('remove' in change) table.delete(change.remove);
  else table.set(keyOf(change), change.put);
}
