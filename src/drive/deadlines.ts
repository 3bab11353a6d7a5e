/**
 * How long a service may stay in a moving state before a person must look: *stalled* (design §8, `features.md` item 43).
 *
 * Measured with the monotonic clock from when this process first saw the state, so a restart starts the count anew.
 */
import type { MovingState } from '../service/states.ts';

const MINUTE = 60_000;

/** Milliseconds. */
export const DEADLINES: Readonly<Record<MovingState, number>> = {
  Starting: 5 * MINUTE,
  Scaling: 5 * MINUTE,
  Redeploying: 10 * MINUTE,
  Stopping: 2 * MINUTE,
  Terminating: 5 * MINUTE,
};

interface Since {
  readonly state: string;
  readonly at: number;
}

/** Since when each service has been seen in its state. */
export class Ages {
  readonly #since = new Map<string, Since>();

  /** Notes the state of `uuid` at monotonic `now`; returns since when it has been seen in it. */
  see(uuid: string, state: string, now: number): number {
    const before = this.#since.get(uuid);
    if (before?.state === state) return before.at;
    this.#since.set(uuid, { state, at: now });
    return now;
  }

  forget(uuid: string): void {
    this.#since.delete(uuid);
  }
}
