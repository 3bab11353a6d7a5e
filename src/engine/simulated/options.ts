/** What a simulation can be told: how long things take, what goes wrong, what images say. All of it from one seed. */
import type { ImageDefaults, JobVerb } from '../../service/definition.ts';
import type { EngineFailure } from '../../service/engine.ts';
import type { Clock } from '../../service/ports.ts';
import type { Store } from '../../service/store.ts';

/** What the `engine` part of a fault file may hold. */
export interface Simulation {
  /** Milliseconds that one container takes. Default: start and scale 1500, redeploy 2500, stop and terminate 1000. */
  readonly delays?: Partial<Readonly<Record<JobVerb, number>>>;
  /** Part of a delay that is left to chance: 0.2 = between 80 % and 120 %. Default 0.2. */
  readonly jitter?: number;
  /** The first that applies makes a job fail. */
  readonly failures?: readonly JobFailure[];
  /** More images, or other defaults for known ones, by name without registry; with or without tag. */
  readonly images?: Readonly<Record<string, SimulatedImage>>;
  /** Machines: a fixed outer port can be taken once on each. Default: as many as it takes. */
  readonly hosts?: number;
}

export interface JobFailure {
  readonly verb?: JobVerb;
  /** The service's name. */
  readonly name?: string;
  /** Of the jobs that match. Default 1. */
  readonly probability?: number;
  /** At most so many times since the engine was started. */
  readonly times?: number;
  /** `image`: nothing is changed. Others: one container fails, the rest are carried out. `stuck`: it never ends. */
  readonly reason?: Exclude<EngineFailure['reason'], 'unavailable' | 'aborted' | 'internal'> | 'stuck';
  readonly message?: string;
}

export interface SimulatedImage extends Partial<ImageDefaults> {
  /** Its containers end by themselves. */
  readonly exits?: Exit;
}

export interface Exit {
  readonly after_ms: number;
  readonly code: number;
}

export interface SimulatedOptions extends Simulation {
  readonly clock: Clock;
  /** Keeps the containers, so that a restarted server finds them. */
  readonly store: Pick<Store, 'engine' | 'write'>;
  /** Default 1. */
  readonly seed?: number;
  /** What it says it carries out. Default: both; a memory limit here is as real as a container. */
  readonly extensions?: readonly ('bindings' | 'limits')[];
}

export const DEFAULT_DELAYS: Readonly<Record<JobVerb, number>> = {
  start: 1_500,
  scale: 1_500,
  redeploy: 2_500,
  stop: 1_000,
  terminate: 1_000,
};

/** No waiting, no chance: for tests. */
export const INSTANT: Simulation = {
  delays: { start: 0, scale: 0, redeploy: 0, stop: 0, terminate: 0 },
  jitter: 0,
};
