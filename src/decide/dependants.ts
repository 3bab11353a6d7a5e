/**
 * Which live services link to which, by either side's report, indexed once so that ten thousand stay cheap.
 */
import type { Live, Wish } from '../service/service.ts';
import { uuidOfUri } from '../service/uri.ts';

/** By uuid of the target, in the order of `present`. One that is Terminating lets go by itself; nobody depends on itself. */
export type Dependants = ReadonlyMap<string, readonly Live[]>;

export function dependantsByTarget(present: readonly Live[]): Dependants {
  const targets = new Map<string, Set<string>>(present.map((live) => [live.uuid, new Set()]));
  for (const live of present) {
    for (const link of live.fields.linked_to_service ?? []) {
      targets.get(uuidOfUri(link.to_service) ?? '')?.add(live.uuid);
    }
    for (const uuid of live.linkedFrom ?? []) targets.get(live.uuid)?.add(uuid);
  }
  const place = new Map(present.map((live, index) => [live.uuid, index]));
  const result = new Map<string, readonly Live[]>();
  for (const [target, uuids] of targets) {
    const places = [...uuids].flatMap((uuid) => (uuid === target ? [] : (place.get(uuid) ?? [])));
    const lives = places.sort((a, b) => a - b).map((index) => present[index] as Live);
    const staying = lives.filter((live) => live.state !== 'Terminating');
    if (staying.length > 0) result.set(target, staying);
  }
  return result;
}

/**
 * Which services link to which at this moment, by uuid of the target, for holding back a delete that was planned. A
 * service's own list of links is asked where it is known: what its target says of it may be older, and would hold for
 * ever on a server whose lists show neither.
 */
export function linkingByTarget(all: readonly Live[]): ReadonlyMap<string, readonly Live[]> {
  const result = new Map<string, Live[]>();
  const add = (target: string | undefined, live: Live | undefined) => {
    if (target === undefined || live === undefined || live.uuid === target) return;
    if (live.state === 'Terminating' || live.state === 'Terminated') return;
    const known = result.get(target);
    if (known === undefined) result.set(target, [live]);
    else if (!known.includes(live)) known.push(live);
  };
  const byUuid = new Map(all.map((live) => [live.uuid, live]));
  for (const live of all) {
    for (const link of live.fields.linked_to_service ?? []) add(uuidOfUri(link.to_service), live);
    for (const uuid of live.linkedFrom ?? []) {
      const other = byUuid.get(uuid);
      if (other?.fields.linked_to_service === undefined) add(live.uuid, other);
    }
  }
  return result;
}

/** By uuid, the names of the manifests that link to it by resource URI: they link to it again whatever becomes of it. */
export function linkedByUri(wishes: Iterable<Wish>): ReadonlyMap<string, readonly string[]> {
  const result = new Map<string, string[]>();
  for (const { name, spec } of wishes) {
    for (const { to_service } of spec.linked_to_service ?? []) {
      const uuid = uuidOfUri(to_service);
      if (uuid !== undefined) result.set(uuid, [...(result.get(uuid) ?? []), name].sort());
    }
  }
  return result;
}
