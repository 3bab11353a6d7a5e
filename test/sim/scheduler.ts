/**
 * Virtual time of a whole world: what is due next happens next, and everything that hangs on it happens before time
 * moves on. Two things due at once happen in the order in which they were asked for, so equal runs are equal.
 */
export interface Timer {
  readonly due: number;
  readonly order: number;
  act: (() => void) | undefined;
}

/** More than so many timers without time passing is a loop that never rests. */
const MOST_AT_ONCE = 20_000;

export class Scheduler {
  /** Milliseconds since the world began. */
  now = 0;
  readonly #heap: Timer[] = [];
  #order = 0;
  #atOnce = 0;
  /** Timers fired so far. */
  fired = 0;

  at(due: number, act: () => void): Timer {
    if (!(due < Number.MAX_SAFE_INTEGER)) throw new RangeError(`a timer that is never due: ${due}`);
    const timer: Timer = { due: Math.max(due, this.now), order: this.#order++, act };
    this.#push(timer);
    return timer;
  }

  after(ms: number, act: () => void): Timer {
    return this.at(this.now + Math.max(0, ms), act);
  }

  cancel(timer: Timer): void {
    timer.act = undefined;
  }

  /**
   * Runs until `over` says so, nothing is left, or `limit` is reached; says which. `over` is asked after everything
   * that hangs on a timer has run.
   */
  async run(over: () => boolean, limit: number): Promise<'over' | 'idle' | 'limit'> {
    for (;;) {
      await drain();
      if (over()) return 'over';
      const timer = this.#pop();
      if (timer === undefined) return 'idle';
      if (timer.due > limit) {
        this.#push(timer);
        this.now = Math.max(this.now, limit);
        return 'limit';
      }
      this.#atOnce = timer.due > this.now ? 0 : this.#atOnce + 1;
      if (this.#atOnce > MOST_AT_ONCE)
        throw new Error(`O13: ${this.#atOnce} timers at ${this.now}: a busy loop`);
      this.now = timer.due;
      this.fired += 1;
      timer.act?.();
    }
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(timer);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(timer, heap[parent] as Timer)) break;
      heap[at] = heap[parent] as Timer;
      at = parent;
    }
    heap[at] = timer;
  }

  /** The next timer that was not cancelled. */
  #pop(): Timer | undefined {
    for (;;) {
      const top = this.#heap[0];
      const last = this.#heap.pop();
      if (top === undefined || last === undefined) return undefined;
      if (this.#heap.length > 0) this.#sink(last);
      if (top.act !== undefined) return top;
    }
  }

  #sink(timer: Timer): void {
    const heap = this.#heap;
    for (let at = 0; ; ) {
      let child = 2 * at + 1;
      if (child + 1 < heap.length && before(heap[child + 1] as Timer, heap[child] as Timer)) child += 1;
      const least = heap[child];
      if (least === undefined || !before(least, timer)) {
        heap[at] = timer;
        return;
      }
      heap[at] = least;
      at = child;
    }
  }
}

function before(a: Timer, b: Timer): boolean {
  return a.due !== b.due ? a.due < b.due : a.order < b.order;
}

/** Lets everything run that needs no time. Promise jobs and ticks are all done before the next immediate. */
function drain(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
