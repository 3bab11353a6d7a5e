/**
 * What `prune` deletes, and the safety review over deletes and replaces together (design §6).
 *
 * A delete needs a complete load, a trusted list, an owned uuid that is not protected, and no live service outside the
 * same set that still links to it. Too many to be meant, or all of them, is refused as a whole, by name and number; too
 * many does not hold those that a commit approves (`approvals.ts`).
 */
import type { Memory, Suspension } from '../service/memory.ts';
import type { Block, Live, Objection } from '../service/service.ts';
import type { Approvals } from './approvals.ts';
import { type FleetCourse, letsGo } from './courses.ts';
import { suspensionBlock } from './held.ts';
import type { Survey } from './survey.ts';

export interface Safety {
  readonly prune: 'never' | 'owned';
  readonly allowEmpty: boolean;
  /** As many deletes and replaces as the user said out loud (`apply` only). */
  readonly allowDeletes: number | undefined;
}

/** The sliding window of the limit, in milliseconds. */
export const HOUR = 3_600_000;
const SHARE = 0.2;

/** How many deletes and replaces an hour may see: max(1, 20 % of the owned, rounded down). */
export function deleteLimit(owned: number): number {
  return Math.max(1, Math.floor(owned * SHARE));
}

/**
 * The names of the deletes and replaces of the last hour, but for `names`, which are about to be counted again: a delete is
 * journalled before it is sent. A wall clock that was set back does not forget them.
 */
export function recentDeletes(
  memory: Memory,
  wallNow: number,
  names: ReadonlySet<string>,
): readonly string[] {
  const recent = memory.deletes.filter(
    (one) => one.approvedBy === undefined && wallNow - one.at < HOUR && !names.has(one.name),
  );
  return recent.map((one) => one.name);
}

/**
 * How many owned the limit is a share of: those that stay, and those that this hour's deletes took. Without the latter
 * the first of two that were allowed would forbid the second.
 */
function ownedThisHour(fleet: Survey, recent: readonly string[], approved: number): number {
  const staying = new Set(
    fleet.present.filter((live) => live.state !== 'Terminating').map((live) => live.name),
  );
  return fleet.owned - approved + new Set(recent.filter((name) => !staying.has(name))).size;
}

export interface Deletes {
  /** By uuid. */
  readonly wanted: ReadonlyMap<string, Live>;
  readonly blocked: ReadonlyMap<string, { readonly live: Live; readonly block: Block }>;
}

/** Splits the candidates into those that may go and those that something holds. */
export function chooseDeletes(
  candidates: readonly Live[],
  fleet: Survey,
  memory: Memory,
  courses: ReadonlyMap<string, FleetCourse>,
  suspended: (name: string) => Suspension | undefined = () => undefined,
): Deletes {
  const wanted = new Map(candidates.map((live) => [live.uuid, live]));
  const blocked = new Map<string, { live: Live; block: Block }>();
  const hold = (live: Live, block: Block): void => {
    wanted.delete(live.uuid);
    blocked.set(live.uuid, { live, block });
  };
  for (const live of candidates) {
    if (memory.protectedNames.has(live.name)) hold(live, { code: 'protected', verb: 'delete' });
    else if (typeof live.state !== 'string') hold(live, { code: 'unknown-state', state: live.state.unknown });
    const pause = suspensionBlock(suspended(live.name));
    if (pause !== undefined) hold(live, pause);
  }
  for (let changed = true; changed; ) {
    changed = false;
    for (const live of [...wanted.values()]) {
      const stay = (fleet.dependants.get(live.uuid) ?? []).filter(
        (one) => !wanted.has(one.uuid) && !letsGo(one, live, fleet, courses),
      );
      const by = new Set([...stay.map((one) => one.name), ...(fleet.linkedByUri.get(live.uuid) ?? [])]);
      if (by.size === 0) continue;
      hold(live, { code: 'linked-from', by: [...by].sort() });
      changed = true;
    }
  }
  return { wanted, blocked };
}

/** Objects to deletes and replaces that can hardly be meant. */
export function review(
  deletes: readonly string[],
  replaces: readonly string[],
  fleet: Survey,
  recent: readonly string[],
  safety: Safety,
  approved: Approvals = new Map(),
): readonly Objection[] {
  const counted = deletes.filter((name) => !approved.has(name));
  const names = [...counted, ...replaces].sort();
  const objections: Objection[] = [];
  const owned = ownedThisHour(fleet, recent, deletes.length - counted.length);
  const limit = deleteLimit(owned);
  const overridden = safety.allowDeletes !== undefined && names.length <= safety.allowDeletes;
  if (names.length > 0 && names.length + recent.length > limit && !overridden) {
    objections.push({ code: 'too-many', names, limit, owned, recent: recent.length });
  }
  const nothingLeft = fleet.wishes.size === 0 || (fleet.owned > 1 && deletes.length === fleet.owned);
  if (deletes.length > 0 && nothingLeft && !safety.allowEmpty) {
    objections.push({ code: 'everything', names: [...deletes].sort() });
  }
  return objections;
}
