/**
 * The one real clock and the one real source of chance. Everything else is handed these two as ports, so that a whole
 * run can be replayed from a seed.
 */
import { getRandomValues, randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import type { Clock, Random } from '../service/ports.ts';

/** Node fires a longer timer at once, with a warning. */
const LONGEST_TIMER = 2 ** 31 - 1;

function timer(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(handle);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const handle = setTimeout(done, ms);
    if (signal === undefined) return;
    // Forty containers that start at once sleep on one signal, and each takes its listener away again.
    setMaxListeners(0, signal);
    signal.addEventListener('abort', done, { once: true });
  });
}

export const systemClock: Clock = {
  monotonic: () => performance.now(),
  wall: () => Date.now(),
  /** Sleeps of any length, an infinite one too; what is not a positive number is no sleep. */
  async sleep(ms, signal) {
    const until = performance.now() + (Number.isNaN(ms) ? 0 : ms);
    for (let left = ms; left > 0 && signal?.aborted !== true; left = until - performance.now())
      await timer(Math.min(Math.ceil(left), LONGEST_TIMER), signal);
  },
};

export const systemRandom: Random = {
  /** 53 random bits, all that a double in [0, 1) holds. */
  next() {
    const [high = 0, low = 0] = getRandomValues(new Uint32Array(2));
    return ((high >>> 5) * 2 ** 26 + (low >>> 6)) / 2 ** 53;
  },
  uuid: () => randomUUID(),
};
