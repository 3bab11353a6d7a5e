/**
 * A service as the server keeps it: what was asked for, and how far that got. Plain JSON data without `undefined`,
 * so that every store (a file, the labels of a swarm) can hold it.
 *
 * Containers are not in it: they are the engine's, and a service's state is derived from both (server/derive.ts).
 */
import type { Auto, Binding, EnvVar } from './spec.ts';
import type { Action } from './states.ts';

/** A port of every container. `published: false` is reachable by linked services only (old clients send it). */
export interface DefinedPort {
  readonly protocol: 'tcp' | 'udp';
  readonly inner_port: number;
  /** null = published on a port the engine picks. */
  readonly outer_port: number | null;
  readonly published: boolean;
}

export interface DefinedLink {
  /** Uuid of a service of the same user. Dropped when that one is terminated. */
  readonly uuid: string;
  /** DNS alias inside the containers, and the prefix of the link variables. */
  readonly name: string;
}

/** The create parameters, normalised. null = as defined in the image. */
export interface DefinedSpec {
  /** As given; `normalizeImage` before comparing. */
  readonly image: string;
  readonly target_num_containers: number;
  /** One string; an engine splits it as a shell would, without running one. */
  readonly run_command: string | null;
  readonly entrypoint: string | null;
  readonly container_ports: readonly DefinedPort[] | null;
  /** On top of the image's; values are secrets in every log and message. */
  readonly container_envvars: readonly EnvVar[];
  readonly linked_to_service: readonly DefinedLink[];
  readonly autorestart: Auto;
  readonly autoreplace: Auto;
  /** `ON_SUCCESS` is the later platform's word for it; taken and kept as given. */
  readonly autodestroy: Auto | 'ON_SUCCESS';
  readonly sequential_deployment: boolean;
  readonly roles: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly bindings: readonly Binding[];
  /** The later platform's tags: kept and shown, without effect. */
  readonly tags: readonly string[];
  /** Megabytes; 0 = no limit. */
  readonly memory: number;
  /** 0 = the engine's default. */
  readonly cpu_shares: number;
}

/** What an image says about the containers made from it. */
export interface ImageDefaults {
  readonly run_command: string;
  readonly entrypoint: string;
  readonly ports: readonly { readonly protocol: 'tcp' | 'udp'; readonly inner_port: number }[];
  readonly envvars: readonly EnvVar[];
}

export type JobVerb = Action | 'scale';

/** An accepted operation that has not ended; while it stands the service is in its moving state. */
export interface Operation {
  readonly verb: JobVerb;
  /** Uuid of the action record that tells its end. */
  readonly action: string;
  /** Wall-clock milliseconds. */
  readonly startedAt: number;
  /** The server process that carries it out; another one takes over what a dead one left. */
  readonly server: string;
  /** Redeploy: carry the data of the image's volumes over. */
  readonly reuseVolumes: boolean;
}

export interface Definition {
  readonly uuid: string;
  /** The API user it belongs to; no other user sees it. */
  readonly user: string;
  readonly name: string;
  /** Unique among the user's services that are not Terminated; part of container names and DNS names. */
  readonly uniqueName: string;
  readonly spec: DefinedSpec;
  /** What its image says, as far as is known. */
  readonly image: ImageDefaults | null;
  /** Link (and role) variables, fixed when the containers are made. */
  readonly linkVariables: Readonly<Record<string, string>>;
  readonly redeployToken: string | null;
  /** Grows by one whenever a field that shapes containers changes; a container carries the one it was made from. */
  readonly revision: number;
  /** Grows by one with every accepted redeploy; a container carries the one it was made in. */
  readonly deployment: number;
  readonly operation: Operation | null;
  /** Whether containers of it ever existed: with none left it is Not running, else Init. */
  readonly everDeployed: boolean;
  /** Why the last operation failed, or what it had to say; null = nothing. */
  readonly note: string | null;
  /** Uuids of its action records, newest last (at most 50). */
  readonly actions: readonly string[];
  /** Wall-clock milliseconds, each set when the operation completes. */
  readonly createdAt: number;
  readonly deployedAt: number | null;
  readonly startedAt: number | null;
  readonly stoppedAt: number | null;
  /** Set = Terminated: a tombstone, shown for a while. */
  readonly destroyedAt: number | null;
  /** Hash of the body of a create that carried an Idempotency-Key; null without one. Kept at least 24 hours. */
  readonly keyedBody: string | null;
  /** The API key of its containers, a secret; only while it has the role `global`. */
  readonly roleKey?: string;
  /** Grows by one with every write to the store; see `Store.write`. */
  readonly version: number;
}

/** One accepted write: the record behind `GET /api/v1/action/(uuid)/`. Holds no secret. */
export interface ActionRecord {
  readonly uuid: string;
  readonly user: string;
  readonly service: string;
  /** In the platform's words: `Service Create`, `Service Start` … */
  readonly action: string;
  readonly state: 'In progress' | 'Success' | 'Failed';
  readonly method: string;
  readonly path: string;
  /** JSON text; every value under `container_envvars` is masked. */
  readonly body: string;
  readonly userAgent: string;
  readonly ip: string;
  readonly message: string;
  readonly startedAt: number;
  readonly endedAt: number | null;
}
