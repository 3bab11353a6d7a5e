/**
 * A service's state, from what was asked for and what containers there are. The only place that names a state of a
 * service at rest; nothing stores one, so none can be wrong after a crash.
 */
import type { JobVerb } from '../service/definition.ts';
import type { ContainerView } from '../service/engine.ts';
import { LEADS_TO, type ServiceState } from '../service/states.ts';

export interface Counts {
  readonly current: number;
  readonly running: number;
  readonly stopped: number;
}

export function countContainers(containers: readonly Pick<ContainerView, 'state'>[]): Counts {
  const of = (state: ContainerView['state']) => containers.filter((one) => one.state === state).length;
  return { current: containers.length, running: of('running'), stopped: of('stopped') };
}

/**
 * - An operation in flight shows its moving state, whatever the containers do.
 * - No container: Init if there never was one, else Not running.
 * - All stopped: Stopped, also when they ended by themselves.
 * - As many as wished, all running (and healthy): Running. Anything else: Partly running, from which everything leads on.
 */
export function deriveState(
  target: number,
  containers: readonly Pick<ContainerView, 'state'>[],
  operationInFlight: JobVerb | undefined,
  everDeployed: boolean,
): ServiceState {
  if (operationInFlight !== undefined) {
    return operationInFlight === 'scale' ? 'Scaling' : LEADS_TO[operationInFlight];
  }
  const { current, running, stopped } = countContainers(containers);
  if (current === 0) return everDeployed ? 'Not running' : 'Init';
  if (stopped === current) return 'Stopped';
  return running === current && current === target ? 'Running' : 'Partly running';
}

/** As `deriveState`, for a definition; Terminated once it has its tombstone's date. */
export function stateOf(
  definition: {
    readonly destroyedAt: number | null;
    readonly operation: { readonly verb: JobVerb } | null;
    readonly everDeployed: boolean;
    readonly spec: { readonly target_num_containers: number };
  },
  containers: readonly Pick<ContainerView, 'state'>[],
): ServiceState {
  if (definition.destroyedAt !== null) return 'Terminated';
  return deriveState(
    definition.spec.target_num_containers,
    containers,
    definition.operation?.verb,
    definition.everDeployed,
  );
}
