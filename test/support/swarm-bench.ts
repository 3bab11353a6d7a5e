/** A swarm engine over a test swarm, and questions to it. */
import { randomBytes } from 'node:crypto';
import { systemClock } from '../../src/cli/system.ts';
import { type SwarmParts, swarmParts } from '../../src/engine/swarm/engine.ts';
import type { SwarmOptions } from '../../src/engine/swarm/options.ts';
import type { DefinedSpec, Definition, JobVerb } from '../../src/service/definition.ts';
import type { ContainerView, EngineResult, Job, JobDone } from '../../src/service/engine.ts';
import { definitionOf, dockerClient, IMAGE } from './docker.ts';
import type { TestSwarm } from './swarm.ts';

export interface SwarmBench {
  readonly parts: SwarmParts;
  readonly instance: string;
  define(spec?: Partial<DefinedSpec>, rest?: Partial<Definition>): Definition;
  run(verb: JobVerb, definition: Definition, over?: Partial<Job>): Promise<EngineResult<JobDone>>;
  containers(definition: Definition): Promise<readonly ContainerView[]>;
  look(definition: Definition): Promise<readonly string[]>;
  /** What a program says that is run in one of the service's containers, wherever that is. */
  exec(definition: Definition, command: readonly string[]): Promise<string>;
  /** Another server, on any node. */
  another(over?: Partial<SwarmOptions>): SwarmParts;
  /** Names of services, networks, volumes and records of the instance, on all nodes. */
  left(): Promise<readonly string[]>;
  end(): Promise<void>;
}

export async function swarmBench(swarm: TestSwarm, over: Partial<SwarmOptions> = {}): Promise<SwarmBench> {
  const instance = `t${randomBytes(4).toString('hex')}`;
  const options: SwarmOptions = {
    clock: systemClock,
    host: swarm.nodes[0]?.host ?? '',
    instance,
    pull: 'never',
    settleMs: 200,
    stopSeconds: 1,
    readyMs: 30_000,
    pendingMs: 2_000,
    ...over,
  };
  const all: SwarmParts[] = [];
  const another = (change: Partial<SwarmOptions> = {}) => {
    const parts = swarmParts({ ...options, ...change });
    all.push(parts);
    return parts;
  };
  const parts = another();
  await parts.engine.start([]);
  const never = new AbortController().signal;
  const containers = async (definition: Definition) => {
    const seen = await parts.engine.inspect([definition]);
    if (!seen.ok) throw new Error(seen.failure.message);
    return seen.value.get(definition.uuid) ?? [];
  };
  return {
    parts,
    instance,
    define: (spec = {}, rest = {}) => definitionOf({ image: IMAGE, ...spec }, rest),
    run(verb, definition, change = {}) {
      const own = definition.spec.container_envvars.map(({ key, value }) => [key, value]);
      const environment = { ...definition.linkVariables, ...Object.fromEntries(own) };
      const job: Job = { verb, definition, environment, links: [], reuseVolumes: true, ...change };
      return parts.engine.run(job, never);
    },
    containers,
    look: async (definition) =>
      (await containers(definition)).map(
        ({ ordinal, state, deployment }) => `${ordinal} ${state} ${deployment}`,
      ),
    async exec(definition, command) {
      for (const { host } of swarm.nodes) {
        const docker = dockerClient(host);
        const label = [`evenkeel.deployment=${definition.deployment}`];
        const running = await docker.listContainers({ filters: { label } }).catch(() => []);
        const name = `${definition.uniqueName}-${definition.uuid.slice(0, 8)}.`;
        const found = running.find((one) => one.Names.some((each) => each.startsWith(`/${name}`)));
        if (found === undefined) continue;
        const exec = await docker
          .getContainer(found.Id)
          .exec({ Cmd: [...command], AttachStdout: true, AttachStderr: true });
        const stream = await exec.start({});
        let text = '';
        const sink = { write: (chunk: Buffer) => (text += chunk.toString()) };
        docker.modem.demuxStream(stream, sink as never, sink as never);
        await new Promise((resolve) => stream.on('end', resolve));
        return text;
      }
      throw new Error(`${definition.uniqueName} runs nowhere`);
    },
    another,
    async left() {
      const filters = { label: [`evenkeel.instance=${instance}`] };
      const names: string[] = [];
      for (const { host } of swarm.nodes) {
        const docker = dockerClient(host);
        const { Volumes } = await docker.listVolumes({ filters });
        names.push(...(Volumes ?? []).map((one) => `volume ${one.Name}`));
      }
      const docker = dockerClient(options.host);
      const services: { Spec?: { Name?: string } }[] = (await docker.listServices({ filters })) as never;
      names.push(...services.map((one) => `service ${one.Spec?.Name}`));
      names.push(...(await docker.listNetworks({ filters })).map((one) => `network ${one.Name}`));
      names.push(...(await docker.listConfigs({ filters })).map((one) => `record ${one.Spec?.Name}`));
      return names.sort();
    },
    async end() {
      for (const one of all) await one.engine.close();
    },
  };
}
