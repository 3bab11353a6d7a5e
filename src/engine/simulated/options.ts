/** What the simulated engine is given, and how long things take where nothing is said. */
import type { JobVerb } from '../../service/definition.ts';
import type { Clock } from '../../service/ports.ts';
import type { Simulation } from '../../service/simulation.ts';
import type { Store } from '../../service/store.ts';

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
