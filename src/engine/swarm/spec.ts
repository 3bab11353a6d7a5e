/**
 * The spec of one service of the swarm, built from nothing but what is listed here: no privileges, no host paths, no
 * host namespaces, as on a single host (docker/body.ts).
 */
import type { ContainerTaskSpec, MountSettings, ServiceSpec } from 'dockerode';
import type { DefinedSpec, Definition } from '../../service/definition.ts';
import { splitWords } from '../docker/command.ts';
import type { LocalImage } from '../docker/image-defaults.ts';
import { slug } from '../docker/names.ts';
import { wantedPorts } from '../docker/ports.ts';
import { DEPLOYMENT, REVISION, type ServiceFacts, serviceLabels, serviceName } from './labels.ts';

export interface Attachment {
  /** Id of the network. */
  readonly network: string;
  readonly aliases: readonly string[];
}

export interface Making {
  readonly instance: string;
  readonly definition: Definition;
  readonly environment: Readonly<Record<string, string>>;
  readonly image: LocalImage;
  /** As the nodes are to get it: with a digest where one is known, so that all get the same. */
  readonly imageName: string;
  readonly networks: readonly Attachment[];
  readonly mounts: readonly MountSettings[];
  readonly facts: ServiceFacts;
  readonly replicas: number;
  readonly forceUpdate: number;
  readonly publish: 'host' | 'ingress';
  readonly stopSeconds: number;
  /** The engine's API can say so since 1.44. */
  readonly noNewPrivileges: boolean;
}

const MEGABYTE = 1024 * 1024;
const SECOND = 1_000_000_000;
/** How long an updated task must stay up before the next one is replaced. */
const MONITOR = SECOND / 2;
const MOST_PROCESSES = 4096;

export function serviceSpec(making: Making): ServiceSpec {
  const { definition, facts, replicas, publish } = making;
  const { spec } = definition;
  const ports = wantedPorts(spec.container_ports, making.image.defaults).filter((port) => port.published);
  return {
    Name: serviceName(definition),
    Labels: serviceLabels(making.instance, definition, facts),
    TaskTemplate: taskTemplate(making),
    Mode: { Replicated: { Replicas: replicas } },
    UpdateConfig: {
      Parallelism: spec.sequential_deployment ? 1 : 0,
      // Without it the next one is replaced as soon as this one was started, and a failure comes too late to be waited for.
      Delay: spec.sequential_deployment ? MONITOR : 0,
      Order: 'stop-first',
      FailureAction: spec.sequential_deployment ? 'pause' : 'continue',
      Monitor: MONITOR,
    },
    EndpointSpec: {
      Mode: publish === 'ingress' ? 'vip' : 'dnsrr',
      Ports: ports.map((port) => ({
        Protocol: port.protocol,
        TargetPort: port.inner_port,
        ...(port.outer_port === null ? {} : { PublishedPort: port.outer_port }),
        PublishMode: publish,
      })),
    },
  };
}

function taskTemplate(making: Making): ContainerTaskSpec {
  const { definition, environment, mounts, facts } = making;
  const { spec, uniqueName, revision, deployment } = definition;
  return {
    ContainerSpec: {
      Image: making.imageName,
      Labels: { [REVISION]: String(revision), [DEPLOYMENT]: String(deployment) },
      ...commands(spec, making.image),
      Hostname: `${slug(uniqueName, 50)}-{{.Task.Slot}}`,
      Env: Object.entries(environment).map(([key, value]) => `${key}=${value}`),
      Mounts: [...mounts],
      StopGracePeriod: making.stopSeconds * SECOND,
      ...hardening(making.noNewPrivileges),
    },
    Resources: { Limits: limits(spec) },
    RestartPolicy: { Condition: restartCondition(spec), Delay: SECOND, MaxAttempts: 0 },
    Placement: facts.node === undefined ? {} : { Constraints: [`node.id==${facts.node}`] },
    Networks: making.networks.map(({ network, aliases }) => ({ Target: network, Aliases: [...aliases] })),
    LogDriver: { Name: 'json-file', Options: { 'max-size': '10m', 'max-file': '3' } },
    ForceUpdate: making.forceUpdate,
  };
}

/** In words that the client library's types do not know yet. */
function hardening(noNewPrivileges: boolean): object {
  return {
    CapabilityDrop: ['CAP_NET_RAW', 'CAP_MKNOD'],
    ...(noNewPrivileges ? { Privileges: { NoNewPrivileges: true } } : {}),
  };
}

function limits({ memory }: DefinedSpec): object {
  return { Pids: MOST_PROCESSES, ...(memory === 0 ? {} : { MemoryBytes: memory * MEGABYTE }) };
}

/** Swarm knows one thing where the API knows two: a container that ended is followed by a new one in its slot. */
export function restartCondition({ autorestart, autoreplace }: DefinedSpec): 'none' | 'on-failure' | 'any' {
  const wishes = [autorestart, autoreplace];
  if (wishes.includes('ALWAYS')) return 'any';
  return wishes.includes('ON_FAILURE') ? 'on-failure' : 'none';
}

/** What swarm calls command is the entrypoint; each has the image's own as its default. */
function commands(spec: DefinedSpec, image: LocalImage): { Command?: string[]; Args?: string[] } {
  const entrypoint = splitWords(spec.entrypoint ?? '');
  const command = splitWords(spec.run_command ?? '');
  if (entrypoint.length === 0) return command.length === 0 ? {} : { Args: command };
  return { Command: entrypoint, Args: command.length === 0 ? [...image.command] : command };
}
