/**
 * The swarm engine: each service of the API is a service of a Docker swarm. With it comes the store that keeps the
 * server's memory in the same swarm; both use one connection.
 */
import type { ContainerView, Engine, EngineResult, Job, JobDone } from '../../service/engine.ts';
import type { Store } from '../../service/store.ts';
import { type Daemon, openDaemon } from '../docker/daemon.ts';
import { attempt } from '../docker/failures.ts';
import { locks } from '../docker/gate.ts';
import { known as knownServices } from '../docker/known.ts';
import { SERVICE } from '../docker/labels.ts';
import { scrubOf } from '../docker/scrub.ts';
import { check } from './check.ts';
import { checkSwarm } from './ground.ts';
import { carryOut } from './job.ts';
import { serviceLogs } from './logs.ts';
import { type SwarmOptions, swarmSettings } from './options.ts';
import { shared } from './shared.ts';
import { type SwarmShop, swarmShop } from './shop.ts';
import { swarmStore } from './store.ts';
import { viewsOf } from './views.ts';
import { swarmWatch } from './watch.ts';

export interface SwarmParts {
  readonly engine: Engine;
  readonly store: Store;
}

const AWAY_PAUSE_MS = 500;
/** An attempt that lasted as long had a swarm to work with in between. */
const WORKED_MS = 10_000;

/** The store works at once, the engine once `start` has resolved. Both reject with a UserError where there is no manager of a swarm. */
export function swarmParts(options: SwarmOptions): SwarmParts {
  const settings = swarmSettings(options);
  const known = knownServices();
  const jobs = locks();
  let connection: ReturnType<typeof open> | undefined;
  const connect = () => {
    connection ??= open().catch((error: unknown) => {
      connection = undefined;
      throw error;
    });
    return connection;
  };
  const open = async () => {
    const daemon = await openDaemon(settings);
    return { daemon, ...(await checkSwarm(daemon, settings)) };
  };
  let opened: { readonly daemon: Daemon; readonly shop: SwarmShop } | undefined;
  const shop = () => {
    if (opened === undefined) throw new Error('the swarm engine was used before it was started');
    return opened.shop;
  };
  let hosts = 1;
  const countHosts = async () => {
    const nodes = await shop().api.nodes();
    hosts = nodes.filter(
      (node) => node.Spec.Availability === 'active' && node.Status.State === 'ready',
    ).length;
  };
  const watch = swarmWatch(settings, async () => {
    await countHosts();
    return shop().api;
  });

  const sight = shared(async (uuids: ReadonlySet<string>) => {
    const { api } = shop();
    const [only, ...others] = uuids;
    const services = await api.services(others.length === 0 ? only : undefined);
    return { services, tasks: await api.tasks(services.map(({ ID }) => ID)) };
  });

  /**
   * A swarm without a leader answers nothing, for some seconds when a node dies. What was begun goes on afterwards: a
   * job given again takes up what it finds.
   */
  async function persist(job: Job, signal: AbortSignal): Promise<EngineResult<JobDone>> {
    const { clock, readyMs } = settings;
    const what = `${job.verb} of ${job.definition.uniqueName}`;
    for (let awaySince: number | undefined; ; ) {
      const begun = clock.monotonic();
      const result = await attempt(what, () => carryOut(shop(), job, signal), scrubOf(job));
      if (result.ok || result.failure.reason !== 'unavailable') return result;
      const now = clock.monotonic();
      if (awaySince === undefined || now - begun > WORKED_MS) awaySince = begun;
      if (signal.aborted || now - awaySince > readyMs) return result;
      await clock.sleep(AWAY_PAUSE_MS, signal);
    }
  }

  const engine: Engine = {
    name: 'swarm',
    extensions: ['bindings', 'limits'],
    check: (definition) => check(definition, opened?.shop.ground.publish ?? 'host', hosts),

    async start(definitions) {
      const { daemon, ground, remarks } = await connect();
      for (const definition of definitions) known.adopt(definition);
      opened = { daemon, shop: swarmShop(daemon, settings, ground, known) };
      await countHosts();
      const orphans = await shop().api.services();
      const lost = orphans.filter(({ Spec }) => known.get(Spec.Labels?.[SERVICE] ?? '') === undefined);
      for (const owner of await shop().networks.owners()) {
        const kept =
          'service' in owner
            ? known.get(owner.service) !== undefined
            : definitions.some(({ user }) => user === owner.user);
        if (!kept) await shop().networks.drop(owner);
      }
      watch.begin();
      return lost.length === 0
        ? remarks
        : [
            ...remarks,
            `${lost.length} services of the swarm carry this server's labels and are in no record; they are left alone: ${lost.map(({ Spec }) => Spec.Name).join(', ')}`,
          ];
    },

    image: (image) =>
      attempt(`looking at image ${image}`, async () => (await shop().images.local(image))?.defaults ?? null),

    async run(job, signal) {
      const { verb, definition } = job;
      known.jobBegins(verb, definition);
      const result = await jobs.run(definition.uuid, () => persist(job, signal));
      known.jobEnded(definition.uuid, verb === 'terminate' && result.ok);
      return result;
    },

    /** Restart policies are part of a task's spec: they take effect with the next tasks, not by restarting these. */
    async settings(definition) {
      known.seen(definition);
      return { ok: true, value: undefined };
    },

    inspect(definitions) {
      return attempt('looking at the services of the swarm', async () => {
        for (const definition of definitions) known.seen(definition);
        if (definitions.length === 0) return new Map<string, readonly ContainerView[]>();
        const { services, tasks } = await sight(definitions.map(({ uuid }) => uuid));
        return new Map(
          definitions.map((definition) => {
            const service = services.find(({ Spec }) => Spec.Labels?.[SERVICE] === definition.uuid);
            const own = tasks.filter((task) => task.ServiceID === service?.ID);
            return [definition.uuid, viewsOf(definition, service, own, scrubOf(definition))];
          }),
        );
      });
    },

    watch: watch.subscribe,

    logs: (definition, { tail }, signal) =>
      attempt(`logs of ${definition.uniqueName}`, async () => {
        if (opened === undefined) throw new Error('the swarm engine was used before it was started');
        return serviceLogs(opened.daemon, opened.shop, definition, tail, signal);
      }),

    async close() {
      opened?.shop.images.close();
      await watch.end();
    },
  };
  return { engine, store: swarmStore(async () => (await connect()).daemon, settings.instance) };
}
