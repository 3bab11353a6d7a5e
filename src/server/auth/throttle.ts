/**
 * Slows down guessing: failed logins draw from a bucket per address and one per user name. An empty bucket makes the
 * next *wrong* key a 429; a right key is always let in, so nobody can lock somebody else out.
 */
import type { Clock } from '../../service/ports.ts';

const BURST = 10;
/** One failure is forgiven every six seconds: ten a minute. */
const REFILL_MS = 6_000;
const MOST_KEYS = 10_000;

interface Bucket {
  readonly left: number;
  readonly at: number;
}

export interface Throttle {
  /** Records a failed login; the seconds to wait where there were too many, else undefined. */
  failed(ip: string, user: string | undefined): number | undefined;
}

export function createThrottle(clock: Pick<Clock, 'monotonic'>): Throttle {
  const buckets = new Map<string, Bucket>();

  const draw = (key: string): number => {
    const now = clock.monotonic();
    const known = buckets.get(key) ?? { left: BURST, at: now };
    const refilled = Math.min(BURST, known.left + (now - known.at) / REFILL_MS);
    buckets.delete(key);
    buckets.set(key, { left: Math.max(0, refilled - 1), at: now });
    const oldest = buckets.keys().next().value;
    if (buckets.size > MOST_KEYS && oldest !== undefined) buckets.delete(oldest);
    return refilled >= 1 ? 0 : Math.ceil(((1 - refilled) * REFILL_MS) / 1_000);
  };

  return {
    failed(ip, user) {
      const wait = Math.max(draw(`ip ${ip}`), user === undefined ? 0 : draw(`user ${user}`));
      return wait === 0 ? undefined : wait;
    },
  };
}
