/**
 * What a simulation of containers can be told: how long things take, what goes wrong, what images say. Read from the
 * `engine` part of a fault file, carried out by the simulated engine.
 */
import type { ImageDefaults, JobVerb } from './definition.ts';
import type { EngineFailure } from './engine.ts';

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
