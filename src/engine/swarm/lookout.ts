/**
 * One look at the swarm for everybody who waits for something in it. Thirty jobs that each asked for themselves would
 * keep a manager busier with answering than with starting containers.
 */
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

export function lookout(api: SwarmApi): Lookout {
  let waiting: { readonly ids: Set<string>; readonly sight: Promise<Sight> } | undefined;
  let current: Promise<unknown> = Promise.resolve();

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
        const sight = current.then(() => {
          waiting = undefined;
          return take(ids);
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
