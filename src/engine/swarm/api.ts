/**
 * What is asked of a swarm manager, with the answers in the few words that are read from them.
 *
 * Updates carry the version that was read. "Update out of sequence" means that somebody else was faster: the caller
 * reads again and decides again (`research/reliability.md` W3).
 */
import type { AuthConfig, ServiceSpec } from 'dockerode';
import type { Daemon } from '../docker/daemon.ts';
import { doing, Failed, orMissing, statusOf } from '../docker/failures.ts';
import { INSTANCE, SERVICE } from '../docker/labels.ts';

export interface SwarmService {
  readonly ID: string;
  readonly Version: { readonly Index: number };
  readonly Spec: ServiceSpec;
  readonly Endpoint?: {
    readonly Ports?: readonly {
      readonly Protocol: string;
      readonly TargetPort: number;
      readonly PublishedPort?: number;
      readonly PublishMode?: string;
    }[];
  };
  readonly UpdateStatus?: { readonly State?: string; readonly StartedAt?: string; readonly Message?: string };
}

export interface Task {
  readonly ID: string;
  readonly CreatedAt: string;
  readonly ServiceID: string;
  readonly Slot?: number;
  readonly NodeID?: string;
  readonly DesiredState: string;
  readonly Spec: {
    readonly ForceUpdate?: number;
    readonly ContainerSpec?: { readonly Labels?: Readonly<Record<string, string>> };
  };
  readonly Status: {
    readonly State: string;
    readonly Timestamp?: string;
    readonly Message?: string;
    readonly Err?: string;
    readonly ContainerStatus?: { readonly ContainerID?: string; readonly ExitCode?: number };
    readonly PortStatus?: {
      readonly Ports?: readonly { Protocol: string; TargetPort: number; PublishedPort?: number }[];
    };
  };
}

export interface SwarmNode {
  readonly ID: string;
  readonly Description?: { readonly Hostname?: string };
  readonly Spec: { readonly Availability: string; readonly Role: string };
  readonly Status: { readonly State: string };
}

export interface SwarmApi {
  /** Ours: of one service of the API, or all. */
  services(uuid?: string): Promise<readonly SwarmService[]>;
  service(uuid: string): Promise<SwarmService | undefined>;
  /** Of these services. `removed`: they may be gone, with tasks that are still ending. */
  tasks(services: readonly string[], removed?: boolean): Promise<readonly Task[]>;
  nodes(): Promise<readonly SwarmNode[]>;
  create(spec: ServiceSpec, auth: AuthConfig | undefined): Promise<void>;
  /** Throws `OutOfSequence` when it is not `service` any more. */
  update(service: SwarmService, spec: ServiceSpec, auth: AuthConfig | undefined): Promise<void>;
  remove(service: SwarmService): Promise<void>;
}

export class OutOfSequence extends Error {
  override readonly name = 'OutOfSequence';
}

const asIs = (text: string) => text;
const MOST_IN_A_FILTER = 50;

export function isOutOfSequence(error: unknown): boolean {
  return error instanceof Error && /update out of sequence/i.test(error.message);
}

export function swarmApi({ quick }: Daemon, instance: string): SwarmApi {
  const services = (uuid?: string) =>
    doing('listing the services of the swarm', asIs, async () => {
      const label = [`${INSTANCE}=${instance}`, ...(uuid === undefined ? [] : [`${SERVICE}=${uuid}`])];
      const all: unknown = await quick.listServices({ filters: { label } });
      return all as readonly SwarmService[];
    });

  return {
    services,
    async service(uuid) {
      const [found, ...others] = await services(uuid);
      if (others.length > 0)
        throw new Failed('refused', `${others.length + 1} services of the swarm carry the uuid ${uuid}`);
      return found;
    },
    tasks: (ids, removed = false) =>
      doing('listing the tasks of the swarm', asIs, async () => {
        if (ids.length === 0) return [];
        // A filter that names a service which is gone is an error.
        const filters = removed || ids.length > MOST_IN_A_FILTER ? {} : { service: ids };
        const all: readonly Task[] = (await orMissing(() => quick.listTasks({ filters }))) ?? [];
        return all.filter((task) => ids.includes(task.ServiceID));
      }),
    nodes: () => doing('listing the nodes of the swarm', asIs, () => quick.listNodes()),
    async create(spec, auth) {
      await quick.createService(auth ?? {}, spec);
    },
    async update({ ID, Version }, spec, auth) {
      const request = { _query: { version: Version.Index }, _body: spec };
      try {
        // Typed without credentials; at run time the first of two arguments is they.
        const update: (auth: object, options: object) => Promise<unknown> = quick
          .getService(ID)
          .update.bind(quick.getService(ID));
        await update(auth ?? {}, request);
      } catch (error) {
        throw isOutOfSequence(error) ? new OutOfSequence() : error;
      }
    },
    async remove({ ID }) {
      await doing('removing a service of the swarm', asIs, () =>
        orMissing(() => quick.getService(ID).remove()),
      );
    },
  };
}

/** 409: the name is taken. */
export function isTaken(error: unknown): boolean {
  return statusOf(error) === 409;
}
