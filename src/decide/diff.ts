/**
 * What differs between a declared spec and what the API reported, field by field.
 *
 * Only declared fields are compared, and only with what was reported: a field the API did not show is not observable,
 * never "equal" and never "different" (design §5). Values of environment variables leave this file as keys only.
 */
import { FIELD_NAMES, FIELDS, type Field } from '../service/fields.ts';
import { normalizeImage } from '../service/image.ts';
import type { Difference, Unknown } from '../service/service.ts';
import type { Binding, EnvVar, Link, Port, Spec } from '../service/spec.ts';

export interface DiffOptions {
  /** The server returns what was set, so a declared list is compared whole; else by declared key (design §5). */
  readonly whole: boolean;
  readonly ignore: readonly (Field | 'state')[];
  readonly unknowns: readonly Unknown[];
}

export function diff(declared: Spec, live: Spec, options: DiffOptions): readonly Difference[] {
  const differences: Difference[] = [];
  for (const field of FIELD_NAMES) {
    const wanted = declared[field];
    const reported = live[field];
    if (wanted === undefined || reported === undefined || wanted === reported) continue;
    if (options.ignore.includes(field)) continue;
    if (field === 'container_envvars') {
      const [asked, there] = [wanted as readonly EnvVar[], reported as readonly EnvVar[]];
      if (!sameInOrder(asked, there, sameVariable)) differences.push(...diffEnv(asked, there, options));
    } else if (!equal(field, wanted, reported, options.whole)) {
      differences.push({ field, live: reported, wanted });
    }
  }
  return differences;
}

/** Lists that are the same even in their order need no closer look: by far the most common case. */
function sameInOrder<T>(a: readonly T[], b: readonly T[], same: (one: T, other: T) => boolean): boolean {
  return a.length === b.length && a.every((one, index) => same(one, b[index] as T));
}

function sameVariable(a: EnvVar, b: EnvVar): boolean {
  return a.key === b.key && a.value === b.value;
}

/** The fields a list of differences touches, in the field table's order. */
export function fieldsOf(differences: readonly Difference[]): readonly Field[] {
  const touched = new Set<Field>(differences.map((one) => one.field));
  return FIELD_NAMES.filter((field) => touched.has(field));
}

function equal(field: Field, wanted: unknown, live: unknown, whole: boolean): boolean {
  switch (FIELDS[field].compare) {
    case 'exact':
    case 'envvars':
      return wanted === live;
    case 'image':
      return normalizeImage(wanted as string) === normalizeImage(live as string);
    case 'set':
      return covers(wanted as readonly string[], live as readonly string[], whole, (one) => one);
    case 'map':
      return covers(Object.entries(wanted as object), Object.entries(live as object), whole, ([key, value]) =>
        JSON.stringify([key, value]),
      );
    case 'links':
      return covers(wanted as readonly Link[], live as readonly Link[], whole, (link) =>
        JSON.stringify([link.name, link.to_service]),
      );
    case 'bindings':
      return covers(wanted as readonly Binding[], live as readonly Binding[], whole, (one) =>
        JSON.stringify([one.container_path, one.volume, one.rewritable ?? true]),
      );
    case 'ports':
      return equalPorts(wanted as readonly Port[], live as readonly Port[], whole);
  }
}

/** Equal as sets where `whole`, else every wanted one is there. */
function covers<T>(
  wanted: readonly T[],
  live: readonly T[],
  whole: boolean,
  key: (one: T) => string,
): boolean {
  const there = new Set(live.map(key));
  const asked = new Set(wanted.map(key));
  return [...asked].every((one) => there.has(one)) && (!whole || asked.size === there.size);
}

/** Where the server fills in the port it picked, a declared port without `outer_port` is met by any. */
function equalPorts(wanted: readonly Port[], live: readonly Port[], whole: boolean): boolean {
  if (sameInOrder(wanted, live, samePort)) return true;
  const exact = (port: Port) => `${port.protocol}/${port.inner_port}/${port.outer_port ?? ''}`;
  if (whole) return covers(wanted, live, true, exact);
  const loose = new Set(live.map((port) => `${port.protocol}/${port.inner_port}/`));
  const there = new Set(live.map(exact));
  return wanted.every((port) => (port.outer_port === undefined ? loose : there).has(exact(port)));
}

function samePort(a: Port, b: Port): boolean {
  return a.protocol === b.protocol && a.inner_port === b.inner_port && a.outer_port === b.outer_port;
}

function diffEnv(
  wanted: readonly EnvVar[],
  live: readonly EnvVar[],
  { whole, unknowns }: DiffOptions,
): readonly Difference[] {
  const unknown = new Set(unknowns.filter((one) => one.field === 'container_envvars').map((one) => one.key));
  const asked = new Map(wanted.map((one) => [one.key, one.value]));
  const there = new Map(live.map((one) => [one.key, one.value]));
  const keys = [...new Set([...asked.keys(), ...there.keys()])].filter((key) => !unknown.has(key)).sort();
  return keys.flatMap((key): readonly Difference[] => {
    const field = 'container_envvars';
    if (!there.has(key)) return [{ field, key, change: 'added' }];
    if (!asked.has(key)) return whole ? [{ field, key, change: 'removed' }] : [];
    return asked.get(key) === there.get(key) ? [] : [{ field, key, change: 'changed' }];
  });
}
