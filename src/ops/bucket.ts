/** So many at once, and one more every so often: for guesses that were wrong and for pokes from outside. */
import type { Clock } from '../service/ports.ts';

export class Bucket {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #most: number;
  readonly #refillMs: number;
  #left: number;
  #at: number;

  constructor(clock: Pick<Clock, 'monotonic'>, most: number, refillMs: number) {
    this.#clock = clock;
    this.#most = most;
    this.#refillMs = refillMs;
    this.#left = most;
    this.#at = clock.monotonic();
  }

  /** Takes one and answers 0; or takes none and answers after how many milliseconds there will be one. */
  take(): number {
    const now = this.#clock.monotonic();
    this.#left = Math.min(this.#most, this.#left + (now - this.#at) / this.#refillMs);
    this.#at = now;
    if (this.#left < 1) return Math.ceil((1 - this.#left) * this.#refillMs);
    this.#left -= 1;
    return 0;
  }
}
