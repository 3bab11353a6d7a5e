/**
 * How often something was tried, and when it is tried again: per service, for ever, with full jitter (design §8).
 *
 * Failures survive a restart in the journal; their times are wall-clock, so a clock that jumped can only make an
 * attempt earlier or wait one cap longer.
 */
import type { Failure } from '../service/memory.ts';
import type { Random } from '../service/ports.ts';

/** Milliseconds. */
export const BACKOFF_FIRST = 2_000;
export const BACKOFF_CAP = 300_000;

/** The next failure after `before`, at wall-clock `now`: a wait of up to 2 s × 2^attempts, at most 5 min. */
export function nextFailure(
  before: Failure | undefined,
  message: string,
  now: number,
  random: Random,
): Failure {
  const attempts = (before?.attempts ?? 0) + 1;
  const most = Math.min(BACKOFF_CAP, BACKOFF_FIRST * 2 ** Math.min(attempts - 1, 20));
  return { attempts, notBefore: now + Math.ceil(most * random.next()), message };
}

/** Milliseconds until `failure` lets another attempt go. */
export function backoffLeft(failure: Failure | undefined, now: number): number {
  return failure === undefined ? 0 : Math.min(BACKOFF_CAP, Math.max(0, failure.notBefore - now));
}
