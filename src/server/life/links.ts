/**
 * Links to a service that is gone are dropped from the others (design §10). Readers do not see them from that moment on
 * (object.ts); here they leave the store, also when a crash came in between.
 */
import type { World } from '../types.ts';
import type { Locks } from './locks.ts';

export async function dropLinksTo(uuid: string, world: World, locks: Locks): Promise<void> {
  for (const { uuid: other, spec } of await world.store.definitions()) {
    if (!spec.linked_to_service.some((link) => link.uuid === uuid)) continue;
    await locks.run(other, async () => {
      const now = await world.store.definition(other);
      if (now === undefined || now.destroyedAt !== null) return;
      const kept = now.spec.linked_to_service.filter((link) => link.uuid !== uuid);
      await world.store.write([
        {
          table: 'definitions',
          put: { ...now, spec: { ...now.spec, linked_to_service: kept }, version: now.version + 1 },
        },
      ]);
    });
  }
}

/** At start: links to tombstones or to nothing. */
export async function dropDeadLinks(world: World, locks: Locks): Promise<void> {
  const all = await world.store.definitions();
  const live = new Set(all.filter((one) => one.destroyedAt === null).map((one) => one.uuid));
  const dead = new Set(
    all
      .filter((one) => one.destroyedAt === null)
      .flatMap((one) => one.spec.linked_to_service.map((link) => link.uuid))
      .filter((uuid) => !live.has(uuid)),
  );
  for (const uuid of dead) await dropLinksTo(uuid, world, locks);
}
