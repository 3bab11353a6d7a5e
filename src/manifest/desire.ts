/**
 * A validated, resolved manifest → `Wish`. Only what is declared enters the spec; what could not be resolved is left
 * out of it and listed as unknown. Links and `depends_on` keep names: uuids are nobody's business here.
 */
import { type Field, isField } from '../service/fields.ts';
import type { ServiceManifest } from '../service/manifest.gen.ts';
import type { Place, Unknown, Wish } from '../service/service.ts';
import type { EnvVar, Link, Port, Spec } from '../service/spec.ts';
import { serviceUri, uuidOfUri } from '../service/uri.ts';
import type { ManifestDocument } from './file.ts';
import type { Unset } from './resolve.ts';
import { valueAt } from './validate.ts';

export function desire(
  manifest: ServiceManifest,
  unset: readonly Unset[],
  { place, places }: Pick<ManifestDocument, 'place' | 'places'>,
): Wish {
  const unknowns = unset.flatMap((one) => unknownOf(manifest, one));
  const { reconcile = {}, autodestroy = 'OFF' } = manifest;
  const spec = specOf(manifest, unknowns);
  return {
    name: manifest.name,
    want: manifest.state === 'Stopped' ? 'stopped' : 'running',
    spec,
    unknowns,
    ignore: reconcile.ignore === undefined ? NONE : [...new Set(reconcile.ignore)],
    allowReplace: reconcile.allow_replace ?? false,
    adopt: reconcile.adopt ?? false,
    protect: reconcile.protect ?? false,
    runOnce: reconcile.run_once === true || autodestroy !== 'OFF',
    redeploy: reconcile.redeploy,
    dependsOn: dependenciesOf(spec, reconcile.depends_on),
    place,
    places: withEnvPlaces(manifest, places),
  };
}

const NONE: readonly never[] = [];

function dependenciesOf(spec: Spec, written: readonly string[] | undefined): readonly string[] {
  if (spec.linked_to_service === undefined && written === undefined) return NONE;
  const links = (spec.linked_to_service ?? []).map(({ to_service }) => to_service);
  const names = [...links, ...(written ?? [])].filter((to) => uuidOfUri(to) === undefined);
  return [...new Set(names)].sort();
}

/** An entry of the environment is unknown alone; of any other field the whole field is. */
function unknownOf(manifest: ServiceManifest, { path, variable }: Unset): Unknown[] {
  const field = String(path[0]);
  if (!isField(field)) return [];
  if (field !== 'container_envvars' || path[2] === 'key') return [{ field, variable }];
  const key = valueAt(manifest, [...path.slice(0, 2), 'key']);
  return [typeof key === 'string' ? { field, key, variable } : { field, variable }];
}

/** Adds `container_envvars/KEY`, for messages that know a key only. */
function withEnvPlaces(
  { container_envvars = [] }: ServiceManifest,
  places: Readonly<Record<string, Place>>,
): Readonly<Record<string, Place>> {
  const byKey: Record<string, Place> = {};
  for (const [index, { key }] of container_envvars.entries()) {
    const place = places[`container_envvars/${index}`];
    if (place !== undefined) byKey[`container_envvars/${key}`] = place;
  }
  return Object.keys(byKey).length === 0 ? places : { ...places, ...byKey };
}

function specOf(manifest: ServiceManifest, unknowns: readonly Unknown[]): Spec {
  const isUnknown = (field: string, key?: string) =>
    unknowns.some((one) => one.field === field && one.key === key);
  const spec: { [field in Field]?: unknown } = {};
  for (const field of Object.keys(manifest)) {
    if (!isField(field) || isUnknown(field)) continue;
    if (field === 'container_ports') spec[field] = manifest[field]?.map(port);
    else if (field === 'linked_to_service') spec[field] = manifest[field]?.map(link);
    else if (field === 'container_envvars')
      spec[field] = manifest[field]?.flatMap(({ key, value }): EnvVar[] =>
        value === undefined || isUnknown(field, key) ? [] : [{ key, value }],
      );
    else spec[field] = manifest[field];
  }
  // Every field of it was checked against the schema that `Spec` says in types.
  return spec as Spec;
}

type ManifestPort = NonNullable<ServiceManifest['container_ports']>[number];
type ManifestLink = NonNullable<ServiceManifest['linked_to_service']>[number];

function port({ protocol = 'tcp', inner_port, outer_port }: ManifestPort): Port {
  return outer_port === undefined ? { protocol, inner_port } : { protocol, inner_port, outer_port };
}

function link({ to_service, name }: ManifestLink): Link {
  const uuid = uuidOfUri(to_service);
  return { to_service: uuid === undefined ? to_service : serviceUri(uuid), name: name ?? to_service };
}
