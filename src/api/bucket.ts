/**
 * The bound of design §8 as a token bucket on the monotonic clock.
 *
 * A token is *held* from `take` to `spend` or `giveBack`; free and held tokens together never exceed the burst. So
 * however long a holder hesitates, at most burst + rate × w spendings fall into any window w. It starts empty: a
 * restart cannot spend a second burst, and the first request waits 1 ÷ rate.
 */
import type { Clock } from '../service/ports.ts';

export interface BucketOptions {
  /** Tokens per second, above 0. */
  readonly rate: number;
  /** Most tokens that can lie ready, at least 1. */
  readonly burst: number;
}

/** Longest single sleep; a real timer fires at once above 2^31 ms. */
const LONGEST_SLEEP_MS = 3_600_000;

export class Bucket {
  readonly #clock: Clock;
  readonly #perMs: number;
  readonly #burst: number;
  #free = 0;
  #held = 0;
  #seen: number;
  #pausedUntil = Number.NEGATIVE_INFINITY;
  /** Takers stand in line, so that only the first one sleeps. */
  #line: Promise<unknown> = Promise.resolve();

  constructor(clock: Clock, options: BucketOptions) {
    if (!(options.rate > 0) || !(options.burst >= 1))
      throw new RangeError(`a bucket of rate ${options.rate} and burst ${options.burst} never gives a token`);
    this.#clock = clock;
    this.#perMs = options.rate / 1000;
    this.#burst = options.burst;
    this.#seen = clock.monotonic();
  }

  /** Resolves to true when the caller holds a token and no pause is on, to false when `signal` aborts before. First come, first served. */
  take(signal: AbortSignal): Promise<boolean> {
    const turn = this.#line.then(() => this.#takeFirst(signal));
    this.#line = turn;
    return turn;
  }

  /** The held token leaves with a request. */
  spend(): void {
    this.#accrue();
    this.#held -= 1;
  }

  giveBack(): void {
    this.#accrue();
    this.#held -= 1;
    this.#free += 1;
  }

  /** Nobody gets a token for `ms` from now; the longest of several pauses holds. */
  pause(ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#clock.monotonic() + ms);
  }

  /** Milliseconds until the pause ends, 0 when none is on. */
  pausedFor(): number {
    return Math.max(0, this.#pausedUntil - this.#clock.monotonic());
  }

  async #takeFirst(signal: AbortSignal): Promise<boolean> {
    for (;;) {
      if (signal.aborted) return false;
      this.#accrue();
      const wait = this.pausedFor() || (this.#free >= 1 ? 0 : (1 - this.#free) / this.#perMs);
      if (wait <= 0) break;
      await this.#clock.sleep(Math.min(Math.ceil(wait), LONGEST_SLEEP_MS), signal);
    }
    this.#free -= 1;
    this.#held += 1;
    return true;
  }

  #accrue(): void {
    const now = this.#clock.monotonic();
    const passed = Math.max(0, now - this.#seen);
    this.#seen = now;
    this.#free = Math.min(this.#burst - this.#held, this.#free + passed * this.#perMs);
  }
}
