/**
 * The service API's own state, written a second time from the design and the reference, on purpose without a line of
 * src: what an oracle believes must not be what the program believes.
 */

export const EXTENSIONS =
  'patch=all, start-partly, redeploy-idle, full-list, labels, idempotency-key, redeploy-token, bindings, limits';

/** `ours`: the server of this repository with all extensions. `reference`: the platform as its documentation says. */
export type Profile = 'ours' | 'reference';

export type Verb = 'start' | 'stop' | 'redeploy' | 'terminate' | 'update';

/** The reference's state table, and what the design adds to it for our own server. */
const ALLOWED: Readonly<Record<string, readonly Verb[]>> = {
  Init: ['start', 'terminate', 'update'],
  Starting: [],
  Running: ['stop', 'redeploy', 'terminate', 'update'],
  'Partly running': ['stop', 'redeploy', 'terminate', 'update'],
  Scaling: [],
  Redeploying: [],
  Stopping: [],
  Stopped: ['start', 'redeploy', 'terminate', 'update'],
  Terminating: [],
  Terminated: [],
  'Not running': ['terminate', 'update'],
};
const ADDED: Readonly<Record<string, readonly Verb[]>> = {
  'Partly running': ['start'],
  'Not running': ['redeploy'],
};

export const STATES: readonly string[] = Object.keys(ALLOWED);
export const MOVING: readonly string[] = ['Starting', 'Scaling', 'Redeploying', 'Stopping', 'Terminating'];

export function isAllowed(profile: Profile, state: string, verb: Verb): boolean {
  if (ALLOWED[state]?.includes(verb) === true) return true;
  return profile === 'ours' && ADDED[state]?.includes(verb) === true;
}

export const LEADS_TO = {
  start: 'Starting',
  stop: 'Stopping',
  redeploy: 'Redeploying',
  terminate: 'Terminating',
} as const;

/** Fields whose change makes containers anew. */
const SHAPING = [
  'image',
  'run_command',
  'entrypoint',
  'container_ports',
  'container_envvars',
  'linked_to_service',
  'roles',
  'bindings',
  'memory',
  'cpu_shares',
];
export const SETTABLE: readonly string[] = [
  ...SHAPING,
  'target_num_containers',
  'autorestart',
  'autoreplace',
  'autodestroy',
  'sequential_deployment',
  'labels',
];

export interface Spec {
  readonly image: string;
  readonly target_num_containers: number;
  readonly [field: string]: unknown;
}

export const DEFAULTS = {
  target_num_containers: 1,
  run_command: '/run.sh',
  entrypoint: '',
  container_ports: [],
  container_envvars: [],
  linked_to_service: [],
  autorestart: 'OFF',
  autoreplace: 'OFF',
  autodestroy: 'OFF',
  sequential_deployment: false,
  roles: [],
  labels: {},
  bindings: [],
  memory: 0,
  cpu_shares: 0,
} as const;

/** Where a change of these fields leads from a state in which it is taken. */
export function stateAfterPatch(state: string, changed: readonly string[]): string {
  if (state === 'Init' || state === 'Stopped') return state;
  if (changed.some((field) => SHAPING.includes(field))) return 'Redeploying';
  return changed.includes('target_num_containers') ? 'Scaling' : state;
}

/** One version of a service; never changed, only followed by another. */
export interface Service {
  readonly uuid: string;
  readonly name: string;
  readonly state: string;
  readonly spec: Spec;
  readonly token: string | null;
  readonly deployedAt: number | null;
  readonly destroyedAt: number | null;
}

export function isLive(service: Service): boolean {
  return service.state !== 'Terminated' && service.state !== 'Terminating';
}

/** The owner in an ownership mark of `spec`, whoever set it. */
export function ownerOf(spec: Spec): string | undefined {
  const labels = spec['labels'] as Readonly<Record<string, string>> | undefined;
  const envvars = spec['container_envvars'] as readonly { key: string; value: string }[] | undefined;
  const mark = labels?.['EVENKEEL_OWNER'] ?? envvars?.find((one) => one.key === 'EVENKEEL_OWNER')?.value;
  return mark?.split('/')[0];
}
