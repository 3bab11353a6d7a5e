/** Builders for the nouns of deciding: a test names only what it is about. */
import { ALL_EXTENSIONS, type Capabilities, EXTENSIONS, REFERENCE } from '../../src/service/extensions.ts';
import type { Desired, Live, Observed, Policy, Wish } from '../../src/service/service.ts';
import type { Spec } from '../../src/service/spec.ts';
import type { ServiceState } from '../../src/service/states.ts';

export type Wished = Extract<Desired, { want: 'running' | 'stopped' }>;
export type Existing = Extract<Observed, { exists: true }>;

/** What the platform reports for a service that declared no more than its image. */
export const REPORTED: Spec = {
  image: 'nginx:1',
  target_num_containers: 2,
  run_command: 'nginx',
  entrypoint: '',
  container_ports: [],
  container_envvars: [],
  linked_to_service: [],
  autorestart: 'OFF',
  autoreplace: 'OFF',
  autodestroy: 'OFF',
  sequential_deployment: false,
  roles: [],
};

export function desired(over: Partial<Wished> = {}): Wished {
  return {
    want: 'running',
    name: 'web',
    spec: { image: 'nginx:1', target_num_containers: 2 },
    unknowns: [],
    ignore: [],
    runOnce: false,
    redeploy: undefined,
    ...over,
  };
}

export function observed(state: ServiceState, over: Partial<Existing> = {}): Existing {
  return {
    exists: true,
    uuid: 'u-web',
    state,
    fields: REPORTED,
    deployedBefore: state !== 'Init',
    redeployToken: null,
    ...over,
  };
}

export const MISSING: Observed = { exists: false, deployedBefore: false, redeployToken: undefined };

export function policy(over: Partial<Policy> = {}): Policy {
  return { allowReplace: false, protect: false, capabilities: ALL_EXTENSIONS, ...over };
}

/** Announced earlier, missing now. */
export const LOST: Capabilities = { offered: [], lost: EXTENSIONS };
export { ALL_EXTENSIONS, REFERENCE };

export function wish(name: string, over: Partial<Wish> = {}): Wish {
  return {
    name,
    want: 'running',
    spec: { image: 'nginx:1', target_num_containers: 2 },
    unknowns: [],
    ignore: [],
    allowReplace: false,
    adopt: false,
    protect: false,
    runOnce: false,
    redeploy: undefined,
    dependsOn: [],
    place: { file: `${name}.yaml`, line: 1, col: 1 },
    places: {},
    ...over,
  };
}

export function live(name: string, over: Partial<Live> = {}): Live {
  return {
    uuid: `u-${name}`,
    name,
    state: 'Running',
    fields: REPORTED,
    mark: { owner: 'default', name, attempt: `a-${name}`, in: 'container_envvars' },
    redeployToken: undefined,
    linkedFrom: undefined,
    containers: {},
    deployedAt: 0,
    note: undefined,
    ...over,
  };
}
