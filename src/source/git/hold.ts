/**
 * Which commit is believed. A branch normally moves forward. One that stands at an older commit may be a mirror that
 * lags, and one whose history was rewritten may be a mistake that somebody is repairing: both are held, and believed
 * when they have stood for the hold and for two readings (`research/reliability.md` G1, G5; decision 0012).
 */
import type { Relation } from './history.ts';

/** A head that is not believed yet. */
export interface Held {
  readonly sha: string;
  /** Wall-clock milliseconds at which the branch was first seen to have left the commit taken last. */
  readonly since: number;
  readonly readings: number;
}

export type Judgement =
  | { readonly kind: 'take' }
  | {
      readonly kind: 'hold';
      readonly held: Held /** Undefined = never by itself. */;
      readonly untilMs: number | undefined;
    };

const READINGS = 2;

export interface HoldInput {
  readonly relation: Relation;
  readonly head: string;
  readonly held: Held | undefined;
  /** Whether the head contains the held one. */
  readonly containsHeld: boolean;
  /** Milliseconds; undefined = for as long as the branch does not contain the commit taken last. */
  readonly holdMs: number | undefined;
  /** Wall-clock milliseconds. */
  readonly now: number;
}

export function judge({ relation, head, held, containsHeld, holdMs, now }: HoldInput): Judgement {
  if (relation === 'first' || relation === 'same' || relation === 'ahead') return { kind: 'take' };
  // More commits on top do not begin the wait anew; another branch does. A clock that was set back waits longer.
  const goesOn = held !== undefined && (held.sha === head || containsHeld);
  const since = goesOn ? Math.min(held.since, now) : now;
  const readings = goesOn ? held.readings + 1 : 1;
  if (holdMs !== undefined && readings >= READINGS && now - since >= holdMs) return { kind: 'take' };
  return {
    kind: 'hold',
    held: { sha: head, since, readings },
    untilMs: holdMs === undefined ? undefined : since + holdMs,
  };
}
