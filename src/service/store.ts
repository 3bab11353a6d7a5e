/**
 * Where the server keeps its memory. A port: a file beside the server (lmdb), the swarm itself, or memory in tests.
 *
 * The server keeps no second copy: it reads what a request needs, so that two servers on one shared store agree.
 * Idempotency keys need no table of their own: a keyed create's uuid is a hash of (user, key), and the definition, or its
 * tombstone, holds the hash of the body.
 */
import type { ActionRecord, Definition } from './definition.ts';

export type Change =
  | { readonly table: 'definitions'; readonly put: Definition }
  | { readonly table: 'actions'; readonly put: ActionRecord }
  /** What an engine without a memory of its own keeps (simulated containers). */
  | { readonly table: 'engine'; readonly key: string; readonly put: unknown }
  | { readonly table: 'definitions' | 'actions' | 'engine'; readonly remove: string };

/** Signs of life of the servers that share a store. */
export interface Servers {
  /** Changes this server's sign. */
  beat(server: string): Promise<void>;
  /** The last sign of each; a number that says nothing but that it is another. */
  signs(): Promise<ReadonlyMap<string, number>>;
  /** Forgets one that is gone. */
  leave(server: string): Promise<void>;
}

export interface Store {
  /** Tombstones included, in no order. What was handed out never changes: after a write there is another. */
  definitions(): Promise<readonly Definition[]>;
  definition(uuid: string): Promise<Definition | undefined>;
  actions(): Promise<readonly ActionRecord[]>;
  action(uuid: string): Promise<ActionRecord | undefined>;
  engine(): Promise<ReadonlyMap<string, unknown>>;
  /**
   * Resolves when all changes survive a `kill -9`. A crash before that leaves all or none of them, or (stores without
   * transactions) the first few in the order given.
   *
   * A definition is stored only over its predecessor: over `version - 1`, or over nothing where `version` is 1.
   * Otherwise nothing is stored and it rejects with a StoreConflict: read again, decide again.
   */
  write(changes: readonly Change[]): Promise<void>;
  /** Undefined where no other server can have it open: what an earlier one left unfinished is this one's at once. */
  readonly servers?: Servers;
  close(): Promise<void>;
}

/** The store cannot be asked at the moment (a swarm without a leader): nothing is known, and the API says 503. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}

export class StoreConflict extends Error {
  override readonly name = 'StoreConflict';
}
