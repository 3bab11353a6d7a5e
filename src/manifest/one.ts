/**
 * What a schema cannot say about one manifest: the same thing given twice, reserved keys, a link to itself, fields
 * that make no sense together.
 */
import type { ServiceManifest } from '../service/manifest.gen.ts';
import { MARK_KEY } from '../service/mark.ts';
import { uuidOfUri } from '../service/uri.ts';
import type { Path } from './data.ts';
import type { Violation } from './validate.ts';
import { looksLikeKey } from './visible.ts';

export interface Findings {
  readonly violations: readonly Violation[];
  readonly warnings: readonly Violation[];
}

/** Most manifests have none of the lists, so each is looked at only where it is there: this runs ten thousand times. */
export function checkOne(manifest: ServiceManifest): Findings {
  const { container_envvars, labels, container_ports, linked_to_service, bindings, reconcile } = manifest;
  const violations: Violation[] = [];
  if (container_envvars !== undefined) violations.push(...environment(container_envvars));
  if (labels !== undefined) violations.push(...reservedLabel(labels));
  if (container_ports !== undefined) violations.push(...ports(container_ports));
  if (linked_to_service !== undefined) violations.push(...links(manifest.name, linked_to_service));
  if (bindings !== undefined) violations.push(...volumes(bindings));
  if (reconcile?.depends_on !== undefined)
    violations.push(...dependencies(manifest.name, reconcile.depends_on));
  return { violations, warnings: reconcile?.ignore === undefined ? [] : ignored(manifest, reconcile.ignore) };
}

type List<field extends keyof ServiceManifest> = NonNullable<ServiceManifest[field]>;

const at = (code: Violation['code'], message: string, path: Path, hint?: string): Violation => ({
  code,
  message,
  path,
  hint,
  at: 'value',
});

const RESERVED = `${MARK_KEY} is reserved: it marks who made the service`;

function environment(items: List<'container_envvars'>): Violation[] {
  const seen = new Map<string, number>();
  return items.flatMap(({ key }, index) => {
    const path = ['container_envvars', index];
    if (key === MARK_KEY) return [at('EK308', RESERVED, path)];
    const earlier = seen.get(key);
    seen.set(key, index);
    if (earlier === undefined) return [];
    const name = looksLikeKey(key) ? ` (${key})` : '';
    return [at('EK305', `the same environment variable twice${name}: items ${earlier} and ${index}`, path)];
  });
}

function reservedLabel(labels: List<'labels'>): Violation[] {
  return Object.hasOwn(labels, MARK_KEY) ? [at('EK308', RESERVED, ['labels', MARK_KEY])] : [];
}

function ports(items: List<'container_ports'>): Violation[] {
  if (items.length < 2) return [];
  const seen = new Map<string, number>();
  return items.flatMap(({ protocol = 'tcp', inner_port, outer_port }, index) => {
    const same =
      outer_port === undefined ? `inner ${protocol}/${inner_port}` : `outer ${protocol}/${outer_port}`;
    const earlier = seen.get(same);
    seen.set(same, index);
    if (earlier === undefined) return [];
    return [at('EK306', `${same} twice: items ${earlier} and ${index}`, ['container_ports', index])];
  });
}

function links(name: string, items: List<'linked_to_service'>): Violation[] {
  const seen = new Map<string, number>();
  return items.flatMap((link, index) => {
    const path = ['linked_to_service', index];
    if (link.to_service === name) return [at('EK307', 'a service cannot be linked to itself', path)];
    if (link.name === undefined && uuidOfUri(link.to_service) !== undefined)
      return [at('EK309', 'a link to a resource URI needs a `name`', path)];
    const alias = link.name ?? link.to_service;
    const earlier = seen.get(alias);
    seen.set(alias, index);
    if (earlier === undefined) return [];
    return [
      at('EK312', `the same link name twice: items ${earlier} and ${index}`, path, 'give one another `name`'),
    ];
  });
}

function volumes(items: List<'bindings'>): Violation[] {
  const seen = new Map<string, number>();
  return items.flatMap(({ container_path }, index) => {
    const earlier = seen.get(container_path);
    seen.set(container_path, index);
    if (earlier === undefined) return [];
    return [at('EK312', `the same container_path twice: items ${earlier} and ${index}`, ['bindings', index])];
  });
}

function dependencies(name: string, items: readonly string[]): Violation[] {
  return items.flatMap((to, index) =>
    to === name ? [at('EK307', 'a service cannot depend on itself', ['reconcile', 'depends_on', index])] : [],
  );
}

function ignored(manifest: ServiceManifest, fields: readonly string[]): Violation[] {
  return fields.flatMap((field, index) => {
    if (field === 'state' || Object.hasOwn(manifest, field)) return [];
    const message = `${field} is ignored but not declared: only declared fields are ever compared`;
    return [at('EK352', message, ['reconcile', 'ignore', index])];
  });
}
