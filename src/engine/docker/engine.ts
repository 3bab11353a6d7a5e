/**
 * The Docker engine: containers of one Docker host.
 *
 * What there is, is always asked of the engine and never remembered. Jobs are idempotent over it, containers are found
 * again by their labels, and what is not ours is never touched.
 */
import type { ContainerView, Engine } from '../../service/engine.ts';
import { restartPolicy } from './body.ts';
import { check } from './check.ts';
import { openDaemon } from './daemon.ts';
import { attempt } from './failures.ts';
import { type Found, onePerOrdinal, viewOf } from './found.ts';
import { locks } from './gate.ts';
import { checkGround, orphanRemarks } from './ground.ts';
import { carryOut, wantRestarts } from './job.ts';
import { known as knownServices } from './known.ts';
import { serviceLogs } from './logs.ts';
import { type DockerOptions, settingsOf } from './options.ts';
import { scrubOf } from './scrub.ts';
import { watching } from './watching.ts';
import { type Workshop, workshop } from './workshop.ts';

/** `start` must have resolved before any other method is called (but `check`). */
export function dockerEngine(options: DockerOptions): Engine {
  const settings = settingsOf(options);
  const known = knownServices();
  const jobs = locks();
  const watch = watching(settings, known, jobs);
  let opened: Workshop | undefined;
  const shop = () => {
    if (opened === undefined) throw new Error('the Docker engine was used before it was started');
    return opened;
  };

  /** The restart policy as the definition has it; on a service that a job stopped, `on-failure` stays off. */
  async function setPolicies(found: readonly Found[]): Promise<void> {
    for (const one of found) {
      const charge = known.get(one.uuid);
      if (charge === undefined) continue;
      const { autorestart } = charge.definition.spec;
      const off = charge.stopped && autorestart === 'ON_FAILURE';
      await wantRestarts(shop(), one, restartPolicy(off ? 'OFF' : autorestart).Name);
    }
  }

  return {
    name: 'docker',
    extensions: ['bindings', 'limits'],
    check,

    async start(definitions) {
      const daemon = await openDaemon(settings);
      const remarks = await checkGround(daemon, settings);
      opened = workshop(daemon, settings);
      for (const definition of definitions) known.adopt(definition);
      const found = await opened.roster.list();
      await setPolicies(found);
      watch.begin(opened);
      return [...remarks, ...orphanRemarks(found, (uuid) => known.get(uuid) !== undefined)];
    },

    image: (image) =>
      attempt(`looking at image ${image}`, async () => (await shop().images.local(image))?.defaults ?? null),

    async run(job, signal) {
      const { verb, definition } = job;
      const { uuid, uniqueName } = definition;
      known.jobBegins(verb, definition);
      watch.giveWay(uuid);
      const claimed = (volume: string) => known.claims(definition.user, uuid, volume);
      const result = await attempt(
        `${verb} of ${uniqueName}`,
        () => jobs.run(uuid, () => carryOut(shop(), job, claimed, signal)),
        scrubOf(job),
      );
      known.jobEnded(uuid, verb === 'terminate' && result.ok);
      // What ended by itself meanwhile was the job's; now it is the policies'.
      void watch.tend(uuid);
      return result;
    },

    settings(definition) {
      known.seen(definition);
      return attempt(`settings of ${definition.uniqueName}`, async () => {
        await jobs.run(definition.uuid, async () => setPolicies(await shop().roster.list(definition.uuid)));
        void watch.tend(definition.uuid);
      });
    },

    inspect(definitions) {
      return attempt('inspecting the containers', async () => {
        for (const definition of definitions) known.seen(definition);
        const [only, ...others] = definitions;
        if (only === undefined) return new Map<string, readonly ContainerView[]>();
        const found = await shop().roster.list(others.length === 0 ? only.uuid : undefined);
        const wanted = new Map(
          definitions.map((one) => [one.uuid, { scrub: scrubOf(one), found: [] as Found[] }]),
        );
        for (const one of found) wanted.get(one.uuid)?.found.push(one);
        const views = await Promise.all(
          [...wanted].map(async ([uuid, service]) => {
            const containers = onePerOrdinal(await shop().roster.look(service.found));
            return [uuid, containers.map((one) => viewOf(one, service.scrub))] as const;
          }),
        );
        return new Map(views);
      });
    },

    watch: watch.subscribe,

    logs: (definition, { tail }, signal) =>
      attempt(`logs of ${definition.uniqueName}`, () => serviceLogs(shop(), definition.uuid, tail, signal)),

    async close() {
      opened?.images.close();
      await watch.end();
    },
  };
}
