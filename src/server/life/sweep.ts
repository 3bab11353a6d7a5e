/**
 * Forgetting: tombstones after their time with their action records. One that came from a keyed create stays in the
 * store (unseen) for 24 hours after its creation, so that a repeated request does not make a second service.
 */
import type { Change } from '../../service/store.ts';
import type { World } from '../types.ts';
import type { Locks } from './locks.ts';

const KEYS_KEPT_MS = 24 * 3_600_000;
const AT_MOST_EVERY_MS = 60_000;

/** Returns a function to call after writes; it works at most once a minute and never throws. */
export function createSweep(world: World, locks: Locks): () => Promise<void> {
  const { clock, log, settings, store } = world;
  let last = clock.monotonic();

  const isForgotten = (one: { destroyedAt: number | null; keyedBody: string | null; createdAt: number }) => {
    const now = clock.wall();
    if (one.destroyedAt === null || one.destroyedAt + settings.terminatedForMs > now) return false;
    return one.keyedBody === null || one.createdAt + KEYS_KEPT_MS <= now;
  };

  return async () => {
    if (clock.monotonic() - last < AT_MOST_EVERY_MS) return;
    last = clock.monotonic();
    try {
      for (const { uuid } of (await store.definitions()).filter(isForgotten)) {
        await locks.run(uuid, async () => {
          const now = await store.definition(uuid);
          if (now === undefined || !isForgotten(now)) return;
          const changes: Change[] = now.actions.map((remove) => ({ table: 'actions', remove }));
          await store.write([{ table: 'definitions', remove: uuid }, ...changes]);
        });
      }
    } catch (error) {
      log('warn', 'old services could not be forgotten', { error: String(error) });
    }
  };
}
