/**
 * The keyed set: at most one convergence for an id, asleep until woken or until its time is up.
 *
 * Work items are names, never operations: what is to be done is decided when one wakes.
 */
import type { Clock } from '../service/ports.ts';
import type { Target, Verdict } from './bench.ts';

interface Running {
  readonly target: Target;
  wake: () => void;
  verdict: Verdict | undefined;
  /** Waits for a place. */
  queues: boolean;
  readonly done: Promise<void>;
}

/** A reason of its own: without one every wake would make a DOMException with a stack. */
const WOKEN = 'woken';
/** No sleep without a look around, in milliseconds. */
const LONGEST_SLEEP = 60_000;
/** What only a newer look at the world can end. */
const LOOKED_FOR: ReadonlySet<string> = new Set(['state', 'uncertain', 'list', 'gate']);

export class Keyed {
  readonly #clock: Clock;
  readonly #running = new Map<string, Running>();
  readonly #ends = new Map<string, Verdict>();
  /** Running, and at rest: in sync or blocked. */
  readonly #settled = new Set<string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Runs `converge` for `target` unless there is one already; `ended` is called when it came to its end. */
  start(target: Target, converge: () => Promise<Verdict>, ended: () => void): void {
    if (this.#running.has(target.id)) return;
    this.#ends.delete(target.id);
    const done = Promise.resolve().then(async () => {
      const end = await converge();
      this.#running.delete(target.id);
      this.#settled.delete(target.id);
      this.#ends.set(target.id, end);
      ended();
    });
    this.#running.set(target.id, { target, wake: () => {}, verdict: undefined, queues: false, done });
  }

  /** Resolves when every convergence has come to its end. */
  async ends(): Promise<ReadonlyMap<string, Verdict>> {
    while (this.#running.size > 0) await Promise.all([...this.#running.values()].map((one) => one.done));
    return this.#ends;
  }

  endOf(id: string): Verdict | undefined {
    return this.#ends.get(id);
  }

  /** The latest verdict about a running target. */
  verdictOf(id: string): Verdict | undefined {
    return this.#running.get(id)?.verdict;
  }

  isRunning(id: string): boolean {
    return this.#running.has(id);
  }

  note(id: string, verdict: Verdict): void {
    const running = this.#running.get(id);
    if (running === undefined) return;
    running.verdict = verdict;
    if (verdict.kind === 'in-sync' || verdict.kind === 'blocked') this.#settled.add(id);
    else this.#settled.delete(id);
  }

  /** How many of those that run have something before them. */
  counts(): { readonly unsettled: number } {
    return { unsettled: this.#running.size - this.#settled.size };
  }

  blocked(): number {
    return [...this.#running.values()].filter((one) => one.verdict?.kind === 'blocked').length;
  }

  queue(id: string, queues: boolean): void {
    const running = this.#running.get(id);
    if (running !== undefined) running.queues = queues;
  }

  /** Sleeps until woken or `ms` are over. */
  async sleep(target: Target, ms: number | undefined): Promise<void> {
    const running = this.#running.get(target.id);
    if (running === undefined) return;
    const woken = new AbortController();
    running.wake = () => woken.abort(WOKEN);
    const most = Math.max(1, Math.min(ms ?? LONGEST_SLEEP, LONGEST_SLEEP));
    await this.#clock.sleep(most, woken.signal);
    running.wake = () => {};
  }

  wake(id: string): void {
    this.#running.get(id)?.wake();
  }

  wakeAll(): void {
    for (const one of this.#running.values()) one.wake();
  }

  /** Wakes whom a change of `target` may concern: itself, `dependants`, and all who wait for a turn or for it. */
  wakeAround(target: Target, dependants: Iterable<string>): void {
    this.wake(target.id);
    for (const id of dependants) this.wake(id);
    for (const one of this.#running.values()) {
      const waits = one.verdict?.kind === 'wait' ? one.verdict.for : undefined;
      if (waits?.code === 'turn' || (waits?.code === 'gate' && waits.on === target.id)) one.wake();
    }
  }

  /** Somebody waits for news of the world. */
  waits(): boolean {
    for (const { verdict } of this.#running.values()) {
      if (verdict?.kind === 'wait' && LOOKED_FOR.has(verdict.for.code)) return true;
    }
    return false;
  }

  /** Somebody waits at a gate. */
  isGated(): boolean {
    for (const { verdict } of this.#running.values()) {
      if (verdict?.kind === 'wait' && verdict.for.code === 'gate') return true;
    }
    return false;
  }

  /** Somebody waits for a place. */
  queues(): boolean {
    for (const one of this.#running.values()) if (one.queues) return true;
    return false;
  }
}
