/**
 * How each create parameter is read from JSON into a definition's spec. One row per field of service/fields.ts.
 */
import type { DefinedSpec, Definition } from '../../service/definition.ts';
import { FIELDS, type Field } from '../../service/fields.ts';
import { links } from './links.ts';
import { bindings, envvars, labels, ports, tags } from './lists.ts';
import { each, flag, Invalid, integer, oneOf, text } from './values.ts';

export interface FieldContext {
  /** The user's services that can be linked to. */
  readonly candidates: readonly Definition[];
  readonly self: string | undefined;
  readonly mostContainers: number;
  /** Whether `roles: ["global"]` may be granted. */
  readonly globalRole: boolean;
}

type Reader<T> = (value: unknown, context: FieldContext) => T;

const AUTO = ['OFF', 'ON_FAILURE', 'ALWAYS'] as const;
const IMAGE = /^[a-zA-Z0-9][a-zA-Z0-9._/:@+-]{0,511}$/;

const orImage =
  <T>(read: Reader<T>): Reader<T | null> =>
  (value, context) =>
    value === null ? null : read(value, context);

export const READERS: { readonly [K in Field | 'tags']: Reader<DefinedSpec[K]> } = {
  image(value) {
    const image = text(value).trim();
    if (image === '') throw new Invalid('this field cannot be blank');
    if (!IMAGE.test(image))
      throw new Invalid('expected an image in docker format, for example tutum/hello-world:1.0');
    return image;
  },
  target_num_containers: (value, { mostContainers }) => integer(value, 0, mostContainers),
  run_command: orImage((value) => text(value)),
  entrypoint: orImage((value) => text(value)),
  container_ports: orImage(ports),
  container_envvars: envvars,
  linked_to_service: (value, { candidates, self }) => links(value, candidates, self),
  autorestart: (value) => oneOf(value, AUTO),
  autoreplace: (value) => oneOf(value, AUTO),
  autodestroy: (value) => oneOf(value, [...AUTO, 'ON_SUCCESS']),
  sequential_deployment: flag,
  roles(value, { globalRole }) {
    const roles = each(value, (role) => oneOf(role, ['global']));
    if (roles.length > 0 && !globalRole) {
      throw new Invalid(
        'the role global is not granted by this server (it gives containers access to the API)',
      );
    }
    return [...new Set(roles)];
  },
  labels,
  bindings,
  memory: (value) => integer(value, 0, 2 ** 31 - 1),
  cpu_shares: (value) => integer(value, 0, 262_144),
  tags,
};

export type SpecField = keyof typeof READERS;

export function isSpecField(text: string): text is SpecField {
  return Object.hasOwn(READERS, text);
}

/** What a create that says nothing gets (reference, "Create a new service"). */
export const DEFAULTS: Omit<DefinedSpec, 'image'> = {
  target_num_containers: FIELDS.target_num_containers.default as number,
  run_command: null,
  entrypoint: null,
  container_ports: null,
  container_envvars: [],
  linked_to_service: [],
  autorestart: 'OFF',
  autoreplace: 'OFF',
  autodestroy: 'OFF',
  sequential_deployment: false,
  roles: [],
  labels: {},
  bindings: [],
  tags: [],
  memory: 0,
  cpu_shares: 0,
};

/**
 * Parameters that old clients always send although this API has none of them: taken at a value that asks for nothing,
 * refused by name otherwise (`research/api.md` §1.3, §2).
 */
export const LEGACY: Readonly<Record<string, (value: unknown) => boolean>> = {
  memory_swap: (value) => Number(value) === 0,
  linked_to_container: isEmpty,
  privileged: isFalse,
  autoredeploy: isFalse,
  tty: isFalse,
  stdin_open: isFalse,
  read_only: isFalse,
  deployment_strategy: (value) => value === 'EMPTIEST_NODE',
  net: (value) => value === 'bridge',
  network: (value) => value === 'bridge',
  pid: (value) => value === 'none',
  working_dir: isEmpty,
  nickname: isEmpty,
  stack: isEmpty,
  user: isEmpty,
  hostname: isEmpty,
  domainname: isEmpty,
  mac_address: isEmpty,
  cpuset: isEmpty,
  cgroup_parent: isEmpty,
  dns: isEmpty,
  dns_search: isEmpty,
  cap_add: isEmpty,
  cap_drop: isEmpty,
  devices: isEmpty,
  extra_hosts: isEmpty,
  security_opt: isEmpty,
};

function isEmpty(value: unknown): boolean {
  return value === '' || (Array.isArray(value) && value.length === 0);
}

function isFalse(value: unknown): boolean {
  return value === false || value === 'false' || value === 'False';
}
