/**
 * Thirty services from nothing to running on a real swarm of three nodes: applied through the service API, against
 * `docker stack deploy` of the same, in the same run. Then how often a server that has nothing to do writes to the engine.
 * Needs what `test/support/swarm.ts` needs.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTransport } from '../src/api/transport.ts';
import { systemClock, systemRandom } from '../src/cli/system.ts';
import { apply } from '../src/drive/apply.ts';
import { swarmParts } from '../src/engine/swarm/engine.ts';
import { createServer } from '../src/server/app.ts';
import { createUsers } from '../src/server/auth/users.ts';
import { dockerClient } from '../test/support/docker.ts';
import { dockerProxy } from '../test/support/docker-fault.ts';
import { type TestSwarm, testSwarm } from '../test/support/swarm.ts';
import { benchDrive, loadTexts, SAFETY } from './parts.ts';

export { missingSwarm } from '../test/support/swarm.ts';

const IMAGE = 'evenkeel-bench:1';
const never = new AbortController().signal;
const clock = systemClock;
const SWEEP_MS = 2_000;

export interface SwarmMakes {
  readonly appliedMs: number;
  readonly stackMs: number;
  /** Requests of an idle server to the engine over three of its sweeps. */
  readonly idle: { readonly reads: number; readonly writes: number };
}

export interface SwarmBench {
  /** One pair, each starting from nothing; what they made is removed in between. */
  pair(services: number): Promise<SwarmMakes>;
  end(): Promise<void>;
}

export async function swarmBench(): Promise<SwarmBench> {
  const swarm = await testSwarm(3, [IMAGE]);
  return {
    async pair(services) {
      const stackMs = await stack(swarm, services);
      return { stackMs, ...(await applied(swarm, services)) };
    },
    end: () => swarm.end(),
  };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = clock.monotonic();
  await work();
  return clock.monotonic() - from;
}

interface Task {
  readonly DesiredState: string;
  readonly Status: { readonly State: string };
}

async function untilTasks(host: string, enough: (tasks: readonly Task[]) => boolean): Promise<void> {
  const docker = dockerClient(host);
  for (;;) {
    const tasks: readonly Task[] = await docker.listTasks();
    if (enough(tasks)) return;
    await clock.sleep(100);
  }
}

const running = ({ DesiredState, Status }: Task) => DesiredState === 'running' && Status.State === 'running';

async function stack({ nodes }: TestSwarm, services: number): Promise<number> {
  const host = nodes[0]?.host ?? '';
  const dir = mkdtempSync(join(tmpdir(), 'evenkeel-stack-'));
  const docker = (...args: string[]) => execFileSync('docker', ['-H', host, ...args], { stdio: 'pipe' });
  const one = (index: number) =>
    `  svc-${index}: { image: "${IMAGE}", ports: [{ target: 80, mode: host }], deploy: { endpoint_mode: dnsrr } }\n`;
  const file = join(dir, 'stack.yaml');
  writeFileSync(
    file,
    `version: "3.8"\nservices:\n${Array.from({ length: services }, (_, i) => one(i)).join('')}`,
  );
  const ms = await timed(async () => {
    docker('stack', 'deploy', '--resolve-image', 'never', '--detach=true', '-c', file, 'bench');
    await untilTasks(host, (tasks) => tasks.filter(running).length === services);
  });
  docker('stack', 'rm', 'bench');
  await untilTasks(host, (tasks) => tasks.length === 0);
  await clock.sleep(5_000);
  rmSync(dir, { recursive: true });
  return ms;
}

async function applied({ nodes }: TestSwarm, services: number): Promise<Omit<SwarmMakes, 'stackMs'>> {
  const host = nodes[0]?.host ?? '';
  const instance = `bench-${randomBytes(4).toString('hex')}`;
  const served = async (at: string) => {
    const options = { clock, host: at, instance, pull: 'never', stopSeconds: 1, sweepMs: SWEEP_MS } as const;
    const parts = swarmParts(options);
    const users = createUsers([{ name: 'u', key: 'k' }]);
    const server = await createServer({ ...parts, users, clock, random: systemRandom });
    return { server, origin: await server.listen({ host: '127.0.0.1', port: 0 }) };
  };
  const { server, origin } = await served(host);
  const loaded = loadTexts(
    Array.from({ length: services }, (_, index) => `name: svc-${index}\nimage: ${IMAGE}\n`),
  );
  const fleet = benchDrive({
    http: createTransport(origin),
    clock,
    random: systemRandom,
    rate: 1_000,
    burst: 1_000,
    concurrency: 16,
  });
  fleet.setWishes(loaded.wishes);
  const limits = { deadlineMs: 600_000, inOrder: false, signal: never };
  const appliedMs = await timed(async () => {
    await fleet.look(false, never);
    const { plan } = fleet.plan(loaded, SAFETY, new Set());
    const { exitCode } = await apply(fleet, plan, clock, limits);
    if (exitCode !== 0) throw new Error(`the apply ended with ${exitCode}`);
  });
  const tasks: readonly Task[] = await dockerClient(host).listTasks();
  if (tasks.filter(running).length !== services) throw new Error('not all of them run');

  const proxy = await dockerProxy(host);
  const second = await served(proxy.host);
  await clock.sleep(3 * SWEEP_MS);
  const reads = proxy.requests.filter((line) => line.startsWith('GET ')).length;
  const idle = { reads, writes: proxy.requests.length - reads };
  await second.server.close();
  await server.close();
  await proxy.close();
  await cleanUp(host, instance);
  return { appliedMs, idle };
}

async function cleanUp(host: string, instance: string): Promise<void> {
  const docker = dockerClient(host);
  const filters = { label: [`evenkeel.instance=${instance}`] };
  for (const { ID } of await docker.listServices({ filters })) await docker.getService(ID).remove();
  await untilTasks(host, (tasks) => tasks.length === 0);
  await clock.sleep(5_000);
  for (const { Id } of await docker.listNetworks({ filters })) await docker.getNetwork(Id).remove();
  for (const { ID } of await docker.listConfigs({ filters })) await docker.getConfig(ID).remove();
}
