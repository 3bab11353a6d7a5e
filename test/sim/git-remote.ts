/**
 * A repository on a server: a branch that people push to, and what a replica that lags shows of it. It keeps its whole
 * history, so that it can be said what was true at any time.
 */
import { chance } from './chance.ts';
import { Objects } from './git-objects.ts';
import type { Scheduler } from './scheduler.ts';

/** How it answers: well, not at all, with an error, or with an advertisement in which nothing is. */
export type Mood = 'well' | 'away' | 'hangs' | 'refuses' | 'breaks' | 'empty';

export const BRANCH = 'refs/heads/main';

export class Remote {
  readonly objects = new Objects();
  readonly #scheduler: Scheduler;
  readonly #seed: number;
  /** The branch, the oldest first; undefined = it is not there. */
  readonly history: { readonly at: number; readonly head: string | undefined }[] = [];
  mood: Mood = 'well';
  /** Some of its replicas are so many milliseconds behind. */
  lagMs = 0;
  /** Which part of all exchanges meets such a one. */
  lagging = 0;

  constructor(scheduler: Scheduler, seed: number) {
    this.#scheduler = scheduler;
    this.#seed = seed;
  }

  get head(): string | undefined {
    return this.history.at(-1)?.head;
  }

  /** The branch stands there from now on; what stood there before does not matter. */
  point(head: string | undefined): void {
    this.history.push({ at: this.#scheduler.now, head });
  }

  /** Where the replica that this exchange meets has the branch. */
  shown(exchange: number): string | undefined {
    const lags = chance(this.#seed, 'replica', exchange) < this.lagging;
    const at = this.#scheduler.now - (lags ? this.lagMs : 0);
    const first = this.history[0]?.head;
    return this.history.findLast((one) => one.at <= at)?.head ?? (lags ? first : undefined);
  }
}
