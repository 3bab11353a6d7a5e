/**
 * Hints that something may have changed. A swarm tells of no task's end by an event, so it is looked at now and then.
 */
import { attempt } from '../docker/failures.ts';
import type { SwarmApi } from './api.ts';
import type { SwarmSettings } from './options.ts';

type Hint = (uuid: string | undefined) => void;

export interface SwarmWatch {
  begin(): void;
  subscribe(hint: Hint): () => void;
  end(): Promise<void>;
}

/** `look` is called at each turn and gives what to look with. */
export function swarmWatch({ clock, sweepMs }: SwarmSettings, look: () => Promise<SwarmApi>): SwarmWatch {
  const ending = new AbortController();
  const subscribers = new Set<Hint>();
  let turning: Promise<void> = Promise.resolve();

  async function turns(): Promise<void> {
    let before = '';
    while (!ending.signal.aborted) {
      await clock.sleep(sweepMs, ending.signal);
      if (ending.signal.aborted) return;
      const seen = await attempt('looking at the swarm', async () => {
        const api = await look();
        const services = await api.services();
        const tasks = await api.tasks(services.map(({ ID }) => ID));
        return tasks
          .map(({ ID, Status, DesiredState }) => `${ID} ${Status.State} ${DesiredState}`)
          .join('\n');
      });
      const now = seen.ok ? seen.value : 'away';
      if (now !== before) for (const hint of subscribers) hint(undefined);
      before = now;
    }
  }

  return {
    begin() {
      turning = turns();
    },
    subscribe(hint) {
      subscribers.add(hint);
      return () => subscribers.delete(hint);
    },
    async end() {
      ending.abort();
      subscribers.clear();
      await turning;
    },
  };
}
