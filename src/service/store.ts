/**
 * Where the server keeps its memory. A port: a file beside the server (lmdb), the swarm itself, or memory in tests.
 *
 * The server keeps no second copy: it reads what a request needs, so that two servers on one shared store agree.
 */
import type { ActionRecord, Definition } from './definition.ts';

/** An Idempotency-Key that was used, kept for 24 hours, also after the service it made is forgotten. */
export interface IdempotencyRecord {
  /** Hash of (user, key). */
  readonly key: string;
  /** Hash of the request body. */
  readonly body: string;
  readonly service: string;
  readonly at: number;
}

export type Change =
  | { readonly table: 'definitions'; readonly put: Definition }
  | { readonly table: 'actions'; readonly put: ActionRecord }
  | { readonly table: 'keys'; readonly put: IdempotencyRecord }
  /** What an engine without a memory of its own keeps (simulated containers). */
  | { readonly table: 'engine'; readonly key: string; readonly put: unknown }
  | { readonly table: 'definitions' | 'actions' | 'keys' | 'engine'; readonly remove: string };

export interface Store {
  /** Tombstones included, in no order. */
  definitions(): Promise<readonly Definition[]>;
  definition(uuid: string): Promise<Definition | undefined>;
  actions(): Promise<readonly ActionRecord[]>;
  action(uuid: string): Promise<ActionRecord | undefined>;
  keys(): Promise<readonly IdempotencyRecord[]>;
  key(key: string): Promise<IdempotencyRecord | undefined>;
  engine(): Promise<ReadonlyMap<string, unknown>>;
  /**
   * Resolves when all changes survive a `kill -9`. A crash before that leaves all or none of them, or (stores without
   * transactions) the first few in the order given.
   *
   * A definition is stored only over its predecessor: over `version - 1`, or over nothing where `version` is 1.
   * Otherwise nothing is stored and it rejects with a StoreConflict: read again, decide again.
   */
  write(changes: readonly Change[]): Promise<void>;
  close(): Promise<void>;
}

export class StoreConflict extends Error {
  override readonly name = 'StoreConflict';
}
