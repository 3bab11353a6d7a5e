/**
 * The create request of one container, built from nothing but what is listed here. There is no way for a definition to
 * ask for privileges, host paths, host namespaces, devices or capabilities: they are not options, they are absent
 * (`research/reliability.md` §4.7).
 */
import type { ContainerCreateOptions, HostConfig, MountSettings } from 'dockerode';
import type { DefinedSpec, Definition } from '../../service/definition.ts';
import type { JobLink } from '../../service/engine.ts';
import { splitWords } from './command.ts';
import type { LocalImage } from './image-defaults.ts';
import { containerLabels, identityOf, type Owner, SPEC } from './labels.ts';
import { containerName, digest, hostName, serviceAlias } from './names.ts';
import { portBindings, wantedPorts } from './ports.ts';

export interface Making {
  readonly owner: Owner;
  readonly definition: Definition;
  readonly ordinal: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly links: readonly Pick<JobLink, 'name' | 'uuid'>[];
  readonly image: LocalImage;
  /** As the engine is to be asked for it. */
  readonly imageName: string;
  readonly network: string;
  readonly mounts: readonly MountSettings[];
  readonly publishAddress: string;
  readonly stopSeconds: number;
}

const MEGABYTE = 1024 * 1024;

/** More than programs need, less than a fork bomb. */
const MOST_PROCESSES = 4096;

export function restartPolicy(autorestart: DefinedSpec['autorestart']): { Name: string } {
  // `unless-stopped`, not `always`: that one also restarts, after the engine's own restart, what a job had stopped.
  const names = { OFF: 'no', ON_FAILURE: 'on-failure', ALWAYS: 'unless-stopped' } as const;
  return { Name: names[autorestart] };
}

/** What every container has, whatever its definition. */
export const SAFE: HostConfig = {
  Privileged: false,
  PublishAllPorts: false,
  SecurityOpt: ['no-new-privileges:true'],
  // Raw sockets would let a container speak for its neighbours; no service needs device nodes.
  CapDrop: ['NET_RAW', 'MKNOD'],
  PidsLimit: MOST_PROCESSES,
  // A container that talks too much must not fill the host's disk.
  LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
};

export function containerBody(making: Making): ContainerCreateOptions & { readonly name: string } {
  const { owner, definition, ordinal, network } = making;
  const { spec } = definition;
  const identity = identityOf(definition, ordinal);
  const ports = portBindings(wantedPorts(spec.container_ports, making.image.defaults), making.publishAddress);
  const body = {
    Image: making.imageName,
    Hostname: hostName(identity),
    Env: Object.entries(making.environment).map(([key, value]) => `${key}=${value}`),
    ...commands(spec, making.image),
    ExposedPorts: ports.ExposedPorts,
    StopTimeout: making.stopSeconds,
    HostConfig: {
      ...SAFE,
      NetworkMode: network,
      PortBindings: ports.PortBindings,
      RestartPolicy: restartPolicy(spec.autorestart),
      Mounts: [...making.mounts],
      Memory: spec.memory * MEGABYTE,
      CpuShares: spec.cpu_shares,
    },
    NetworkingConfig: {
      EndpointsConfig: {
        [network]: {
          Aliases: [serviceAlias(definition.uuid), definition.uniqueName, hostName(identity)],
          Links: making.links.map((link) => `${serviceAlias(link.uuid)}:${link.name}`),
        },
      },
    },
  };
  const hash = digest(JSON.stringify([body, making.image.id]));
  return {
    ...body,
    name: containerName(identity),
    Labels: { ...containerLabels(owner, identity), [SPEC]: hash },
  };
}

/** Docker drops the image's command when an entrypoint is given; in this API each has its own default. */
function commands(spec: DefinedSpec, image: LocalImage): { Entrypoint?: string[]; Cmd?: string[] } {
  const entrypoint = splitWords(spec.entrypoint ?? '');
  const command = splitWords(spec.run_command ?? '');
  if (entrypoint.length === 0) return command.length === 0 ? {} : { Cmd: command };
  return { Entrypoint: entrypoint, Cmd: command.length === 0 ? [...image.command] : command };
}
