/**
 * Thirty services from nothing to running on a real Docker engine: applied through the service API, against the same
 * containers by plain concurrent calls to the engine, in the same run. Skipped, and said, where there is no engine.
 */
import { randomBytes } from 'node:crypto';
import { createTransport } from '../src/api/transport.ts';
import { systemClock, systemRandom } from '../src/cli/system.ts';
import { apply } from '../src/drive/apply.ts';
import { SAFE } from '../src/engine/docker/body.ts';
import { dockerEngine } from '../src/engine/docker/engine.ts';
import { createServer } from '../src/server/app.ts';
import { createUsers } from '../src/server/auth/users.ts';
import { memoryStore } from '../src/server/store/memory.ts';
import { DOCKER_HOST, dockerClient, makeImage } from '../test/support/docker.ts';
import { benchDrive, loadTexts, SAFETY } from './parts.ts';

export { missingEngine } from '../test/support/docker.ts';

const IMAGE = 'evenkeel-bench:1';
const never = new AbortController().signal;

export interface Makes {
  readonly appliedMs: number;
  readonly plainMs: number;
}

/** One pair, each starting from nothing; what they made is removed in between. */
export async function dockerPair(services: number): Promise<Makes> {
  await makeImage({ name: IMAGE });
  const plainMs = await plain(services);
  const appliedMs = await applied(services);
  return { appliedMs, plainMs };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = systemClock.monotonic();
  await work();
  return systemClock.monotonic() - from;
}

async function plain(services: number): Promise<number> {
  const docker = dockerClient();
  const label = `bench-${randomBytes(4).toString('hex')}`;
  const ms = await timed(async () => {
    await docker.createNetwork({ Name: label, Driver: 'bridge' });
    await Promise.all(
      Array.from({ length: services }, async (_, index) => {
        const container = await docker.createContainer({
          name: `${label}-${index}`,
          Image: IMAGE,
          Labels: { [label]: '' },
          ExposedPorts: { '80/tcp': {} },
          HostConfig: {
            ...SAFE,
            NetworkMode: label,
            PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] },
          },
        });
        await container.start();
      }),
    );
  });
  const all = await docker.listContainers({ all: true, filters: { label: [label] } });
  await Promise.all(all.map(({ Id }) => docker.getContainer(Id).remove({ force: true })));
  await docker.getNetwork(label).remove();
  return ms;
}

async function applied(services: number): Promise<number> {
  const instance = `bench-${randomBytes(4).toString('hex')}`;
  const clock = systemClock;
  const server = await createServer({
    engine: dockerEngine({ clock, host: DOCKER_HOST, instance, pull: 'never', stopSeconds: 1 }),
    store: memoryStore(),
    users: createUsers([{ name: 'u', key: 'k' }]),
    clock,
    random: systemRandom,
  });
  const origin = await server.listen({ host: '127.0.0.1', port: 0 });
  const http = createTransport(origin);
  const loaded = loadTexts(
    Array.from({ length: services }, (_, index) => `name: svc-${index}\nimage: ${IMAGE}\n`),
  );
  const fleet = benchDrive({ http, clock, random: systemRandom, rate: 1_000, burst: 1_000, concurrency: 16 });
  fleet.setWishes(loaded.wishes);
  const ms = await timed(async () => {
    await fleet.look(false, never);
    const { plan } = fleet.plan(loaded, SAFETY, new Set());
    const { exitCode } = await apply(fleet, plan, clock, {
      deadlineMs: 600_000,
      inOrder: false,
      signal: never,
    });
    if (exitCode !== 0) throw new Error(`the apply ended with ${exitCode}`);
  });
  await server.close();
  const docker = dockerClient();
  const filters = { label: [`evenkeel.instance=${instance}`] };
  const all = await docker.listContainers({ all: true, filters });
  if (all.filter((one) => one.State === 'running').length !== services)
    throw new Error('not all of them run');
  await Promise.all(all.map(({ Id }) => docker.getContainer(Id).remove({ force: true })));
  for (const { Id } of await docker.listNetworks({ filters })) await docker.getNetwork(Id).remove();
  return ms;
}
