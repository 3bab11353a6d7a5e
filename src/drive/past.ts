/**
 * What is remembered and read beside a service itself: what holds its writes back, what a commit approves, and what it was
 * like when it was last as wished. The judge, the plan and the performer ask the same questions here.
 */
import { type Approvals, approvals } from '../decide/approvals.ts';
import { changedSince, type Looking } from '../decide/drift.ts';
import { type Held, heldOf } from '../decide/held.ts';
import { type Removal, whyUnwanted } from '../decide/removal.ts';
import type { Suspension } from '../service/memory.ts';
import type { Changed } from '../service/plan.ts';
import type { Live, Reason, Wish } from '../service/service.ts';
import type { Knowledge } from './knowledge.ts';
import type { FleetParts } from './parts.ts';
import type { Suspensions } from './suspensions.ts';

/** Where the wishes come from. */
export interface Source extends Removal {
  readonly revision?: string;
}

export const NO_SOURCE: Source = {};

export class Past {
  source: Source = NO_SOURCE;
  readonly looking: Looking;
  readonly #parts: FleetParts;
  readonly #suspensions: Suspensions;
  readonly #wish: (name: string) => Wish | undefined;

  constructor(
    parts: FleetParts,
    suspensions: Suspensions,
    knowledge: Knowledge,
    wish: (name: string) => Wish | undefined,
  ) {
    this.#parts = parts;
    this.#suspensions = suspensions;
    this.#wish = wish;
    this.looking = {
      hash: (text) => parts.journal.hash(text),
      nameOf: (uuid) => knowledge.get(uuid)?.name,
    };
  }

  held(): Held {
    const { journal, clock } = this.#parts;
    return heldOf({
      memory: journal.memory(),
      hash: this.looking.hash,
      suspended: (name) => this.suspended(name),
      wallNow: clock.wall(),
    });
  }

  suspended(name: string): Suspension | undefined {
    return this.#parts.settings.ignoreSuspensions === true ? undefined : this.#suspensions.of(name);
  }

  approved(): Approvals {
    const isWished = (name: string) => this.#wish(name) !== undefined;
    return approvals(this.#parts.journal.memory(), this.source.commit, isWished);
  }

  whyUnwanted(name: string): Reason {
    return whyUnwanted(name, this.approved(), this.source);
  }

  changed(wish: Wish, live: Live | undefined): Changed | undefined {
    const { applied } = this.#parts.journal.memory();
    return changedSince(applied.get(wish.name), wish, live, this.looking);
  }
}
