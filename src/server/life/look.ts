/**
 * Looking at services: what the store says about them and what the engine says about their containers, at one moment.
 * Nothing is remembered between two looks.
 */
import type { Definition } from '../../service/definition.ts';
import type { ContainerView } from '../../service/engine.ts';
import type { ServiceState } from '../../service/states.ts';
import { stateOf } from '../derive.ts';
import { Unavailable } from '../http/problem.ts';
import type { World } from '../types.ts';
import { rollOf } from './roll.ts';

export interface Seen {
  readonly definition: Definition;
  readonly containers: readonly ContainerView[];
  readonly state: ServiceState;
}

/** Tombstones disappear from view after their time; the store keeps them somewhat longer (life/sweep.ts). */
export function isVisible(definition: Definition, world: World): boolean {
  const { destroyedAt } = definition;
  return destroyedAt === null || destroyedAt + world.settings.terminatedForMs > world.clock.wall();
}

/** All that can be seen, in the order of the list. */
export async function definitionsOf(user: string, world: World): Promise<readonly Definition[]> {
  const { live, gone } = rollOf(await world.store.definitions(), user);
  const shown = gone.filter((one) => isVisible(one, world));
  return shown.length === 0 ? live : [...live, ...shown];
}

/** One of the user's services, or undefined: another user's is none. */
export async function definitionOf(
  uuid: string,
  user: string,
  world: World,
): Promise<Definition | undefined> {
  const found = await world.store.definition(uuid);
  return found?.user === user && isVisible(found, world) ? found : undefined;
}

/** Throws `Unavailable` when the engine does not answer: then no state is known, and none is invented. */
export async function look(definitions: readonly Definition[], world: World): Promise<readonly Seen[]> {
  const live = definitions.filter((one) => one.destroyedAt === null);
  const views = live.length === 0 ? new Map<string, readonly ContainerView[]>() : await inspect(live, world);
  return definitions.map((definition) => {
    const containers = definition.destroyedAt === null ? (views.get(definition.uuid) ?? []) : [];
    return { definition, containers, state: stateOf(definition, containers) };
  });
}

async function inspect(live: readonly Definition[], world: World) {
  const result = await world.engine.inspect(live);
  if (result.ok) return result.value;
  throw new Unavailable(`the container engine does not answer: ${result.failure.message}`);
}
