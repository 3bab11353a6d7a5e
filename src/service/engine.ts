/**
 * What runs containers: simulated, docker, swarm. An engine knows containers, not states (design §10).
 *
 * The server decides what is asked for, one job at a time per service; the engine brings the containers there and
 * says how it ended; the server then inspects and derives the state from what really is. Nothing here throws for what
 * can happen in the world: failures are values.
 */
import type { Definition, ImageDefaults, JobVerb } from './definition.ts';
import type { Extension } from './extensions.ts';

export type { Definition, ImageDefaults, JobVerb } from './definition.ts';

export interface EngineFailure {
  readonly reason: /** The engine does not answer: nothing is known, the API says 503. */
    | 'unavailable'
    | 'image'
    | 'port-taken'
    | 'no-resources'
    /** A container was made and would not run or become healthy. */
    | 'container'
    /** The engine refuses what is asked for. */
    | 'refused'
    /** The signal was aborted: what was done so far stands, a later job goes on from there. */
    | 'aborted'
    | 'internal';
  /** Fit for the service object: which container, what was expected and got, what next. Never a value of the environment. */
  readonly message: string;
}

export type EngineResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: EngineFailure };

export interface JobLink {
  readonly name: string;
  readonly uuid: string;
  readonly uniqueName: string;
}

/**
 * Brings the containers to where the verb says. Every job is idempotent: the server gives it again after a crash, and
 * it goes on from whatever containers there are.
 *
 * - `start`: as many containers as the target, all running. Ones of an older `revision` are made anew; stopped ones of
 *   this revision are started, not recreated; missing ones are made; surplus ones (highest ordinal first) are removed.
 * - `stop`: every container is stopped and kept.
 * - `scale`: as many as the target: new ones are made and started, surplus ones removed; others are not touched.
 * - `redeploy`: every container of an older `deployment` is replaced by one of this revision and deployment, which
 *   runs (with `reuseVolumes` it gets the image's volumes of its predecessor); missing ones are made, surplus removed.
 * - `terminate`: nothing of the service is left, its data included.
 *
 * `sequential_deployment`: one after the other, each only when the one before is ready; the first failure ends the job.
 * With a target of 0 all but `stop` end with no containers.
 */
export interface Job {
  readonly verb: JobVerb;
  readonly definition: Definition;
  /** Everything to be set on top of the image's environment: link and role variables, then the service's own. */
  readonly environment: Readonly<Record<string, string>>;
  readonly links: readonly JobLink[];
  readonly reuseVolumes: boolean;
}

export interface JobDone {
  /** What the image says, where the job learned it. */
  readonly image?: ImageDefaults;
  /** Something people should know although it went well ("the registry did not answer, the local image was used"). */
  readonly note?: string;
}

export interface ContainerView {
  /** The engine's own id; stable while the container lives. */
  readonly id: string;
  /** `<unique name>-<ordinal>`. */
  readonly name: string;
  /** From 1. */
  readonly ordinal: number;
  /** `unready`: its process runs, but a health check has not (or no longer) passed. It does not count as running. */
  readonly state: 'running' | 'unready' | 'stopped';
  readonly exitCode: number | null;
  /** Of the definition it was made from. */
  readonly revision: number;
  readonly deployment: number;
  /** Wall-clock milliseconds. */
  readonly startedAt: number | null;
  readonly stoppedAt: number | null;
  readonly ports: readonly {
    readonly protocol: 'tcp' | 'udp';
    readonly inner_port: number;
    readonly outer_port: number | null;
  }[];
  /** Why it is not running, where the engine knows. */
  readonly reason: string | null;
}

export interface LogLine {
  /** The container's name. */
  readonly container: string;
  /** RFC 3339 with up to nine decimals, UTC. */
  readonly timestamp: string;
  readonly text: string;
  readonly stream: 'stdout' | 'stderr';
}

/** A part of a definition that this engine cannot carry out: becomes a 400 that names the field. */
export interface Problem {
  readonly field: string;
  readonly message: string;
}

export interface Engine {
  readonly name: 'simulated' | 'docker' | 'swarm';
  /** Which of the engine's own extensions it carries out. Without one its fields are refused. */
  readonly extensions: readonly Extract<Extension, 'bindings' | 'limits'>[];
  /**
   * Connects, checks the ground, takes up watching and the containers' own policies. Resolves to remarks for the
   * operator. Called once, before any other method. Rejects with a UserError when it cannot be used at all.
   */
  start(definitions: readonly Definition[]): Promise<readonly string[]>;
  /** Pure and quick: asked before a create or a PATCH is stored. */
  check(definition: Definition): readonly Problem[];
  /** What an image says. `null`: not known here (not pulled yet); then a job tells it. */
  image(image: string, signal: AbortSignal): Promise<EngineResult<ImageDefaults | null>>;
  /** Carries a job out and resolves when it ended. At most one at a time per service; any number of services at once. */
  run(job: Job, signal: AbortSignal): Promise<EngineResult<JobDone>>;
  /**
   * The settings that take effect without new containers (`auto*`, labels) changed. Until the next call the engine
   * carries the policies out by itself: autorestart (the same container again), autoreplace (a new one in its place),
   * autodestroy (removed), on a container that ends by itself; ON_FAILURE = exit code other than 0, ON_SUCCESS = 0.
   * A container stopped by a job is never restarted by a policy.
   */
  settings(definition: Definition): Promise<EngineResult<void>>;
  /** The containers of each service, sorted by ordinal; a service without any has an empty list. One round trip. */
  inspect(
    definitions: readonly Definition[],
  ): Promise<EngineResult<ReadonlyMap<string, readonly ContainerView[]>>>;
  /** Calls back when something may have changed: for that service, or (undefined) for any. Returns how to end it. */
  watch(hint: (uuid: string | undefined) => void): () => void;
  /** The last `tail` lines of all containers together, oldest first. */
  logs(
    definition: Definition,
    options: { readonly tail: number },
    signal: AbortSignal,
  ): Promise<EngineResult<readonly LogLine[]>>;
  /** Containers go on running; jobs in flight are the caller's to abort first. */
  close(): Promise<void>;
}
