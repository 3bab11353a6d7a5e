/**
 * One look at the swarm for everybody who waits for something in it. Thirty jobs that each asked for themselves would
 * keep a manager busier with answering than with starting containers.
 */
import type { Clock } from '../../service/ports.ts';
import type { SwarmApi, SwarmService, Task } from './api.ts';

export interface Sight {
  readonly services: readonly SwarmService[];
  /** Of the services that were asked about, also of those that are gone. */
  readonly tasks: readonly Task[];
  /** Ids of nodes that do not answer: what runs there nobody can tell. */
  readonly down: ReadonlySet<string>;
}

export interface Lookout {
  /** `services`: ids in the swarm. The look begins after the call. */
  look(services: readonly string[]): Promise<Sight>;
}

/** Of the time, at most a third goes into looking: the slower the managers answer, the less they are asked. */
const PAUSE_PER_LOOK = 2;
const LONGEST_PAUSE_MS = 1_000;

export function lookout(api: SwarmApi, clock: Clock): Lookout {
  let pauseUntil = 0;
  let waiting: { readonly ids: Set<string>; readonly sight: Promise<Sight> } | undefined;
  let current: Promise<unknown> = Promise.resolve();

  async function timed(ids: ReadonlySet<string>): Promise<Sight> {
    const from = clock.monotonic();
    const sight = await take(ids);
    const now = clock.monotonic();
    pauseUntil = now + Math.min((now - from) * PAUSE_PER_LOOK, LONGEST_PAUSE_MS);
    return sight;
  }

  async function take(ids: ReadonlySet<string>): Promise<Sight> {
    const services = await api.services();
    const removed = [...ids].some((id) => !services.some(({ ID }) => ID === id));
    const [tasks, nodes] = await Promise.all([api.tasks([...ids], removed), api.nodes()]);
    return { services, tasks, down: new Set(nodes.filter(isDown).map((node) => node.ID)) };
  }

  return {
    look(services) {
      if (waiting === undefined) {
        const ids = new Set<string>();
        const sight = current.then(async () => {
          const pause = pauseUntil - clock.monotonic();
          if (pause > 0) await clock.sleep(pause);
          waiting = undefined;
          return timed(ids);
        });
        waiting = { ids, sight };
        current = sight.catch(() => undefined);
      }
      for (const id of services) waiting.ids.add(id);
      return waiting.sight;
    },
  };
}

function isDown({ Status }: { readonly Status: { readonly State: string } }): boolean {
  return Status.State !== 'ready';
}
