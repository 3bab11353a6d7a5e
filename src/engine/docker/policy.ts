/**
 * What becomes of a container that ended by itself. Each decision has one owner: `autorestart` is Docker's restart
 * policy and nothing else, so it also works while this server is away; what Docker will not restart is ours, first
 * `autoreplace`, then `autodestroy`.
 */
import type { DefinedSpec } from '../../service/definition.ts';

type Autos = Pick<DefinedSpec, 'autorestart' | 'autoreplace' | 'autodestroy'>;

/** Whether a setting is about a container that ended with this code. */
export function covers(setting: DefinedSpec['autodestroy'], exitCode: number): boolean {
  switch (setting) {
    case 'ALWAYS':
      return true;
    case 'ON_FAILURE':
      return exitCode !== 0;
    case 'ON_SUCCESS':
      return exitCode === 0;
    case 'OFF':
      return false;
  }
}

export function afterItsEnd(spec: Autos, exitCode: number): 'leave' | 'replace' | 'destroy' {
  if (covers(spec.autorestart, exitCode)) return 'leave';
  if (covers(spec.autoreplace, exitCode)) return 'replace';
  return covers(spec.autodestroy, exitCode) ? 'destroy' : 'leave';
}

const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 60_000;
/** One that lived this long did not fail at its start: patience begins anew (Docker's own rule). */
const LIVED = 10_000;

export interface Replacements {
  readonly count: number;
  /** Monotonic time of the last one. */
  readonly at: number;
}

/** How long the next replacement waits, in milliseconds from now. */
export function pauseBefore(before: Replacements | undefined, livedMs: number, now: number): number {
  if (before === undefined || livedMs >= LIVED) return 0;
  const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (before.count - 1));
  return Math.max(0, before.at + pause - now);
}

export function replacedOnceMore(
  before: Replacements | undefined,
  livedMs: number,
  now: number,
): Replacements {
  const count = before === undefined || livedMs >= LIVED ? 1 : before.count + 1;
  return { count: Math.min(count, 20), at: now };
}
