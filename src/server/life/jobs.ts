/**
 * The engine's jobs: one per service, each carried to its end or left for the next start of the server. When a job has
 * ended, what is stored is what really is (`settle`), and the action record says how it went.
 */
import { setMaxListeners } from 'node:events';
import type { Definition, Operation } from '../../service/definition.ts';
import type { ContainerView, EngineResult, Job, JobDone } from '../../service/engine.ts';
import { type Change, StoreConflict } from '../../service/store.ts';
import { roleVariables } from '../auth/role-keys.ts';
import { linkVariables } from '../link-variables.ts';
import type { World } from '../types.ts';
import { dropLinksTo } from './links.ts';
import type { Locks } from './locks.ts';
import { settled } from './settled.ts';

export interface Jobs {
  /** Carries out `definition.operation`; never throws. `seen`: its containers, where they were looked at just now. */
  start(definition: Definition, seen?: readonly ContainerView[]): void;
  /** Whether the operation of this action is being carried out here. */
  has(action: string): boolean;
  /** Whether anything is. */
  busy(): boolean;
  /** Resolves when no job is in flight. */
  idle(): Promise<void>;
  /** Aborts what is in flight: the operations stay in the store and are taken up at the next start. */
  close(): Promise<void>;
}

type Variables = Definition['linkVariables'];

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 15_000;

export function createJobs(world: World, locks: Locks): Jobs {
  const running = new Map<Promise<void>, string | undefined>();
  const stop = new AbortController();
  // Each job in flight listens to it; Node takes more than ten for a leak and says so.
  setMaxListeners(0, stop.signal);
  const { clock, engine, log, store } = world;

  /** Tries until it works or the server closes; undefined = closed. */
  async function insist<T>(what: string, attempt: () => Promise<T>): Promise<T | undefined> {
    for (let pause = FIRST_PAUSE_MS; !stop.signal.aborted; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      try {
        return await attempt();
      } catch (error) {
        if (error instanceof StoreConflict) continue;
        log('warn', `${what} failed, trying again`, { error: String(error), inMs: pause });
        await clock.sleep(pause, stop.signal);
      }
    }
    return undefined;
  }

  async function run(definition: Definition, seen?: readonly ContainerView[]): Promise<void> {
    const { uuid, operation } = definition;
    if (operation === null) return;
    const prepared = await insist(`preparing ${operation.verb} of ${uuid}`, () => prepare(definition, seen));
    if (prepared === undefined) return;
    const { job, variables } = prepared;
    const result = await engine.run(job, stop.signal).catch((error: unknown): EngineResult<JobDone> => {
      const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
      log('error', 'an engine job threw', { error: stack });
      return {
        ok: false,
        failure: { reason: 'internal', message: 'the engine failed in an unexpected way' },
      };
    });
    if (stop.signal.aborted) return;
    await insist(`settling ${operation.verb} of ${uuid}`, () =>
      locks.run(uuid, () => settle(uuid, operation, result, variables)),
    );
    if (operation.verb === 'terminate' && result.ok) {
      await insist(`dropping the links to ${uuid}`, () => dropLinksTo(uuid, world, locks));
    }
  }

  /** Gathers what the engine needs. Containers of one making have the same link variables, so those are kept for more. */
  async function prepare(
    definition: Definition,
    seen: readonly ContainerView[] | undefined,
  ): Promise<{ job: Job; variables: Variables }> {
    const { spec, operation, revision } = definition;
    const verb = operation?.verb ?? 'scale';
    const all = await store.definitions();
    const targets = new Map(
      all
        .filter((one) => one.user === definition.user && one.destroyedAt === null)
        .map((one) => [one.uuid, one]),
    );
    const keeps =
      verb !== 'redeploy' &&
      (seen ?? (await containersOf(definition))).some((one) => one.revision === revision);
    const variables = keeps ? definition.linkVariables : linkVariables(spec.linked_to_service, targets);
    const role = roleVariables(definition, world.settings);
    const own = Object.fromEntries(spec.container_envvars.map(({ key, value }) => [key, value]));
    const job: Job = {
      verb,
      definition,
      environment: { ...variables, ...role, ...own },
      links: spec.linked_to_service.flatMap(({ uuid, name }) => {
        const target = targets.get(uuid);
        return target === undefined ? [] : [{ name, uuid, uniqueName: target.uniqueName }];
      }),
      reuseVolumes: operation?.reuseVolumes ?? true,
    };
    return { job, variables };
  }

  async function settle(
    uuid: string,
    { action, server }: Operation,
    result: EngineResult<JobDone>,
    variables: Variables,
  ): Promise<void> {
    const definition = await store.definition(uuid);
    if (definition === undefined || definition.operation?.action !== action) return;
    // Another server took it for dead and goes on with it.
    if (definition.operation.server !== server) return;
    const containers = await containersOf(definition);
    const at = clock.wall();
    const changes: Change[] = [
      { table: 'definitions', put: settled(definition, containers, result, variables, at) },
    ];
    const record = await store.action(action);
    if (record !== undefined) {
      const message = result.ok ? (result.value.note ?? '') : result.failure.message;
      changes.push({
        table: 'actions',
        put: { ...record, state: result.ok ? 'Success' : 'Failed', message, endedAt: at },
      });
    }
    await store.write(changes);
    if (!result.ok) log('warn', `${definition.name}: ${result.failure.message}`, { service: uuid, action });
  }

  async function containersOf(definition: Definition): Promise<readonly ContainerView[]> {
    const seen = await engine.inspect([definition]);
    if (!seen.ok) throw new Error(seen.failure.message);
    return seen.value.get(definition.uuid) ?? [];
  }

  return {
    start(definition, seen) {
      const job = run(definition, seen).catch((error: unknown) =>
        log('error', 'a job could not be settled', { error: String(error) }),
      );
      running.set(job, definition.operation?.action);
      void job.finally(() => running.delete(job));
    },
    has: (action) => [...running.values()].includes(action),
    busy: () => running.size > 0,
    async idle() {
      while (running.size > 0) await Promise.all(running.keys());
    },
    async close() {
      stop.abort();
      await Promise.all(running.keys());
    },
  };
}
