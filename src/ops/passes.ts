/**
 * The daemon's passes, numbered: whoever asks for one is told its id, and can find in the status what became of it. Ids
 * of another life of the daemon are others.
 */
import type { Event } from '../service/event.ts';
import type { Clock } from '../service/ports.ts';

const KEPT = 20;

export interface Pass {
  readonly id: string;
  /** Wall-clock milliseconds. */
  readonly startedAt: number;
  readonly tookMs?: number;
  /** `incomplete`: the fleet was seen, but not all manifests could be read. `failed`: the fleet could not be seen. */
  readonly result: 'running' | 'success' | 'incomplete' | 'failed';
  readonly revision?: string;
  readonly commit?: string;
  readonly inSync?: number;
  readonly moving?: number;
  readonly blocked?: number;
  readonly failing?: number;
}

export class Passes {
  readonly #clock: Clock;
  readonly #prefix: string;
  #begun = 0;
  #passes: readonly Pass[] = [];
  #complete = false;

  /** `life`: tells this daemon's ids from those of others. */
  constructor(clock: Clock, life: string) {
    this.#clock = clock;
    this.#prefix = life.slice(0, 8);
  }

  /** The id of the next pass to begin: it will see everything that is there now. */
  get next(): string {
    return `${this.#prefix}-${this.#begun + 1}`;
  }

  /** The latest, the newest last. */
  recent(): readonly Pass[] {
    return this.#passes;
  }

  /** A pass begins: its manifests are about to be read. */
  begin(): void {
    const id = this.next;
    this.#begun += 1;
    this.#passes = [
      ...this.#passes,
      { id, startedAt: Math.round(this.#clock.wall()), result: 'running' as const },
    ].slice(-KEPT);
  }

  listen(event: Event): void {
    if (event.type === 'pass:start') {
      const { revision, commit, complete } = event;
      this.#complete = complete;
      this.#change({ revision, ...(commit !== undefined && { commit }) });
    } else if (event.type === 'pass:end') {
      const { inSync, moving, blocked, failing, tookMs } = event;
      const result = this.#complete ? 'success' : 'incomplete';
      this.#change({ inSync, moving, blocked, failing, tookMs: Math.round(tookMs), result });
    } else if (event.type === 'pass:failed')
      this.#change({ tookMs: Math.round(event.tookMs), result: 'failed' });
  }

  #change(more: Partial<Pass>): void {
    this.#passes = this.#passes.map((pass, index) =>
      index === this.#passes.length - 1 ? { ...pass, ...more } : pass,
    );
  }
}
