/**
 * Which orphans are worth a word: each once for each reason to leave it alone. A removed manifest that changes nothing
 * would else look as if nobody had read it.
 */
import type { Event, LeftAlone } from '../service/event.ts';
import type { Orphan } from '../service/plan.ts';

const REASONS: readonly LeftAlone[] = ['prune-never', 'grace'];

export class OrphanNews {
  /** By reason, the uuids that were told of. */
  #told: ReadonlyMap<LeftAlone, ReadonlySet<string>> = new Map();

  /** The orphans of the latest plan from a complete load. One that a manifest names again, and none later, is told of anew. */
  news(orphans: readonly Orphan[]): readonly Event[] {
    const told = this.#told;
    const now = new Map(REASONS.map((why) => [why, orphans.filter((one) => one.why === why)]));
    this.#told = new Map([...now].map(([why, all]) => [why, new Set(all.map(({ uuid }) => uuid))]));
    return [...now].flatMap(([why, all]): Event[] => {
      const names = all.filter(({ uuid }) => told.get(why)?.has(uuid) !== true).map(({ name }) => name);
      return names.length === 0 ? [] : [{ type: 'orphans:left', names, why }];
    });
  }
}
