/**
 * A server that behaves as the reference says, typed a second time by hand: it reads neither the state table nor the
 * model. It refuses what it must not be asked.
 */
import type { Claim, Memory } from '../../src/service/memory.ts';
import type { Live, Operation } from '../../src/service/service.ts';
import type { Link, Spec } from '../../src/service/spec.ts';

const RESTING = ['Init', 'Running', 'Partly running', 'Stopped', 'Not running'];
const TAKES: Readonly<Record<string, readonly string[]>> = {
  start: ['Init', 'Stopped', 'Partly running'],
  stop: ['Running', 'Partly running'],
  redeploy: ['Running', 'Partly running', 'Stopped', 'Not running'],
  terminate: RESTING,
  update: RESTING,
};
const LEADS: Readonly<Record<string, Live['state']>> = {
  start: 'Starting',
  stop: 'Stopping',
  redeploy: 'Redeploying',
  terminate: 'Terminating',
};
const QUIET = [
  'autorestart',
  'autoreplace',
  'autodestroy',
  'sequential_deployment',
  'labels',
  'redeploy_token',
];

export class World {
  services: readonly Live[];
  readonly claims: Map<string, Claim>;
  readonly tokens: Map<string, string>;
  readonly #keepsTokens: boolean;
  #made = 0;

  constructor(services: readonly Live[], memory: Partial<Memory>, keepsTokens: boolean) {
    this.services = services;
    this.claims = new Map(memory.claims);
    this.tokens = new Map(memory.tokens);
    this.#keepsTokens = keepsTokens;
  }

  get moves(): boolean {
    return this.services.some((one) => rest(one) !== one);
  }

  /** Every transition comes to its end; links to what is gone are dropped by nobody. */
  settle(): void {
    this.services = this.services.map(rest);
  }

  perform(name: string, operation: Operation): void {
    if (operation.verb === 'create') {
      this.#create(name, operation.spec, operation.redeployToken);
      return;
    }
    const before = this.services.find((one) => one.uuid === operation.uuid);
    if (before === undefined) throw new Error(`${operation.verb} of ${operation.uuid}, which is not there`);
    const { verb } = operation;
    if (typeof before.state !== 'string' || TAKES[verb]?.includes(before.state) !== true) {
      throw new Error(`${verb} of ${name} in ${JSON.stringify(before.state)}`);
    }
    const token =
      verb === 'update' ? operation.patch.redeploy_token : 'token' in operation ? operation.token : undefined;
    this.#put({
      ...this.#changed(before, operation),
      ...(this.#keepsTokens && token !== undefined && verb !== 'start' ? { redeployToken: token } : {}),
    });
    if (verb === 'update' && operation.patch.linked_to_service !== undefined) {
      this.#relink(before.uuid, operation.patch.linked_to_service);
    }
    const claim = this.claims.get(before.uuid);
    const started = verb === 'start' || verb === 'redeploy';
    if (claim !== undefined) {
      this.claims.set(before.uuid, {
        ...claim,
        started: claim.started || started,
        redeployToken: token ?? claim.redeployToken,
      });
    } else if (token !== undefined) this.tokens.set(before.uuid, token);
  }

  #changed(before: Live, operation: Exclude<Operation, { verb: 'create' }>): Live {
    if (operation.verb !== 'update') return { ...before, state: LEADS[operation.verb] ?? before.state };
    const { redeploy_token: _, ...patch } = operation.patch;
    const fields = { ...before.fields, ...patch };
    const names = Object.keys(operation.patch).filter((field) => !QUIET.includes(field));
    const stored = before.state === 'Init' || before.state === 'Stopped' || names.length === 0;
    const state = names.some((field) => field !== 'target_num_containers') ? 'Redeploying' : 'Scaling';
    return { ...before, fields, state: stored ? before.state : state };
  }

  #create(name: string, spec: Spec, redeployToken: string | undefined): void {
    this.#made += 1;
    const uuid = `new-${this.#made}`;
    for (const link of spec.linked_to_service ?? []) {
      if (link.to_service.startsWith('@')) throw new Error(`${name} links to ${link.to_service}`);
    }
    const claim = { uuid, name, redeployToken: redeployToken ?? null, started: false, gone: false };
    this.claims.set(uuid, claim);
    this.services = [
      ...this.services,
      {
        uuid,
        name,
        state: 'Init',
        fields: { ...spec, target_num_containers: spec.target_num_containers ?? 1 },
        mark: { owner: 'default', name, attempt: uuid, in: 'container_envvars' },
        redeployToken: this.#keepsTokens ? (redeployToken ?? null) : undefined,
        linkedFrom: undefined,
        containers: {},
        deployedAt: null,
        note: undefined,
      },
    ];
  }

  /** The other side of a link follows. */
  #relink(uuid: string, links: readonly Link[]): void {
    this.services = this.services.map((one) => {
      if (one.linkedFrom === undefined) return one;
      const linked = links.some((link) => link.to_service === `/api/v1/service/${one.uuid}/`);
      const others = one.linkedFrom.filter((from) => from !== uuid);
      return { ...one, linkedFrom: linked ? [...others, uuid] : others };
    });
  }

  #put(live: Live): void {
    this.services = this.services.map((one) => (one.uuid === live.uuid ? live : one));
  }
}

function rest(live: Live): Live {
  const up = live.fields.target_num_containers === 0 ? 'Not running' : 'Running';
  switch (live.state) {
    case 'Starting':
    case 'Redeploying':
      return { ...live, state: up, deployedAt: 9 };
    case 'Scaling':
      return { ...live, state: up };
    case 'Stopping':
      return { ...live, state: 'Stopped' };
    case 'Terminating':
      return { ...live, state: 'Terminated' };
    default:
      return live;
  }
}
