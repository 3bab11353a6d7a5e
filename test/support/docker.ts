/**
 * A real Docker engine for tests, and an image to run on it, assembled from a static busybox (no registry needed).
 *
 * The engine is the one at EVENKEEL_TEST_DOCKER, else DOCKER_HOST, else the default socket. Without one the tests that
 * need it are skipped and say why; with CI=true and `docker` in EVENKEEL_ENGINES they fail instead.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import Docker from 'dockerode';
import { describe, it } from 'vitest';
import { systemClock } from '../../src/cli/system.ts';
import { parseAddress } from '../../src/engine/docker/daemon.ts';
import { dockerEngine } from '../../src/engine/docker/engine.ts';
import type { DockerOptions } from '../../src/engine/docker/options.ts';
import type { DefinedSpec, Definition, JobVerb } from '../../src/service/definition.ts';
import type { ContainerView, Engine, EngineResult, Job, JobDone } from '../../src/service/engine.ts';

export const DOCKER_HOST =
  process.env['EVENKEEL_TEST_DOCKER'] ?? process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock';

export function dockerClient(host = DOCKER_HOST): Docker {
  return new Docker({ ...parseAddress(host, false), timeout: 60_000 });
}

const BUSYBOX = '/bin/busybox';
const APPLETS =
  'sh cat echo env false hostname httpd id kill ls nc nslookup ping rm sleep test touch true wget';

/** Serves its version on port 80 and ends at once when asked to. */
export const SERVE = 'trap "exit 0" TERM; echo "serving $VERSION"; httpd -f -p 80 -h /www & wait';

const run = promisify(execFile);

export interface TestImage {
  readonly name: string;
  /** What it serves. */
  readonly page?: string;
  /** Dockerfile lines on top of `EXPOSE 80` and its command. */
  readonly changes?: readonly string[];
}

/** Assembles an image; the same name again gets new content. */
export async function makeImage(
  { name, page = name, changes = [] }: TestImage,
  host = DOCKER_HOST,
): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'evenkeel-image-'));
  try {
    for (const dir of ['bin', 'www', 'data', 'etc', 'tmp']) await mkdir(join(root, dir));
    await run('cp', [BUSYBOX, join(root, 'bin/busybox')]);
    for (const applet of APPLETS.split(' ')) await symlink('busybox', join(root, 'bin', applet));
    await writeFile(join(root, 'etc/passwd'), 'root:x:0:0:root:/:/bin/sh\n');
    await writeFile(join(root, 'www/index.html'), page);
    await writeFile(join(root, 'data/seed'), page);
    const tar = `${root}.tar`;
    await run('tar', ['-C', root, '-cf', tar, '.']);
    const [repo, tag] = name.split(/:(?=[^/]+$)/);
    const docker = dockerClient(host);
    const stream = await docker.importImage(tar, {
      repo,
      tag: tag ?? 'latest',
      changes: ['EXPOSE 80', `CMD ${JSON.stringify(['sh', '-c', SERVE])}`, `ENV VERSION=${page}`, ...changes],
    });
    await new Promise<void>((resolve, reject) =>
      docker.modem.followProgress(stream, (error: Error | null) =>
        error === null ? resolve() : reject(error),
      ),
    );
    await rm(tar, { force: true });
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function whyNot(): Promise<string | undefined> {
  try {
    const { OSType } = await dockerClient().info();
    return OSType === 'linux' ? undefined : `the engine runs ${OSType} containers`;
  } catch (error) {
    return `no Docker engine at ${DOCKER_HOST} (${error instanceof Error ? error.message : error})`;
  }
}

/** Why there is no engine to test on; undefined = there is one. */
export const missingEngine = await whyNot();

/** Whether a missing engine is a failure. */
export function isDemanded(engine: 'docker' | 'swarm'): boolean {
  const demanded = (process.env['EVENKEEL_ENGINES'] ?? '').split(',');
  return process.env['CI'] === 'true' && demanded.includes(engine);
}

/** A group of tests on a real engine. */
export function describeDocker(title: string, tests: () => void): void {
  if (missingEngine === undefined) describe(title, tests);
  else if (isDemanded('docker'))
    describe(title, () =>
      it(`has an engine to run on: ${missingEngine}`, () => Promise.reject(missingEngine)),
    );
  else describe.skip(`${title} [skipped: ${missingEngine}]`, tests);
}

/** An engine of its own instance, so that tests do not see each other's containers. */
export interface Bench {
  readonly engine: Engine;
  readonly docker: Docker;
  readonly instance: string;
  /** A definition with a uuid of its own. */
  define(over?: Partial<DefinedSpec>, rest?: Partial<Definition>): Definition;
  run(verb: JobVerb, definition: Definition, over?: Partial<Job>): Promise<EngineResult<JobDone>>;
  containers(definition: Definition): Promise<readonly ContainerView[]>;
  /** What a program says that is run in one of the containers. */
  exec(definition: Definition, ordinal: number, command: readonly string[]): Promise<string>;
  /** Another engine object over the same containers, as after a restart of the server. */
  another(over?: Partial<DockerOptions>): Engine;
  /** Ends everything and removes all of the instance. */
  end(): Promise<void>;
}

export const IMAGE = 'evenkeel-test:1';

/** `direct`: the engine itself, where `over.host` is something in front of it. */
export async function bench(over: Partial<DockerOptions> = {}, direct = DOCKER_HOST): Promise<Bench> {
  const instance = `t${randomBytes(4).toString('hex')}`;
  const docker = dockerClient(direct);
  const options: DockerOptions = {
    clock: systemClock,
    host: direct,
    instance,
    settleMs: 150,
    stopSeconds: 1,
    readyMs: 20_000,
    ...over,
  };
  const engines: Engine[] = [];
  const another = (change: Partial<DockerOptions> = {}) => {
    const engine = dockerEngine({ ...options, ...change });
    engines.push(engine);
    return engine;
  };
  const engine = another();
  await engine.start([]);
  const never = new AbortController().signal;

  const containers = async (definition: Definition) => {
    const seen = await engine.inspect([definition]);
    if (!seen.ok) throw new Error(seen.failure.message);
    return seen.value.get(definition.uuid) ?? [];
  };

  return {
    engine,
    docker,
    instance,
    define: (spec = {}, rest = {}) => definitionOf(spec, rest),
    run(verb, definition, change = {}) {
      const own = definition.spec.container_envvars.map(({ key, value }) => [key, value]);
      const environment = { ...definition.linkVariables, ...Object.fromEntries(own) };
      const job: Job = { verb, definition, environment, links: [], reuseVolumes: true, ...change };
      return engine.run(job, never);
    },
    containers,
    async exec(definition, ordinal, command) {
      const container = (await containers(definition)).find((one) => one.ordinal === ordinal);
      if (container === undefined) throw new Error(`no container ${ordinal}`);
      const { stdout } = await run('docker', ['-H', DOCKER_HOST, 'exec', container.id, ...command]).catch(
        (error: { stdout: string; stderr: string }) => ({ stdout: `${error.stdout}${error.stderr}` }),
      );
      return stdout;
    },
    another,
    async end() {
      for (const one of engines) await one.close();
      await removeInstance(docker, instance);
    },
  };
}

/** Everything that carries the instance's label. */
export async function leftOf(docker: Docker, instance: string): Promise<readonly string[]> {
  const filters = { label: [`evenkeel.instance=${instance}`] };
  const containers = await docker.listContainers({ all: true, filters });
  const { Volumes } = await docker.listVolumes({ filters });
  const networks = await docker.listNetworks({ filters });
  return [
    ...containers.map((one) => `container ${one.Names[0]}`),
    ...(Volumes ?? []).map((one) => `volume ${one.Name}`),
    ...networks.map((one) => `network ${one.Name}`),
  ];
}

async function removeInstance(docker: Docker, instance: string): Promise<void> {
  const filters = { label: [`evenkeel.instance=${instance}`] };
  const containers = await docker.listContainers({ all: true, filters });
  await Promise.all(containers.map((one) => docker.getContainer(one.Id).remove({ force: true, v: true })));
  const { Volumes } = await docker.listVolumes({ filters });
  await Promise.all((Volumes ?? []).map((one) => docker.getVolume(one.Name).remove()));
  await Promise.all(
    (await docker.listNetworks({ filters })).map((one) => docker.getNetwork(one.Id).remove()),
  );
}

export function definitionOf(spec: Partial<DefinedSpec> = {}, rest: Partial<Definition> = {}): Definition {
  const uuid = rest.uuid ?? crypto.randomUUID();
  const name = rest.name ?? 'web';
  return {
    uuid,
    user: 'admin',
    name,
    uniqueName: name,
    spec: {
      image: IMAGE,
      target_num_containers: 1,
      run_command: null,
      entrypoint: null,
      container_ports: null,
      container_envvars: [],
      linked_to_service: [],
      autorestart: 'OFF',
      autoreplace: 'OFF',
      autodestroy: 'OFF',
      sequential_deployment: false,
      roles: [],
      labels: {},
      tags: [],
      bindings: [],
      memory: 0,
      cpu_shares: 0,
      ...spec,
    },
    image: null,
    linkVariables: {},
    redeployToken: null,
    revision: 1,
    deployment: 1,
    operation: null,
    everDeployed: false,
    note: null,
    actions: [],
    createdAt: 0,
    deployedAt: null,
    startedAt: null,
    stoppedAt: null,
    destroyedAt: null,
    keyedBody: null,
    version: 1,
    ...rest,
  };
}
