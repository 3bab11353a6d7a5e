/**
 * One row per manifest field that the API knows: how it is compared, how it is changed, what changing it leads to.
 *
 * Read by diff, step, model, schema test, renderers and the server. A field without a row does not compile.
 * `name` is the identity, `state` and `reconcile` are the controller's own; they have no row.
 */
import type { Extension } from './extensions.ts';
import type { Spec } from './spec.ts';

export type Field = keyof Spec;

export interface FieldRow {
  /** The create parameter's default (reference, "Create a new service"); undefined = as defined in the image. */
  readonly default: unknown;
  /** How a declared value is held against the live one. */
  readonly compare: 'exact' | 'image' | 'ports' | 'envvars' | 'links' | 'set' | 'map' | 'bindings';
  /** Who takes it in a PATCH: every server (`reference`), or only one that announces `patch=all`; else it is a replace. */
  readonly patchedBy: 'reference' | 'patch=all';
  /** What its PATCH leads to in a running service (design §4 "what PATCH leads to", decision 0002). */
  readonly leadsTo: 'Scaling' | 'Redeploying' | 'unchanged';
  /** Values are never shown, logged or stored; keys are. */
  readonly secret: boolean;
  /** Not declared = filled in from the image, which is no drift. */
  readonly imageDerived: boolean;
  /** Taken at all only where this is announced. */
  readonly needs?: Extension;
  /** The attribute of the service object that reports it. */
  readonly attribute: string;
}

const shapes = {
  patchedBy: 'patch=all',
  leadsTo: 'Redeploying',
  secret: false,
  imageDerived: false,
} as const;
const settings = {
  patchedBy: 'patch=all',
  leadsTo: 'unchanged',
  secret: false,
  imageDerived: false,
} as const;

export const FIELDS: Readonly<Record<Field, FieldRow>> = {
  image: { ...shapes, default: undefined, compare: 'image', attribute: 'image_name' },
  target_num_containers: {
    default: 1,
    compare: 'exact',
    patchedBy: 'reference',
    leadsTo: 'Scaling',
    secret: false,
    imageDerived: false,
    attribute: 'target_num_containers',
  },
  run_command: {
    ...shapes,
    default: undefined,
    compare: 'exact',
    imageDerived: true,
    attribute: 'run_command',
  },
  entrypoint: {
    ...shapes,
    default: undefined,
    compare: 'exact',
    imageDerived: true,
    attribute: 'entrypoint',
  },
  container_ports: {
    ...shapes,
    default: undefined,
    compare: 'ports',
    imageDerived: true,
    attribute: 'container_ports',
  },
  container_envvars: {
    ...shapes,
    default: undefined,
    compare: 'envvars',
    secret: true,
    imageDerived: true,
    attribute: 'container_envvars',
  },
  linked_to_service: { ...shapes, default: [], compare: 'links', attribute: 'linked_to_service' },
  autorestart: { ...settings, default: 'OFF', compare: 'exact', attribute: 'autorestart' },
  autoreplace: { ...settings, default: 'OFF', compare: 'exact', attribute: 'autoreplace' },
  autodestroy: { ...settings, default: 'OFF', compare: 'exact', attribute: 'autodestroy' },
  sequential_deployment: {
    ...settings,
    default: false,
    compare: 'exact',
    attribute: 'sequential_deployment',
  },
  roles: { ...shapes, default: [], compare: 'set', attribute: 'roles' },
  labels: { ...settings, default: {}, compare: 'map', needs: 'labels', attribute: 'labels' },
  bindings: { ...shapes, default: [], compare: 'bindings', needs: 'bindings', attribute: 'bindings' },
  memory: { ...shapes, default: 0, compare: 'exact', needs: 'limits', attribute: 'memory' },
  cpu_shares: { ...shapes, default: 0, compare: 'exact', needs: 'limits', attribute: 'cpu_shares' },
};

export const FIELD_NAMES = Object.keys(FIELDS) as readonly Field[];

export function isField(text: string): text is Field {
  return Object.hasOwn(FIELDS, text);
}

/** What a PATCH of exactly these fields leads to: the strongest of its fields (design §4). */
export function patchLeadsTo(fields: readonly Field[]): 'Scaling' | 'Redeploying' | 'unchanged' {
  const effects = fields.map((field) => FIELDS[field].leadsTo);
  if (effects.includes('Redeploying')) return 'Redeploying';
  return effects.includes('Scaling') ? 'Scaling' : 'unchanged';
}
