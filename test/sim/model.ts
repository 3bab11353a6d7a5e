/**
 * `step` as a graph: every observation of one service × every wish × every memory × every set of extensions, and from
 * each decision every answer a server can give.
 *
 * What the server does is `truth.ts`, not the model in src. A node is what `step` is given; an edge is what may come of
 * its decision. Asked of the whole graph: no verb that the state forbids, no PATCH of what is not offered; every circle
 * in which something is written has a way out; and where the server does what it is asked and all goes well, every node
 * ends, in sync or blocked, without a circle.
 */
import { step } from '../../src/decide/step.ts';
import type { Capabilities } from '../../src/service/extensions.ts';
import { EXTENSIONS } from '../../src/service/extensions.ts';
import type { Decision, Desired, Observed, Operation, Policy } from '../../src/service/service.ts';
import type { ServiceState } from '../../src/service/states.ts';
import { type Edge, graphOf } from './graph.ts';
import * as truth from './truth.ts';

export interface Wanted {
  readonly desired: Desired;
  readonly policy: Policy;
}

type Token = string | null | undefined;
interface Seen {
  readonly state: string | undefined;
  readonly image: string;
  readonly target: number;
  readonly restart: string;
  readonly deployed: boolean;
  readonly token: Token;
}

const WISH = { image: 'nginx:2', autorestart: 'ALWAYS' } as const;
const TOKEN = 't2';

// ── every wish ────────────────────────────────────────────────────────────────────────────────────────────────

/** The extensions that decide between operations; the others are fields, which are there or not. */
const DECISIVE = ['patch=all', 'start-partly', 'redeploy-idle', 'full-list', 'redeploy-token'] as const;
const CAPABILITIES: readonly Capabilities[] = [
  { offered: EXTENSIONS, lost: [] },
  { offered: [], lost: [] },
  { offered: [], lost: EXTENSIONS },
  ...DECISIVE.flatMap((one) => {
    const offered = EXTENSIONS.filter((other) => other !== one);
    return [
      { offered, lost: [] },
      { offered, lost: [one] },
    ];
  }),
];

export function* wanted(): Generator<Wanted> {
  for (const capabilities of CAPABILITIES)
    for (const protect of [false, true])
      for (const allowReplace of [false, true]) {
        const policy = { capabilities, protect, allowReplace };
        yield { desired: { want: 'absent', name: 'web' }, policy };
        for (const desired of wishes()) yield { desired, policy };
      }
}

function* wishes(): Generator<Desired> {
  for (const want of ['running', 'stopped'] as const)
    for (const target of [2, 0, undefined])
      for (const runOnce of [false, true])
        for (const redeploy of [undefined, TOKEN])
          for (const ignore of [[], ['target_num_containers'], ['state']] as const) {
            const spec = target === undefined ? WISH : { ...WISH, target_num_containers: target };
            yield { want, name: 'web', spec, unknowns: [], ignore, runOnce, redeploy };
          }
}

// ── every observation ─────────────────────────────────────────────────────────────────────────────────────────

export function* sights(): Generator<Seen> {
  for (const token of [undefined, null, 't1', TOKEN])
    for (const deployed of [false, true]) {
      yield { state: undefined, image: '', target: 0, restart: '', deployed, token };
      for (const state of [...truth.STATES.filter((one) => one !== 'Terminated'), 'Hibernating'])
        for (const image of ['nginx:1', WISH.image])
          for (const target of [0, 2, 5])
            for (const restart of ['OFF', WISH.autorestart])
              yield { state, image, target, restart, deployed: deployed || state !== 'Init', token };
    }
}

function observed({ state, image, target, restart, deployed, token }: Seen): Observed {
  const remembered = { deployedBefore: deployed, redeployToken: token };
  if (state === undefined) return { exists: false, ...remembered };
  if (!truth.STATES.includes(state)) return { exists: 'unclear', uuid: 'u', state, ...remembered };
  const fields = {
    ...truth.DEFAULTS,
    container_ports: [],
    container_envvars: [],
    linked_to_service: [],
    roles: [],
    bindings: [],
    image,
    target_num_containers: target,
    autorestart: restart as 'OFF',
  };
  return { exists: true, uuid: 'u', state: state as ServiceState, fields, ...remembered };
}

// ── every answer ──────────────────────────────────────────────────────────────────────────────────────────────

export interface Explored {
  readonly nodes: number;
  readonly edges: number;
  readonly circles: number;
  readonly mostWrites: number;
  readonly decisions: Readonly<Record<string, number>>;
  /** By how its fair way ends: how many nodes. */
  readonly ends: Readonly<Record<string, number>>;
  readonly wrong: readonly string[];
}

export function explore(one: Wanted): Explored {
  const wrong: string[] = [];
  const decisions: Record<string, number> = {};
  const decided = (seen: Seen) => step(one.desired, observed(seen), one.policy);
  const graph = graphOf(sights(), text, (seen: Seen) => {
    const decision = decided(seen);
    const what = decision.kind === 'act' ? decision.operation.verb : decision.kind;
    decisions[what] = (decisions[what] ?? 0) + 1;
    const bad = decision.kind === 'act' ? forbidden(decision.operation, seen, one.policy) : undefined;
    if (bad !== undefined) wrong.push(`${bad}: ${text(seen)}`);
    return follow(decision, seen);
  });
  const ends: Record<string, number> = {};
  for (const end of graph.ends) {
    if (end === undefined) continue;
    const decision = decided(end);
    const how = decision.kind === 'blocked' ? `blocked: ${decision.block.code}` : decision.kind;
    ends[how] = (ends[how] ?? 0) + 1;
    if (!mayEnd(decision, one)) wrong.push(`ends ${how} without a reason: ${text(end)}`);
  }
  for (const seen of graph.traps) wrong.push(`a circle of writes without a way out: ${text(seen)}`);
  for (const seen of graph.endless) wrong.push(`all goes well, and it never ends: ${text(seen)}`);
  const { edges, circles, mostWrites } = graph;
  return { nodes: graph.nodes.length, edges, circles, mostWrites, decisions, ends, wrong };
}

const text = (seen: Seen): string =>
  `${seen.state}|${seen.image}|${seen.target}|${seen.restart}|${seen.deployed}|${seen.token}`;

/** In sync; or blocked by what is there to see in the observation, the policy or the extensions. */
function mayEnd(decision: Decision, { desired, policy }: Wanted): boolean {
  if (decision.kind === 'in-sync') return true;
  if (decision.kind !== 'blocked') return false;
  switch (decision.block.code) {
    case 'unknown-state':
      return true;
    case 'protected':
      return policy.protect;
    case 'replace-off':
      return (
        !policy.allowReplace &&
        desired.want !== 'absent' &&
        policy.capabilities.offered.length < EXTENSIONS.length
      );
    case 'capability-lost':
      return policy.capabilities.lost.includes(decision.block.extension);
    default:
      return false;
  }
}

/** What the state table and the announced extensions say against an operation. */
function forbidden(operation: Operation, { state }: Seen, policy: Policy): string | undefined {
  const { offered } = policy.capabilities;
  const { verb } = operation;
  if (verb === 'create') return state === undefined ? undefined : `create beside ${state}`;
  if (state === undefined) return `${verb} of nothing`;
  if (verb === 'terminate' && policy.protect) return 'terminate of what is protected';
  if (verb === 'update' && !offered.includes('patch=all')) {
    const strange = Object.keys(operation.patch).filter(
      (field) =>
        field !== 'target_num_containers' &&
        !(field === 'redeploy_token' && offered.includes('redeploy-token')),
    );
    if (strange.length > 0) return `update of ${strange}`;
  }
  if (truth.isAllowed('reference', state, verb)) return undefined;
  const extension = verb === 'start' ? 'start-partly' : 'redeploy-idle';
  const extended = truth.isAllowed('ours', state, verb) && offered.includes(extension);
  return extended ? undefined : `${verb} in ${state}`;
}

function follow(decision: Decision, seen: Seen): readonly Edge<Seen>[] {
  switch (decision.kind) {
    case 'blocked':
      return [];
    case 'in-sync':
      return decision.remember === undefined || seen.token === decision.remember
        ? []
        : [{ to: { ...seen, token: decision.remember }, fair: true, write: false }];
    case 'wait':
      return settled(seen);
    case 'act': {
      const to = accepted(decision.operation, seen);
      // Refused, lost on the way, not answered: as it was. Not there (404): gone, by another's hand.
      const gone = { ...seen, state: undefined, image: '', target: 0, restart: '' };
      return [
        { to, fair: true, write: true },
        { to: seen, fair: false, write: true },
        ...(seen.state === undefined ? [] : [{ to: gone, fair: false, write: true }]),
      ];
    }
  }
}

function accepted(operation: Operation, seen: Seen): Seen {
  switch (operation.verb) {
    case 'create': {
      const { image = '', target_num_containers: target = 1, autorestart = 'OFF' } = operation.spec;
      const token = operation.redeployToken ?? null;
      return { ...seen, state: 'Init', image, target, restart: autorestart, token };
    }
    case 'update': {
      const { patch } = operation;
      const state = truth.stateAfterPatch(seen.state ?? '', Object.keys(patch));
      return {
        ...seen,
        state,
        image: patch.image ?? seen.image,
        target: patch.target_num_containers ?? seen.target,
        restart: patch.autorestart ?? seen.restart,
        token: patch.redeploy_token ?? seen.token,
      };
    }
    default: {
      const token = ('token' in operation ? operation.token : undefined) ?? seen.token;
      const deployed = seen.deployed || operation.verb === 'start' || operation.verb === 'redeploy';
      return { ...seen, state: truth.LEADS_TO[operation.verb], token, deployed };
    }
  }
}

/** Where a moving service may come to rest: well, badly, or not at all. */
function settled(seen: Seen): readonly Edge<Seen>[] {
  const to = (state: string | undefined, fair: boolean): Edge<Seen> => ({
    to: state === undefined ? { ...seen, state, image: '', target: 0, restart: '' } : { ...seen, state },
    fair,
    write: false,
  });
  const never = to(seen.state, false);
  if (seen.state === 'Terminating') return [to(undefined, true), never];
  if (seen.state === 'Stopping') return [to('Stopped', true), to('Partly running', false), never];
  if (seen.target === 0) return [to('Not running', true), never];
  return [
    to('Running', true),
    ...['Partly running', 'Stopped', 'Not running'].map((state) => to(state, false)),
    never,
  ];
}
