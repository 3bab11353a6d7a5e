/**
 * The one idea: the next thing to do about one service.
 *
 * Pure and total. It reads no clock, counts no attempts, knows no other service and decides no ownership; `match`,
 * `links`, `plan` and the drive do. What it prefers is written down course by course in test/golden/courses.txt,
 * which is read as the specification.
 */
import { type Extension, offers } from '../service/extensions.ts';
import { FIELD_NAMES, FIELDS, type Field } from '../service/fields.ts';
import type {
  Decision,
  Desired,
  Difference,
  Note,
  Observed,
  Operation,
  Patch,
  Policy,
  Reason,
} from '../service/service.ts';
import { allows, isMoving, STATES } from '../service/states.ts';
import { diff, fieldsOf } from './diff.ts';
import { stateAfterUpdate } from './model.ts';
import { assumedServed, recordToken, tokenAsks } from './token.ts';

type Wished = Extract<Desired, { want: 'running' | 'stopped' }>;
type Existing = Extract<Observed, { exists: true }>;

export function step(desired: Desired, observed: Observed, policy: Policy): Decision {
  if (observed.exists === 'unclear') return blocked({ code: 'unknown-state', state: observed.state });
  if (!observed.exists || STATES[observed.state].kind === 'gone') {
    return desired.want === 'absent' ? inSync() : whenGone(desired, observed, policy);
  }
  if (isMoving(observed.state)) return { kind: 'wait', state: observed.state };
  if (desired.want === 'absent') {
    return policy.protect
      ? blocked({ code: 'protected', verb: 'delete' })
      : act({ verb: 'terminate', uuid: observed.uuid }, { code: 'unwanted' });
  }
  return whenResting(desired, observed, policy);
}

/** Everything that differs now, whether or not anything will be done about it. */
export function differences(desired: Desired, observed: Observed, policy: Policy): readonly Difference[] {
  if (desired.want === 'absent' || observed.exists !== true) return [];
  return diff(desired.spec, observed.fields, {
    whole: offers(policy.capabilities, 'full-list'),
    ignore: desired.ignore,
    unknowns: desired.unknowns,
  });
}

function whenGone(desired: Wished, observed: Observed, policy: Policy): Decision {
  if (desired.runOnce && observed.deployedBefore && !tokenAsks(desired, observed)) {
    return inSync([{ code: 'deployed-once' }, ...assumedServed(desired, observed)]);
  }
  const why: Reason =
    desired.runOnce && observed.deployedBefore && desired.redeploy !== undefined
      ? { code: 'redeploy-token', token: desired.redeploy }
      : { code: desired.runOnce ? 'never-deployed' : 'missing' };
  return (
    needs(desired, policy, []) ??
    act({ verb: 'create', spec: desired.spec, redeployToken: desired.redeploy }, why)
  );
}

/**
 * A declared field that this server does not take blocks the service (design §5); one it took before is lost. What is
 * ignored is needed for a create only.
 */
function needs(desired: Wished, policy: Policy, ignore: Wished['ignore']): Decision | undefined {
  for (const field of FIELD_NAMES) {
    const extension = FIELDS[field].needs;
    if (desired.spec[field] === undefined || extension === undefined || ignore.includes(field)) continue;
    if (!offers(policy.capabilities, extension)) return lacking(extension, [field], policy);
  }
  return undefined;
}

function whenResting(desired: Wished, observed: Existing, policy: Policy): Decision {
  const differ = differences(desired, observed, policy);
  const ends = desired.runOnce && observed.state !== 'Init';
  if (ends && (desired.want === 'stopped' || !tokenAsks(desired, observed))) {
    return settled(desired, observed, policy, [{ code: 'deployed-once' }, ...listed(differ)]);
  }
  const want = desired.ignore.includes('state') && observed.state !== 'Init' && !ends ? 'any' : desired.want;
  const ignored = desired.ignore.includes('target_num_containers');
  const declaredTarget = ignored ? undefined : desired.spec.target_num_containers;
  const none = (declaredTarget ?? observed.fields.target_num_containers ?? 1) === 0;

  if (want === 'running' && !none) return towardsRunning(desired, observed, policy, differ);
  if (observed.state === 'Not running') {
    return needs(desired, policy, desired.ignore) ?? settled(desired, observed, policy, listed(differ));
  }
  const up = observed.state === 'Running' || observed.state === 'Partly running';
  const change = removeDifferences(desired, observed, policy, differ, want === 'any' && up);
  if (change?.kind === 'act' && change.operation.verb === 'terminate') return change;
  const targetDiffers = differ.some((one) => one.field === 'target_num_containers');
  if (up && (want === 'stopped' || (want === 'running' && declaredTarget === 0 && !targetDiffers))) {
    return act(
      { verb: 'stop', uuid: observed.uuid },
      { code: 'state', state: observed.state, want: 'stopped' },
    );
  }
  if (change !== undefined) return change;
  if (want === 'any' && up && tokenAsks(desired, observed)) return redeploy(desired, observed, policy);
  return settled(desired, observed, policy, []);
}

/** Wish Running with at least one container. */
function towardsRunning(
  desired: Wished,
  observed: Existing,
  policy: Policy,
  differ: readonly Difference[],
): Decision {
  const change = removeDifferences(desired, observed, policy, differ, true);
  if (change !== undefined) return change;
  const asks = tokenAsks(desired, observed);
  const { state, uuid } = observed;
  const why: Reason = { code: 'state', state, want: 'running' };
  switch (state) {
    case 'Init':
      return recordToken(desired, observed, policy) ?? act(firstStart(desired, observed), why);
    case 'Stopped':
      return asks ? redeploy(desired, observed, policy) : act({ verb: 'start', uuid }, why);
    case 'Partly running': {
      if (asks) return redeploy(desired, observed, policy);
      if (policy.capabilities.lost.includes('start-partly')) return lacking('start-partly', [], policy);
      const canStart = allows(state, 'start', (extension) => offers(policy.capabilities, extension));
      return canStart ? act({ verb: 'start', uuid }, why) : redeploy(desired, observed, policy);
    }
    case 'Not running':
      return redeploy(desired, observed, policy);
    default:
      return asks ? redeploy(desired, observed, policy) : settled(desired, observed, policy, []);
  }
}

/** From Init everything is made anew, so the start serves a token that asks (decision 0003). */
function firstStart(desired: Wished, observed: Existing): Operation {
  const start = { verb: 'start', uuid: observed.uuid } as const;
  if (desired.redeploy === undefined || !tokenAsks(desired, observed)) return start;
  return { ...start, token: desired.redeploy };
}

/**
 * One PATCH for all that can be patched, a replace as soon as one field cannot (design §4). The redeploy token goes
 * along where the PATCH serves it, or where it is only to be recorded because nothing is to run (design §6).
 */
function removeDifferences(
  desired: Wished,
  observed: Existing,
  policy: Policy,
  differ: readonly Difference[],
  runs: boolean,
): Decision | undefined {
  const lacks = needs(desired, policy, desired.ignore);
  if (lacks !== undefined || differ.length === 0) return lacks;
  const fields = fieldsOf(differ);
  const beyond = fields.filter((field) => FIELDS[field].patchedBy === 'patch=all');
  if (beyond.length > 0 && !offers(policy.capabilities, 'patch=all')) {
    if (policy.capabilities.lost.includes('patch=all')) return lacking('patch=all', beyond, policy);
    // What was deployed once is in sync when it is gone: it would be destroyed and not made anew.
    if (desired.runOnce && observed.deployedBefore && !tokenAsks(desired, observed)) return undefined;
    return replace(desired, observed, policy, { code: 'cannot-patch', fields: beyond });
  }
  const patch: Patch & Record<string, unknown> = Object.fromEntries(
    fields.map((field) => [field, desired.spec[field]]),
  );
  const redeploys = stateAfterUpdate(observed.state, patch) === 'Redeploying';
  const { uuid } = observed;
  const why: Reason = { code: 'differs', differences: differ };
  const fromNothing =
    observed.state === 'Init' ||
    (observed.state === 'Not running' && observed.fields.target_num_containers === 0);
  const serves = redeploys || fromNothing || !runs;
  if (serves && tokenAsks(desired, observed) && offers(policy.capabilities, 'redeploy-token')) {
    return act({ verb: 'update', uuid, patch: { ...patch, redeploy_token: desired.redeploy } as Patch }, why);
  }
  return act({ verb: 'update', uuid, patch }, why);
}

/** `redeploy` where the state and the server allow it; else nothing but a replace leads on. */
function redeploy(desired: Wished, observed: Existing, policy: Policy): Decision {
  const { state, uuid } = observed;
  const asks = tokenAsks(desired, observed);
  if (asks && policy.capabilities.lost.includes('redeploy-token'))
    return lacking('redeploy-token', [], policy);
  if (!allows(state, 'redeploy', (extension) => offers(policy.capabilities, extension))) {
    if (policy.capabilities.lost.includes('redeploy-idle')) return lacking('redeploy-idle', [], policy);
    return replace(desired, observed, policy, { code: 'no-way-out', state });
  }
  const why: Reason =
    asks && desired.redeploy !== undefined
      ? { code: 'redeploy-token', token: desired.redeploy }
      : { code: 'state', state, want: 'running' };
  return act({ verb: 'redeploy', uuid, token: asks ? desired.redeploy : undefined }, why);
}

/** The first half of a replace; that the rest follows is the business of the next steps. Destroys data. */
function replace(desired: Wished, observed: Existing, policy: Policy, why: Reason): Decision {
  const lacks = needs(desired, policy, []);
  if (lacks !== undefined) return lacks;
  if (policy.protect) return blocked({ code: 'protected', verb: 'replace' });
  if (!policy.allowReplace) {
    const fields = why.code === 'cannot-patch' ? why.fields : [];
    return blocked({ code: 'replace-off', fields, state: observed.state });
  }
  return act({ verb: 'terminate', uuid: observed.uuid }, why);
}

/** In sync but for the token, which is recorded by the server or, where it keeps none, by the journal (design §6). */
function settled(desired: Wished, observed: Existing, policy: Policy, notes: readonly Note[]): Decision {
  const record = recordToken(desired, observed, policy);
  if (record !== undefined) return record;
  const { redeploy: token } = desired;
  if (token === undefined) return inSync(notes);
  const kept = observed.redeployToken === token;
  return inSync([...notes, ...assumedServed(desired, observed)], kept ? undefined : token);
}

function lacking(extension: Extension, fields: readonly Field[], policy: Policy): Decision {
  const lost = policy.capabilities.lost.includes(extension);
  return blocked({ code: lost ? 'capability-lost' : 'capability-missing', extension, fields });
}

function listed(differ: readonly Difference[]): readonly Note[] {
  return differ.length === 0 ? [] : [{ code: 'listed', differences: differ }];
}

function inSync(notes: readonly Note[] = [], remember?: string): Decision {
  return { kind: 'in-sync', notes, remember };
}

function act(
  operation: Extract<Decision, { kind: 'act' }>['operation'],
  why: Reason,
): Extract<Decision, { kind: 'act' }> {
  return { kind: 'act', operation, why };
}

function blocked(block: Extract<Decision, { kind: 'blocked' }>['block']): Decision {
  return { kind: 'blocked', block };
}
