/**
 * How a fleet is doing, as plain data: what `status` and `explain` print, and what the daemon keeps beside its journal.
 * Published: additive changes only within one `formatVersion`.
 */
import type { Changed, Culprit } from './plan.ts';
import type { Block, Difference, Note } from './service.ts';

export type Sync =
  /** As wished. */
  | 'in-sync'
  /** In a moving state, or an operation of ours is on its way. */
  | 'changing'
  /** Something is to be done, and something else must come first (a gate, a backoff, a look). */
  | 'waiting'
  /** Something is to be done; nobody has begun (there is no daemon, or it has not come to it). */
  | 'out-of-sync'
  | 'blocked'
  /** In a moving state for longer than its deadline. */
  | 'stalled'
  /** Live and owned, but no manifest names it. */
  | 'orphan'
  /**
   * There is nothing to hold it against: no manifests were given and no daemon runs that has some, or not all could be
   * read and none of the others names it.
   */
  | 'not-compared';

/** Nothing is written to it before `until`. */
export interface SuspensionLine {
  /** Undefined = the whole fleet. */
  readonly name: string | undefined;
  /** Wall-clock milliseconds. */
  readonly until: number;
  readonly by: string;
  readonly reason: string;
}

export interface DecisionLine {
  /** Wall-clock milliseconds. */
  readonly at: number;
  /** In short, by codes: `wait gate db`, `act update`. */
  readonly decision: string;
  readonly state: string | undefined;
}

export interface ServiceStatus {
  readonly name: string;
  readonly uuid: string | undefined;
  readonly want: 'running' | 'stopped' | 'absent' | undefined;
  readonly state: string | undefined;
  readonly image: string | undefined;
  readonly containers: { readonly target?: number; readonly current?: number; readonly running?: number };
  /** Wall-clock milliseconds. */
  readonly deployedAt: number | null | undefined;
  readonly sync: Sync;
  readonly block: Block | undefined;
  /** What is waited for: a moving state, `gate db`, `backoff (3 attempts)` … */
  readonly waitsFor: string | undefined;
  /** What comes next, by verb. */
  readonly next: readonly string[];
  readonly differences: readonly Difference[];
  readonly notes: readonly Note[];
  /** What changed since it was last as wished, as far as that is remembered. */
  readonly changed?: Changed;
  /** Who changed it live, where the server tells; only from a running daemon. */
  readonly changedBy?: Culprit;
  /** What the state table allows now. */
  readonly allows: readonly string[];
  /** The server's own words about the last failed operation. */
  readonly note: string | undefined;
  /** Only from a running daemon; wall-clock milliseconds. */
  readonly since: number | undefined;
  readonly deadline: number | undefined;
  readonly nextLook: number | undefined;
  /** The latest five, the newest last; only from a running daemon. */
  readonly decisions: readonly DecisionLine[];
}

export interface FleetStatus {
  readonly formatVersion: 1;
  /** Wall-clock milliseconds. */
  readonly at: number;
  readonly revision: string;
  /** Problems of the source; empty when everything could be read. */
  readonly problems: readonly string[];
  readonly services: readonly ServiceStatus[];
  readonly suspensions?: readonly SuspensionLine[];
}
