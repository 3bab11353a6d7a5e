/**
 * A start where some containers run and others have ended: only the ended ones are to be made anew. Swarm keeps a slot
 * whose task is not to be restarted, and counts it; what frees it is fewer replicas for a moment, since those that do not
 * run go first. `ForceUpdate`, which would help too, restarts the others as well.
 */
import type { Job } from '../../service/engine.ts';
import type { Scrub } from '../docker/failures.ts';
import type { Task } from './api.ts';
import { edit } from './edit.ts';
import type { SwarmShop } from './shop.ts';
import { isWanted } from './views.ts';

/** Seldom more than one; a busy swarm may take its time, and giving up early restarts what runs. */
const LONGEST_MS = 30_000;
const PAUSE_MS = 100;

/**
 * Leaves as many replicas as run. False: the ended ones were not freed, or Swarm took others away for balance between
 * nodes.
 */
export async function freeEndedSlots(
  { api, lookout, settings }: SwarmShop,
  { definition: { uuid, uniqueName } }: Job,
  tasks: readonly Task[],
  scrub: Scrub,
  signal: AbortSignal,
): Promise<boolean> {
  const kept = tasks.filter(isWanted);
  const slots = new Set(kept.map((task) => task.Slot));
  let id = '';
  const fewer = { auth: undefined, scrub, name: uniqueName };
  await edit(
    api,
    uuid,
    (service) => {
      if (service === undefined) return undefined;
      id = service.ID;
      return { ...service.Spec, Mode: { Replicated: { Replicas: slots.size } } };
    },
    fewer,
  );
  const { clock } = settings;
  for (const from = clock.monotonic(); clock.monotonic() - from < LONGEST_MS; ) {
    const now = (await lookout.look([id])).tasks.filter((task) => task.ServiceID === id);
    // A slot counts as long as its last task is known, also one that is to be removed.
    const freed = now.every((task) => slots.has(task.Slot));
    if (freed) return kept.every(({ ID }) => now.some((task) => task.ID === ID && isWanted(task)));
    await clock.sleep(PAUSE_MS, signal);
  }
  return false;
}
