/**
 * A definition and its containers as the service object of the API: by allow-list, never by spreading what is stored.
 *
 * One shape for list and detail (extension `full-list`); the reference profile takes the detail's keys out of its list.
 */
import { createHash } from 'node:crypto';
import { apiDate } from '../service/dates.ts';
import type { DefinedPort, Definition } from '../service/definition.ts';
import type { ContainerView } from '../service/engine.ts';
import { serviceUri } from '../service/uri.ts';
import type { ServiceObject } from '../service/wire.ts';
import { countContainers, stateOf } from './derive.ts';
import { imageName, imageTag } from './image-name.ts';
import { portsOf } from './link-variables.ts';

/** Keys that only the detail of the reference has (`research/api.md` §1.2) and the extensions' own. */
const NOT_IN_REFERENCE_LIST = [
  'actions',
  'container_envvars',
  'containers',
  'link_variables',
  'linked_from_service',
  'linked_to_service',
  'roles',
  'calculated_envvars',
] as const;
const EXTENSION_KEYS = ['labels', 'bindings', 'redeploy_token', 'note'] as const;

/** What is at the other end of links, both ways. */
export interface Neighbours {
  /** Targets of links. */
  readonly byUuid: ReadonlyMap<string, Definition>;
  /** Live services that link to a uuid, with the names of the links. */
  readonly linking: ReadonlyMap<string, readonly { readonly from: string; readonly name: string }[]>;
}

type Linking = Map<string, { readonly from: string; readonly name: string }[]>;

/** By the very array they were found in: equal questions about it have equal answers. */
const linkings = new WeakMap<readonly Definition[], Linking>();

function linkingOf(definitions: readonly Definition[]): Linking {
  const found = linkings.get(definitions);
  if (found !== undefined) return found;
  const linking: Linking = new Map();
  for (const { uuid: from, spec, destroyedAt } of definitions) {
    if (destroyedAt !== null) continue;
    for (const { uuid, name } of spec.linked_to_service) {
      const known = linking.get(uuid);
      if (known === undefined) linking.set(uuid, [{ from, name }]);
      else known.push({ from, name });
    }
  }
  linkings.set(definitions, linking);
  return linking;
}

/** For the links of `wanted`, among all `definitions`. */
export function neighboursOf(
  definitions: readonly Definition[],
  wanted: readonly Definition[] = definitions,
): Neighbours {
  const targets = new Set(wanted.flatMap((one) => one.spec.linked_to_service.map(({ uuid }) => uuid)));
  const found = targets.size === 0 ? [] : definitions.filter((one) => targets.has(one.uuid));
  return { byUuid: new Map(found.map((one) => [one.uuid, one])), linking: linkingOf(definitions) };
}

export function serviceObject(
  definition: Definition,
  containers: readonly ContainerView[],
  neighbours: Neighbours,
): ServiceObject {
  const { spec, image } = definition;
  const counts = countContainers(containers);
  return {
    uuid: definition.uuid,
    resource_uri: serviceUri(definition.uuid),
    name: definition.name,
    unique_name: definition.uniqueName,
    state: stateOf(definition, containers),
    note: definition.note ?? brokenContainer(containers),
    image_name: imageName(spec.image),
    image_tag: imageTag(spec.image),
    target_num_containers: spec.target_num_containers,
    current_num_containers: counts.current,
    running_num_containers: counts.running,
    stopped_num_containers: counts.stopped,
    synchronized: containers.every((one) => one.revision === definition.revision),
    run_command: spec.run_command ?? image?.run_command ?? '',
    entrypoint: spec.entrypoint ?? image?.entrypoint ?? '',
    container_ports: portsOf(definition).map(portObject),
    container_envvars: spec.container_envvars,
    linked_to_service: linkedTo(definition, neighbours),
    linked_from_service: linkedFrom(definition, neighbours),
    link_variables: definition.linkVariables,
    calculated_envvars: calculated(definition),
    autorestart: spec.autorestart,
    autoreplace: spec.autoreplace,
    autodestroy: spec.autodestroy,
    sequential_deployment: spec.sequential_deployment,
    roles: spec.roles,
    labels: spec.labels,
    tags: spec.tags.map((name) => ({ name })),
    bindings: spec.bindings,
    memory: spec.memory,
    memory_swap: 0,
    cpu_shares: spec.cpu_shares,
    redeploy_token: definition.redeployToken,
    public_dns: null,
    stack: null,
    containers: containers.map((one) => `/api/v1/container/${uuidFrom('container', one.id)}/`),
    actions: definition.actions.map((uuid) => `/api/v1/action/${uuid}/`),
    deployed_datetime: date(definition.deployedAt),
    started_datetime: date(definition.startedAt),
    stopped_datetime: date(stoppedAt(definition, containers)),
    destroyed_datetime: date(definition.destroyedAt),
  };
}

/** What the reference's server shows of it: in its list without links, environment and roles. */
export function referenceObject(object: ServiceObject, where: 'list' | 'detail'): ServiceObject {
  const hidden: readonly string[] =
    where === 'list' ? [...NOT_IN_REFERENCE_LIST, ...EXTENSION_KEYS] : EXTENSION_KEYS;
  return Object.fromEntries(Object.entries(object).filter(([key]) => !hidden.includes(key))) as ServiceObject;
}

const date = (ms: number | null) => (ms === null ? null : apiDate(ms));

function portObject(port: DefinedPort) {
  const { protocol, inner_port, outer_port, published } = port;
  const uriProtocol =
    protocol === 'udp' ? 'udp' : inner_port === 443 ? 'https' : inner_port === 80 ? 'http' : 'tcp';
  return {
    protocol,
    inner_port,
    outer_port,
    published,
    port_name: uriProtocol,
    uri_protocol: uriProtocol,
    endpoint_uri: null,
  };
}

/** A link to a terminated service is dropped, at once for the reader. */
function linkedTo(definition: Definition, neighbours: Neighbours) {
  return definition.spec.linked_to_service
    .filter((link) => neighbours.byUuid.get(link.uuid)?.destroyedAt === null)
    .map((link) => ({
      to_service: serviceUri(link.uuid),
      name: link.name,
      from_service: serviceUri(definition.uuid),
    }));
}

function linkedFrom(definition: Definition, neighbours: Neighbours) {
  return (neighbours.linking.get(definition.uuid) ?? []).map(({ from, name }) => ({
    from_service: serviceUri(from),
    to_service: serviceUri(definition.uuid),
    name,
  }));
}

function calculated(definition: Definition) {
  const from = (origin: string, entries: readonly (readonly [string, string])[]) =>
    entries.map(([key, value]) => [key, { key, value, origin }] as const);
  const pairs = (list: readonly { readonly key: string; readonly value: string }[]) =>
    list.map(({ key, value }) => [key, value] as const);
  return [
    ...new Map([
      ...from('image', pairs(definition.image?.envvars ?? [])),
      ...from('link', Object.entries(definition.linkVariables)),
      ...from('user', pairs(definition.spec.container_envvars)),
    ]).values(),
  ];
}

/** When the last container stopped by itself, where that is later than the last `stop`. */
function stoppedAt(definition: Definition, containers: readonly ContainerView[]): number | null {
  if (stateOf(definition, containers) !== 'Stopped') return definition.stoppedAt;
  const ends = containers.map((one) => one.stoppedAt ?? 0);
  const last = Math.max(definition.stoppedAt ?? 0, ...ends);
  return last === 0 ? null : last;
}

function brokenContainer(containers: readonly ContainerView[]): string | null {
  const broken = containers.find((one) => one.state !== 'running' && one.reason !== null);
  return broken === undefined ? null : `${broken.name}: ${broken.reason}`;
}

/** A uuid in the form of version 4 that is a hash of the words (old clients take only that form for a uuid). */
export function uuidFrom(...words: readonly string[]): string {
  const bytes = createHash('sha256').update(words.join('\u0000')).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
