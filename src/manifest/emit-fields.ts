/** The fields of a live service as a manifest declares them: none at its default, links by name, values by reference. */
import { FIELDS, type Field, isField } from '../service/fields.ts';
import type { Live } from '../service/service.ts';
import type { Spec } from '../service/spec.ts';
import { uuidOfUri } from '../service/uri.ts';
import { escapeDollars } from './variables.ts';

/** How the fields of one service are written. */
export interface Context {
  readonly names: ReadonlyMap<string, string>;
  readonly inlineValues: boolean;
  readonly adopt?: boolean;
  /** `from to` of the links that are written by resource URI, although the target has a name. */
  readonly byUri: ReadonlySet<string>;
}

export function declared(live: Live, options: Context): Readonly<Partial<Record<Field, unknown>>> {
  const result: Partial<Record<Field, unknown>> = {};
  for (const [field, value] of Object.entries(live.fields)) {
    if (!isField(field) || isDefault(field, value)) continue;
    if (field === 'container_envvars') result[field] = environment(live, options);
    else if (field === 'linked_to_service') result[field] = links(live, options);
    else result[field] = escaped(value);
  }
  return result;
}

function isDefault(field: Field, value: unknown): boolean {
  const { imageDerived, default: usual } = FIELDS[field];
  if (value === undefined) return true;
  const empty = value === '' || (Array.isArray(value) && value.length === 0);
  return imageDerived ? empty : JSON.stringify(value) === JSON.stringify(usual);
}

function links(live: Live, { names, byUri }: Context): NonNullable<Spec['linked_to_service']> {
  return (live.fields.linked_to_service ?? []).map(({ to_service, name }) => {
    const uuid = uuidOfUri(to_service);
    const target = names.get(uuid ?? '');
    const named = target !== undefined && !byUri.has(`${live.name} ${target}`);
    return { to_service: named ? target : to_service, name: escapeDollars(name) };
  });
}

function environment(live: Live, { inlineValues }: Context): readonly object[] {
  const used = new Set<string>();
  return (live.fields.container_envvars ?? []).map(({ key, value }) => {
    if (inlineValues) return { key: escapeDollars(key), value: escapeDollars(value) };
    const wanted = variableName(live.name, key);
    let variable = wanted;
    for (let count = 2; used.has(variable); count++) variable = `${wanted}_${count}`;
    used.add(variable);
    return { key: escapeDollars(key), value_from: { env: variable } };
  });
}

/** `web`, `DB_PASSWORD` → `WEB_DB_PASSWORD`. Names that are never given out to manifests are moved out of the way. */
function variableName(service: string, key: string): string {
  const name = `${service.toUpperCase()}_${key}`.replace(/[^A-Za-z0-9_]/g, '_');
  return /^(?:[0-9]|TUTUM_|EVENKEEL_|DOCKERCLOUD_)/i.test(name) ? `_${name}` : name;
}

/** Every text inside `value`, so that loading does not take a dollar sign for a variable. Keys stay as they are. */
function escaped(value: unknown): unknown {
  if (typeof value === 'string') return escapeDollars(value);
  if (Array.isArray(value)) return value.map(escaped);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, escaped(inner)]));
}
