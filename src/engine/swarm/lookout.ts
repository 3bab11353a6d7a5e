/**
 * One look at the swarm for everybody who waits for something in it. Thirty jobs that each asked for themselves would
 * keep a manager busier with answering than with starting containers.
 */
import type { Clock } from '../../service/ports.ts';
import type { SwarmApi, SwarmService, Task } from './api.ts';
import { shared } from './shared.ts';

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

/**
 * Of the time, at most a third goes into looking: the slower the managers answer, the less they are asked. And they and
 * their nodes have containers to start: looks without a pause made thirty services a fifteenth slower.
 */
const PAUSE_PER_LOOK = 2;
const SHORTEST_PAUSE_MS = 150;
const LONGEST_PAUSE_MS = 1_000;

export function lookout(api: SwarmApi, clock: Clock): Lookout {
  let pauseUntil = 0;

  async function take(ids: ReadonlySet<string>): Promise<Sight> {
    const services = await api.services();
    const removed = [...ids].some((id) => !services.some(({ ID }) => ID === id));
    const [tasks, nodes] = await Promise.all([api.tasks([...ids], removed), api.nodes()]);
    return { services, tasks, down: new Set(nodes.filter(isDown).map((node) => node.ID)) };
  }

  async function timed(ids: ReadonlySet<string>): Promise<Sight> {
    const from = clock.monotonic();
    const sight = await take(ids);
    const now = clock.monotonic();
    pauseUntil = now + Math.min(Math.max(SHORTEST_PAUSE_MS, (now - from) * PAUSE_PER_LOOK), LONGEST_PAUSE_MS);
    return sight;
  }

  async function rest(): Promise<void> {
    const pause = pauseUntil - clock.monotonic();
    if (pause > 0) await clock.sleep(pause);
  }

  return { look: shared(timed, rest) };
}

function isDown({ Status }: { readonly Status: { readonly State: string } }): boolean {
  return Status.State !== 'ready';
}
