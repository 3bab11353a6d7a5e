/**
 * What an accepted request does to a service: the state table's answer, as a pure function. Nothing here knows HTTP,
 * stores or engines.
 */
import type { DefinedSpec, Definition, JobVerb } from '../service/definition.ts';
import type { Extension } from '../service/extensions.ts';
import { FIELDS, isField, patchLeadsTo } from '../service/fields.ts';
import { type Action, allows, type ServiceState, STATES, takesUpdate } from '../service/states.ts';
import { withTag } from './image-name.ts';
import { changedFields } from './input/compare.ts';
import type { FieldMessages, Given } from './input/request.ts';

export type Verdict =
  /** The state does not allow it; the message names the state and what it allows. */
  | { readonly kind: 'wrong-state'; readonly message: string }
  | { readonly kind: 'invalid'; readonly fields: FieldMessages }
  /** Equal to what is there already. */
  | { readonly kind: 'unchanged' }
  | {
      readonly kind: 'change';
      /** As it will be stored, but for the bookkeeping of the operation. */
      readonly definition: Definition;
      readonly job: JobVerb | undefined;
      readonly reuseVolumes: boolean;
      /** A policy or label changed without a job: the engine is told. */
      readonly settings: boolean;
    };

export type Offers = (extension: Extension) => boolean;

export interface ActionOptions {
  readonly tag?: string | undefined;
  readonly token?: string | undefined;
  readonly reuseVolumes: boolean;
}

export function decideAction(
  action: Action,
  definition: Definition,
  state: ServiceState,
  offers: Offers,
  options: ActionOptions,
): Verdict {
  if (!allows(state, action, offers)) return wrongState(state, `'${action}'`, offers);
  const change = (next: Definition): Verdict => ({
    kind: 'change',
    definition: next,
    job: action,
    reuseVolumes: options.reuseVolumes,
    settings: false,
  });
  if (action === 'terminate') {
    return change({ ...definition, spec: { ...definition.spec, target_num_containers: 0 } });
  }
  if (action !== 'redeploy') return change(definition);
  const image =
    options.tag === undefined ? definition.spec.image : withTag(definition.spec.image, options.tag);
  const changed = changedFields(definition, { image }).length > 0;
  return change({
    ...definition,
    spec: { ...definition.spec, image: changed ? image : definition.spec.image },
    revision: definition.revision + (changed ? 1 : 0),
    deployment: definition.deployment + 1,
    redeployToken: options.token ?? definition.redeployToken,
  });
}

/** A PATCH: stored for later or carried out at once, by the strongest of the fields that really change (design §4). */
export function decideUpdate(
  definition: Definition,
  state: ServiceState,
  given: Given,
  offers: Offers,
): Verdict {
  if (!takesUpdate(state)) return wrongState(state, 'PATCH', offers);
  const changed = changedFields(definition, given.spec);
  const token = given.redeployToken === undefined ? definition.redeployToken : given.redeployToken;
  if (changed.length === 0 && token === definition.redeployToken) return { kind: 'unchanged' };

  const fields = changed.filter(isField);
  const effect = patchLeadsTo(fields);
  const row = STATES[state];
  const applied = row.kind === 'resting' && row.update === 'applied' && effect !== 'unchanged';
  const job = !applied ? undefined : effect === 'Redeploying' ? 'redeploy' : 'scale';
  const spec = Object.fromEntries(changed.map((field) => [field, given.spec[field]])) as Partial<DefinedSpec>;
  return {
    kind: 'change',
    definition: {
      ...definition,
      spec: { ...definition.spec, ...spec },
      revision: definition.revision + (effect === 'Redeploying' ? 1 : 0),
      deployment: definition.deployment + (job === 'redeploy' ? 1 : 0),
      redeployToken: token,
    },
    job,
    reuseVolumes: true,
    settings: job === undefined && fields.some((field) => FIELDS[field].leadsTo === 'unchanged'),
  };
}

/** `/scale/` of later clients: brings the number of containers to the target, where it is not there yet. */
export function decideScale(
  definition: Definition,
  state: ServiceState,
  current: number,
  offers: Offers,
): Verdict {
  const row = STATES[state];
  if (row.kind !== 'resting') return wrongState(state, "'scale'", offers);
  if (row.update === 'stored' || current === definition.spec.target_num_containers)
    return { kind: 'unchanged' };
  return { kind: 'change', definition, job: 'scale', reuseVolumes: true, settings: false };
}

const ACTIONS: readonly Action[] = ['start', 'stop', 'redeploy', 'terminate'];

function wrongState(state: ServiceState, asked: string, offers: Offers): Verdict {
  const possible: string[] = ACTIONS.filter((action) => allows(state, action, offers));
  if (takesUpdate(state)) possible.push('PATCH');
  const allowed = possible.length === 0 ? 'nothing' : possible.join(', ');
  return {
    kind: 'wrong-state',
    message: `${asked} is not allowed in state '${state}'; it allows: ${allowed}`,
  };
}
