/**
 * Time and chance for tests: a clock that moves only when told to, and a seeded random.
 *
 * `advance` and `runUntil` fire sleepers in order of due time (then of asking) and let everything that hangs on
 * one of them run before the next fires, so a run is the same every time. Durations that a real timer would cut
 * to 1 ms (NaN, above 2^31) throw.
 */
import type { Clock, Random } from '../../src/service/ports.ts';

export interface VirtualClock extends Clock {
  /** Moves both clocks on by `ms`, firing every sleeper on the way, those asked for meanwhile included. */
  advance(ms: number): Promise<void>;
  /** Jumps from sleeper to sleeper until `promise` settles, and returns its outcome. Throws when nothing is left to wait for. */
  runUntil<T>(promise: Promise<T>): Promise<T>;
  /** Jumps from sleeper to sleeper until none is left. Throws after `maxMs` of virtual time (a loop never idles). */
  runUntilIdle(maxMs?: number): Promise<void>;
  /** Moves the wall clock alone, also backwards. */
  jumpWall(ms: number): void;
  /** Sleepers that have not fired. */
  sleepers(): number;
}

export interface VirtualClockOptions {
  /** Wall-clock start. Default 2026-01-01T00:00:00Z. */
  readonly wall?: number;
  readonly monotonic?: number;
  /** Awaited before time moves: resolve when real I/O is quiet (see `busy` in tests with real sockets). */
  readonly quiet?: () => Promise<void>;
}

interface Sleeper {
  readonly due: number;
  readonly order: number;
  readonly wake: () => void;
}

/** Longest delay a real timer takes. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export function virtualClock(options: VirtualClockOptions = {}): VirtualClock {
  let now = options.monotonic ?? 1_000;
  let wallOffset = (options.wall ?? Date.UTC(2026, 0, 1)) - now;
  let order = 0;
  const sleepers = new Set<Sleeper>();

  const next = () => {
    let first: Sleeper | undefined;
    for (const sleeper of sleepers) {
      if (
        first === undefined ||
        sleeper.due < first.due ||
        (sleeper.due === first.due && sleeper.order < first.order)
      )
        first = sleeper;
    }
    return first;
  };
  const calm = async () => {
    await flush();
    await options.quiet?.();
  };
  const fire = async (sleeper: Sleeper) => {
    now = Math.max(now, sleeper.due);
    sleeper.wake();
    await calm();
  };

  return {
    monotonic: () => now,
    wall: () => now + wallOffset,
    sleepers: () => sleepers.size,
    jumpWall(ms) {
      wallOffset += ms;
    },
    sleep(ms, signal) {
      if (!(ms <= MAX_TIMER_MS)) throw new RangeError(`a real timer cannot wait ${ms} ms`);
      if (signal?.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const wake = () => {
          sleepers.delete(sleeper);
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        const sleeper: Sleeper = { due: now + Math.max(0, ms), order: order++, wake };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', wake, { once: true });
      });
    },
    async advance(ms) {
      const end = now + ms;
      await calm();
      for (let first = next(); first !== undefined && first.due <= end; first = next()) await fire(first);
      now = Math.max(now, end);
    },
    async runUntil(promise) {
      let settled = false;
      const settle = () => {
        settled = true;
      };
      promise.then(settle, settle);
      await calm();
      for (let stuck = 0; !settled; ) {
        const first = next();
        if (first !== undefined) {
          stuck = 0;
          await fire(first);
        } else if (++stuck > 200) {
          throw new Error('nothing is left to wait for, and the promise has not settled');
        } else {
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      }
      return promise;
    },
    async runUntilIdle(maxMs = 24 * 3_600_000) {
      const end = now + maxMs;
      await calm();
      for (let first = next(); first !== undefined; first = next()) {
        if (first.due > end) throw new Error(`still not idle after ${maxMs} ms of virtual time`);
        await fire(first);
      }
    },
  };
}

/** Lets everything run that needs no time: promise jobs, ticks, immediates. */
export async function flush(): Promise<void> {
  for (let round = 0; round < 3; round++) await new Promise((resolve) => setImmediate(resolve));
}

/** mulberry32: small, and equal on every machine. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    uuid() {
      const hex = Array.from({ length: 32 }, () => Math.floor(next() * 16));
      hex[12] = 4;
      hex[16] = 8 + ((hex[16] ?? 0) % 4);
      const text = hex.map((digit) => digit.toString(16)).join('');
      return `${text.slice(0, 8)}-${text.slice(8, 12)}-${text.slice(12, 16)}-${text.slice(16, 20)}-${text.slice(20)}`;
    },
  };
}
