/**
 * What the observer brings, taken in: lists and single looks into what is known and journalled, failures into patience.
 *
 * A look that failed changes nothing that is known. One that succeeded wakes whom it may concern.
 */
import type { ApiFailure } from '../service/failure.ts';
import type { Listing } from '../service/ports.ts';
import type { Live } from '../service/service.ts';
import type { Keeping } from './keeping.ts';
import type { Keyed } from './keyed.ts';
import type { Knowledge } from './knowledge.ts';
import type { Audience } from './observer.ts';
import type { FleetParts } from './parts.ts';
import type { Uncertain } from './uncertain.ts';

export interface Listeners {
  readonly knowledge: Knowledge;
  readonly keyed: Keyed;
  readonly keeping: Keeping;
  readonly uncertain: Uncertain;
  /** Asks for one uuid. */
  look(uuid: string, name: string): void;
  /** Something about `name` may be new. */
  wakeAround(name: string): void;
  /** How long the API may be out of reach, in milliseconds. */
  patience(): number;
  giveUp(failure: ApiFailure): void;
}

export class Ears implements Audience {
  readonly #parts: FleetParts;
  readonly #to: Listeners;
  #failingSince: number | undefined;

  constructor(parts: FleetParts, to: Listeners) {
    this.#parts = parts;
    this.#to = to;
  }

  waits(): boolean {
    return this.#to.keyed.waits();
  }

  queues(): boolean {
    return this.#to.keyed.queues();
  }

  isGated(): boolean {
    return this.#to.keyed.isGated();
  }

  listed(listing: Listing): void {
    const { knowledge, keeping, keyed } = this.#to;
    if (this.#failingSince !== undefined) this.#parts.listen({ type: 'observation:recovered' });
    this.#failingSince = undefined;
    for (const uuid of knowledge.absorbList(listing, this.#parts.journal.memory())) {
      const live = knowledge.get(uuid);
      if (live !== undefined) this.#to.look(uuid, live.name);
    }
    keeping.capabilities(listing.capabilities);
    this.#settleUncertain();
    keyed.wakeAll();
  }

  looked(uuid: string, name: string, live: Live | undefined, startedAt: number): void {
    const { knowledge, keeping, keyed } = this.#to;
    if (live === undefined || live.state === 'Terminated') keeping.gone(uuid);
    if (live === undefined) knowledge.absorbGone(uuid, startedAt);
    else knowledge.absorbLook(live, startedAt);
    this.#settleUncertain();
    this.#to.wakeAround(name);
    keyed.wake(`delete ${uuid}`);
  }

  failed(failure: ApiFailure): void {
    const now = this.#parts.clock.monotonic();
    if (this.#failingSince === undefined) {
      this.#failingSince = now;
      this.#parts.listen({ type: 'observation:failed', failure });
    }
    const refused = failure.kind === 'auth' && failure.status === 401;
    if (refused || now - this.#failingSince >= this.#to.patience()) this.#to.giveUp(failure);
  }

  #settleUncertain(): void {
    const { uncertain, keeping } = this.#to;
    uncertain.settle(
      (name, uuid) => keeping.claim(name, uuid),
      (name, uuid) => this.#to.look(uuid, name),
    );
  }
}
