/**
 * What the API should report next, read from the same state table that the server keeps to.
 *
 * `predict`: right after an operation is accepted. `settle`: once a moving service rests, if all goes well. Where the
 * world does otherwise, the drive looks again and `apply` holds to its permit.
 */
import { FIELDS, isField, patchLeadsTo } from '../service/fields.ts';
import type { Observed, Operation, Patch } from '../service/service.ts';
import { LEADS_TO, type ServiceState, STATES } from '../service/states.ts';

/** The observation that the acceptance of `operation` should show. A service not made yet has the uuid `@name`. */
export function predict(observed: Observed, operation: Operation, name: string): Observed {
  if (operation.verb === 'create') {
    const target = operation.spec.target_num_containers ?? (FIELDS.target_num_containers.default as number);
    return {
      exists: true,
      uuid: `@${name}`,
      state: 'Init',
      fields: { ...operation.spec, target_num_containers: target },
      deployedBefore: observed.deployedBefore,
      redeployToken: operation.redeployToken ?? null,
    };
  }
  if (observed.exists !== true) throw new Error(`cannot ${operation.verb} ${name}: it does not exist`);
  if (operation.verb === 'update') {
    const { redeploy_token: token, ...fields } = operation.patch;
    return {
      ...observed,
      state: stateAfterUpdate(observed.state, operation.patch),
      fields: { ...observed.fields, ...fields },
      redeployToken: token ?? observed.redeployToken,
    };
  }
  const deploys = operation.verb === 'start' || operation.verb === 'redeploy';
  return {
    ...observed,
    state: LEADS_TO[operation.verb],
    deployedBefore: observed.deployedBefore || deploys,
    redeployToken: ('token' in operation ? operation.token : undefined) ?? observed.redeployToken,
  };
}

/** Where a PATCH leads from a resting state (design §4, "what PATCH leads to"). */
export function stateAfterUpdate(state: ServiceState, patch: Patch): ServiceState {
  const row = STATES[state];
  if (row.kind !== 'resting' || row.update === 'stored') return state;
  const effect = patchLeadsTo(Object.keys(patch).filter(isField));
  return effect === 'unchanged' ? state : effect;
}

/** Where a moving service comes to rest; with a target of 0 there is nothing to run. */
export function settle(observed: Observed): Observed {
  if (observed.exists !== true) return observed;
  const row = STATES[observed.state];
  if (row.kind !== 'moving') return observed;
  if (row.settles === 'Terminated') {
    return {
      exists: false,
      deployedBefore: observed.deployedBefore,
      redeployToken: observed.redeployToken,
    };
  }
  const idle = row.settles === 'Running' && observed.fields.target_num_containers === 0;
  return { ...observed, state: idle ? 'Not running' : row.settles };
}
