/**
 * The interfaces at which the floors meet the world. Everything that is not a pure function comes in through one of
 * these, so that a whole run can be replayed from a seed (decision 0001).
 */
import type { Capabilities } from './extensions.ts';
import type { Result } from './failure.ts';
import type { Mark } from './mark.ts';
import type { Record as JournalRecord, Memory } from './memory.ts';
import type { Culprit } from './plan.ts';
import type { Live, Operation, Wish } from './service.ts';

export interface Clock {
  /** Milliseconds that never run backwards and know nothing of the wall clock. Every duration is measured with it. */
  monotonic(): number;
  /** Milliseconds since the epoch: only for dates that people or a restart read. */
  wall(): number;
  /** Resolves after `ms`, or at once when `signal` aborts (it does not reject). */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export interface Random {
  /** In [0, 1). */
  next(): number;
  /** A v4 uuid. */
  uuid(): string;
}

// ── HTTP ──────────────────────────────────────────────────────────────────────────────────────────────────────

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Path and query, never a URL: no payload chooses where a request goes. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** Ends the whole exchange, body included. */
  readonly signal: AbortSignal;
  /** Bytes of decompressed body; more is an error. */
  readonly maxBytes: number;
}

export type HttpOutcome =
  | {
      readonly kind: 'response';
      readonly status: number;
      /** Lower-case names. */
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
    }
  /** `sent: false` only when certainly no byte of the request left. */
  | { readonly kind: 'error'; readonly sent: boolean; readonly message: string };

/** One HTTP exchange with the configured origin. Follows no redirect, uses no proxy, never throws. */
export interface Http {
  exchange(request: HttpRequest): Promise<HttpOutcome>;
}

// ── the service API, as the drive sees it ─────────────────────────────────────────────────────────────────────

/** A complete, trusted list (`research/reliability.md` T1–T8). Anything less is no `Listing` at all. */
export interface Listing {
  /** Live and Terminated services, in the server's order. */
  readonly services: readonly Live[];
  readonly capabilities: Capabilities['offered'];
  /** Monotonic time at which its first request began; no write to a name since then, or it says nothing of it (T9). */
  readonly startedAt: number;
  /** Whether its objects are complete; else env, links and roles need `get`. */
  readonly full: boolean;
  readonly pages: number;
}

/** What an accepted write showed: the service in its new state, where the reply carried it. */
export interface Accepted {
  readonly live: Live | undefined;
}

export interface CreateRequest {
  readonly name: string;
  readonly operation: Extract<Operation, { verb: 'create' }>;
  readonly mark: Mark;
}

export interface WriteRequest {
  readonly operation: Exclude<Operation, { verb: 'create' }>;
  /** Goes along when a patched list carries it. */
  readonly mark: Mark | undefined;
}

/** A write that the server has a record of, whoever asked for it. All of it is text from outside. */
export interface ActionLine extends Culprit {
  /** The top-level keys of its body. */
  readonly fields: readonly string[];
}

export type Priority = 'write' | 'read' | 'delete';

/**
 * The client of the service API. Every method passes the pace first: it waits for a place, asks `placed` what to
 * send, sends it, and gives the place back at the response.
 */
export interface ServiceApi {
  list(signal: AbortSignal): Promise<Result<Listing>>;
  /** `undefined` = 404. */
  get(
    uuid: string,
    signal: AbortSignal,
  ): Promise<Result<{ readonly live: Live | undefined; readonly startedAt: number }>>;
  /** `tail`: lines that are enough; a server that does not know the parameter gives what it gives. */
  logs(uuid: string, signal: AbortSignal, tail?: number): Promise<Result<string>>;
  /** The latest writes to a service, the newest first, where the server keeps records by service. */
  actions?(uuid: string, signal: AbortSignal): Promise<Result<readonly ActionLine[]>>;
  /** The exact body a create would send, for its keyed hash. */
  createBody(request: CreateRequest): string;
  create(
    placed: () => Promise<CreateRequest | undefined>,
    signal: AbortSignal,
  ): Promise<Result<Accepted> | undefined>;
  write(
    placed: () => Promise<WriteRequest | undefined>,
    priority: Priority,
    signal: AbortSignal,
  ): Promise<Result<Accepted> | undefined>;
}

// ── where manifests come from ─────────────────────────────────────────────────────────────────────────────────

export interface SourceFile {
  /** As shown in messages. */
  readonly path: string;
  readonly text: string;
  /** Equal ids mean equal bytes. */
  readonly id: string;
  /** Why its bytes are not text to be parsed; `text` is empty then, and the file is a broken one. */
  readonly defect?: 'not-utf8' | 'too-large';
}

/** The commit that a snapshot was read from, where the source is a repository. */
export interface Commit {
  readonly sha: string;
  /** Names whose removal its `Allow-Delete` trailers approve, those of the commits since the last reading included. */
  readonly allowDeletes: readonly string[];
}

/** "Could not read" and "is empty" are different types (design §6). */
export type Snapshot =
  | {
      readonly kind: 'complete';
      readonly files: readonly SourceFile[];
      readonly revision: string;
      readonly commit?: Commit;
    }
  | {
      readonly kind: 'unreadable';
      readonly files: readonly SourceFile[];
      readonly problems: readonly string[];
      /** Where the files are those of an older reading: its revision. */
      readonly revision?: string;
    };

export interface Source {
  /** One consistent reading of everything. Never throws. */
  read(signal: AbortSignal): Promise<Snapshot>;
}

/** What a snapshot's manifests say. `complete: false` suspends every delete of the source. */
export interface Load {
  readonly wishes: readonly Wish[];
  readonly complete: boolean;
  readonly documents: number;
  readonly problems: readonly string[];
  readonly revision: string;
  readonly commit?: Commit;
}

// ── what survives a crash ─────────────────────────────────────────────────────────────────────────────────────

export interface Journal {
  /** All records folded. Changes only through `append`. */
  memory(): Memory;
  /** Resolves when the record is on disk. Rejects when it cannot be (then nothing that depends on it may be sent). */
  append(record: JournalRecord): Promise<void>;
  /** Keyed hash; the key is the state directory's own and is never shown. */
  hash(text: string): string;
  close(): Promise<void>;
}

/** The few file operations that the journal needs, so that a crash at any byte can be simulated. */
export interface JournalFile {
  read(): Promise<Uint8Array>;
  /** Appends and syncs. */
  append(bytes: Uint8Array): Promise<void>;
  /** Replaces the whole content atomically, synced. */
  replace(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}
