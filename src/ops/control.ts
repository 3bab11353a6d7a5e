/** What the outside face is handed of the daemon behind it. */
import type { FleetStatus } from '../service/status.ts';

export interface SuspendRequest {
  /** Empty = the whole fleet. */
  readonly names: readonly string[];
  /** How long, as text: `2h`, or the instant `2026-01-31T08:00:00Z`. */
  readonly until: string;
  readonly reason: string;
}

export interface ResumeRequest {
  /** Empty = everything. */
  readonly names: readonly string[];
}

/** A suspension that holds; part of the status. */
export interface Suspension {
  /** Undefined = the whole fleet. */
  readonly name: string | undefined;
  /** Wall-clock milliseconds. */
  readonly until: number;
  readonly by: string;
  readonly reason: string;
}

export interface Control {
  /** Look at the source and the fleet now. */
  hint(): void;
  /** Monotonic time of the last pass that saw everything; undefined = none yet. */
  lastSuccess(): number | undefined;
  /** Undefined before the fleet was seen. Made at most once a second. */
  status(): FleetStatus | undefined;
  suspensions(): readonly Suspension[];
  /** Throws a UserError that says what is wrong with the request. */
  suspend(request: SuspendRequest): Promise<void>;
  resume(request: ResumeRequest): Promise<void>;
}
