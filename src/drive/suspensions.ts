/**
 * What is suspended: looked at, planned and reported, and written to by nobody of ours (decision 0011).
 *
 * A suspension ends by itself. How much of it is left is read from the wall clock once, when this process first meets it,
 * is never more than the whole of it, and is measured with the monotonic clock from then on: a clock that is set changes
 * nothing within a life, and one that was set back before a restart cannot make a suspension last for ever.
 */
import type { Listen } from '../service/event.ts';
import { EVERYTHING, type Suspension } from '../service/memory.ts';
import type { Clock, Journal } from '../service/ports.ts';

export interface SuspendRequest {
  /** Empty = the whole fleet. */
  readonly names: readonly string[];
  /** Wall-clock milliseconds. */
  readonly until: number;
  readonly by: string;
  readonly reason: string;
}

export class Suspensions {
  readonly #clock: Clock;
  readonly #journal: Journal;
  readonly #listen: Listen;
  /** Monotonic ends, by what tells one suspension from another. */
  readonly #ends = new WeakMap<Suspension, number>();

  /** `clock`: the real one. */
  constructor(clock: Clock, journal: Journal, listen: Listen) {
    this.#clock = clock;
    this.#journal = journal;
    this.#listen = listen;
    this.all();
  }

  /** The one that holds for `name` now. */
  of(name: string): Suspension | undefined {
    const { suspensions } = this.#journal.memory();
    if (suspensions.size === 0) return undefined;
    return [suspensions.get(name), suspensions.get(EVERYTHING)].find(
      (one) => one !== undefined && this.#left(one) > 0,
    );
  }

  /** All that hold now (each is met by being asked), by name (`EVERYTHING` for the whole fleet). */
  all(): ReadonlyMap<string, Suspension> {
    return new Map([...this.#journal.memory().suspensions].filter(([, one]) => this.#left(one) > 0));
  }

  /** Resolves when it is on disk; from then on nothing is sent. */
  suspend({ names, until, by, reason }: SuspendRequest): Promise<void> {
    return this.#inTurn(async () => {
      const at = this.#clock.wall();
      const keys = names.length === 0 ? [EVERYTHING] : names;
      await this.#journal.append({ type: 'suspended', names: keys, until, at, by, reason });
      this.all();
      this.#listen({ type: 'suspend:on', names, until, by, reason });
    });
  }

  /** Without names all suspensions end; with names theirs, and one of the whole fleet stays. */
  resume(names: readonly string[], by: string): Promise<void> {
    return this.#inTurn(async () => {
      const { suspensions } = this.#journal.memory();
      const keys = names.length === 0 ? [...suspensions.keys()] : names.filter((one) => suspensions.has(one));
      if (keys.length === 0) return;
      await this.#journal.append({ type: 'resumed', names: keys });
      this.#listen({ type: 'suspend:off', names: shown(keys), why: 'resumed', by });
    });
  }

  /** Forgets and tells those that are over. */
  expire(): Promise<void> {
    return this.#inTurn(async () => {
      const over = [...this.#journal.memory().suspensions].filter(([, one]) => this.#left(one) <= 0);
      if (over.length === 0) return;
      const names = over.map(([name]) => name);
      await this.#journal.append({ type: 'resumed', names });
      this.#listen({ type: 'suspend:off', names: shown(names), why: 'expired', by: undefined });
    });
  }

  /** One change at a time: what is taken for over may be on its way to be suspended anew. */
  #inTurn(change: () => Promise<void>): Promise<void> {
    const mine = this.#turn.then(change);
    this.#turn = mine.catch(() => {});
    return mine;
  }
  #turn: Promise<void> = Promise.resolve();

  /** Milliseconds. */
  #left(suspension: Suspension): number {
    const now = this.#clock.monotonic();
    const known = this.#ends.get(suspension);
    if (known !== undefined) return known - now;
    const { until, at } = suspension;
    const left = Math.min(until - this.#clock.wall(), until - at);
    this.#ends.set(suspension, now + left);
    return left;
  }
}

const shown = (keys: readonly string[]) => (keys.includes(EVERYTHING) ? [] : keys);
