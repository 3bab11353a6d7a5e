/**
 * Services depend on each other by links and `depends_on`: names become resource URIs, and order becomes gates.
 *
 * A gate holds back what would start or re-make containers until every dependency has reached its own wish
 * (design §6); it never holds back a stop, a delete, or a PATCH of the target alone.
 */
import type { Desired, Observed, Operation, Reason, Wish } from '../service/service.ts';
import type { Link } from '../service/spec.ts';
import { serviceUri, uuidOfUri } from '../service/uri.ts';
import { stateAfterUpdate } from './model.ts';

/** A manifest's wish with its links resolved; a uuid not known yet reads `@name`. */
export function toDesired(
  wish: Wish,
  uuidOf: (name: string) => string | undefined,
): Extract<Desired, { want: 'running' | 'stopped' }> {
  const { name, want, unknowns, ignore, runOnce, redeploy } = wish;
  const links = wish.spec.linked_to_service;
  const spec =
    links === undefined
      ? wish.spec
      : { ...wish.spec, linked_to_service: links.map((link) => resolve(link, uuidOf)) };
  return { want, name, spec, unknowns, ignore, runOnce, redeploy };
}

function resolve(link: Link, uuidOf: (name: string) => string | undefined): Link {
  const written = uuidOfUri(link.to_service);
  const uuid = written ?? uuidOf(link.to_service);
  const known = uuid !== undefined && !uuid.startsWith('@');
  return { name: link.name, to_service: known ? serviceUri(uuid) : `@${link.to_service}` };
}

/** Names whose uuid a request would need but that nobody knows yet. */
export function unresolvedLinks(operation: Operation): readonly string[] {
  const links =
    operation.verb === 'create'
      ? operation.spec.linked_to_service
      : operation.verb === 'update'
        ? operation.patch.linked_to_service
        : undefined;
  return (links ?? []).flatMap((link) => (link.to_service.startsWith('@') ? [link.to_service.slice(1)] : []));
}

/** Whether the gates apply to `operation`: it would start or re-make containers, or is the first half of a replace. */
export function isGated(operation: Operation, why: Reason, observed: Observed): boolean {
  switch (operation.verb) {
    case 'create':
    case 'start':
    case 'redeploy':
      return true;
    case 'update':
      return observed.exists === true && stateAfterUpdate(observed.state, operation.patch) === 'Redeploying';
    case 'terminate':
      return why.code === 'cannot-patch' || why.code === 'no-way-out';
    case 'stop':
      return false;
  }
}

/** A dependency wished Stopped or 0 does not gate; the manifest check warns of it (design §6). */
export function gates(dependency: Wish): boolean {
  return dependency.want === 'running' && dependency.spec.target_num_containers !== 0;
}

/** Dependencies before their dependants, by name where free (Kahn). Names outside `wishes` are passed over. */
export function dependencyOrder(wishes: readonly Wish[]): readonly Wish[] {
  const byName = new Map(wishes.map((wish) => [wish.name, wish]));
  const open = new Map<string, number>();
  const dependants = new Map<string, string[]>();
  for (const wish of wishes) {
    const inside = wish.dependsOn.filter((name) => byName.has(name) && name !== wish.name);
    open.set(wish.name, inside.length);
    for (const name of inside) dependants.set(name, [...(dependants.get(name) ?? []), wish.name]);
  }
  const order: Wish[] = [];
  let ready = [...byName.keys()].filter((name) => open.get(name) === 0).sort();
  while (ready.length > 0) {
    const freed: string[] = [];
    for (const name of ready) {
      order.push(byName.get(name) as Wish);
      for (const dependant of dependants.get(name) ?? []) {
        const left = (open.get(dependant) ?? 0) - 1;
        open.set(dependant, left);
        if (left === 0) freed.push(dependant);
      }
    }
    ready = freed.sort();
  }
  // Members of a cycle never come free; a load with one is invalid, so their order only has to be stable.
  const placed = new Set(order.map((wish) => wish.name));
  const circle = wishes.filter((wish) => !placed.has(wish.name));
  return [...order, ...circle.sort((a, b) => (a.name < b.name ? -1 : 1))];
}
