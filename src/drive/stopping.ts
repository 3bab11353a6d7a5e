/**
 * The two steps of a stop: no new write leaves; then what is under way is waited for, but not for ever. What was
 * journalled and not answered by then is *uncertain*, and the next call looks for it.
 */
import type { Clock } from '../service/ports.ts';

/** Less than the 8 s that a stop may take (`research/reliability.md` O11), in milliseconds. */
const GRACE_MS = 6_000;

export class Stopping {
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  readonly #leave = new AbortController();
  #underWay = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Aborted when no new write may leave. */
  get stop(): AbortSignal {
    return this.#stop.signal;
  }

  /** Aborted when what is under way is no longer waited for. */
  get leave(): AbortSignal {
    return this.#leave.signal;
  }

  get asked(): boolean {
    return this.#stop.signal.aborted;
  }

  /** False when it was asked before. */
  ask(): boolean {
    if (this.asked) return false;
    this.#stop.abort();
    if (this.#underWay === 0) this.#leave.abort();
    else void this.#clock.sleep(GRACE_MS, this.#leave.signal).then(() => this.#leave.abort());
    return true;
  }

  /** A request leaves (+1) or is answered (-1). */
  underWay(change: 1 | -1): void {
    this.#underWay += change;
    if (this.#underWay === 0 && this.asked) this.#leave.abort();
  }
}
