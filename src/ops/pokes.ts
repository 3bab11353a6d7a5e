/**
 * Pokes from outside, coalesced: a few act at once, a storm of them is one look every five seconds, and the last of a
 * storm is never lost. A poke says only "something may be new", so that sending it again does no harm.
 */
import type { Clock } from '../service/ports.ts';
import { Bucket } from './bucket.ts';

const AT_ONCE = 5;
const THEN_EVERY_MS = 5_000;

export class Pokes {
  readonly #clock: Clock;
  readonly #act: () => void;
  readonly #bucket: Bucket;
  readonly #over = new AbortController();
  #waiting = false;

  constructor(clock: Clock, act: () => void) {
    this.#clock = clock;
    this.#act = act;
    this.#bucket = new Bucket(clock, AT_ONCE, THEN_EVERY_MS);
  }

  poke(): void {
    if (!this.#waiting) void this.#soon();
  }

  close(): void {
    this.#over.abort();
  }

  async #soon(): Promise<void> {
    for (let wait = this.#bucket.take(); wait > 0; wait = this.#bucket.take()) {
      this.#waiting = true;
      await this.#clock.sleep(wait, this.#over.signal);
      if (this.#over.signal.aborted) return;
    }
    this.#waiting = false;
    this.#act();
  }
}
