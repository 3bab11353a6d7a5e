/**
 * Live services → manifests, for `export` and `adopt`. Loading what is written here and planning against the same
 * services shows nothing to do.
 *
 * Fields at their default are left out. Environment values are written only when asked for; otherwise each becomes a
 * `value_from` that names a variable.
 */
import { Document, Scalar, visit } from 'yaml';
import { FIELDS, type Field, isField } from '../service/fields.ts';
import type { Live } from '../service/service.ts';
import type { Spec } from '../service/spec.ts';
import { uuidOfUri } from '../service/uri.ts';
import { validate } from './validate.ts';
import { escapeDollars } from './variables.ts';

export interface EmitOptions {
  /** uuid → the name under which a link to it is written; any other link keeps its resource URI. */
  readonly names: ReadonlyMap<string, string>;
  /** Writes the values of environment variables, which are secrets. */
  readonly inlineValues: boolean;
  /** Writes `reconcile.adopt: true`. */
  readonly adopt?: boolean;
  /** For editors; as seen from where the file will be. */
  readonly schemaPath?: string;
}

export interface Emitted {
  /** One document for each service, by name. Empty when there is none. */
  readonly text: string;
  /** Services that no manifest can describe, and why. */
  readonly skipped: readonly { readonly name: string; readonly uuid: string; readonly why: string }[];
}

export function emit(services: readonly Live[], options: EmitOptions): Emitted {
  const skipped: Emitted['skipped'][number][] = [];
  const documents: string[] = [];
  const counts = new Map<string, number>();
  const live = services.filter(({ state }) => state !== 'Terminated' && state !== 'Terminating');
  for (const { name } of live) counts.set(name, (counts.get(name) ?? 0) + 1);
  const usable = live.filter(({ name, uuid, fields }) => {
    const why =
      (counts.get(name) ?? 0) > 1
        ? 'two live services have this name'
        : validate({ name, image: 'x' }).length > 0
          ? 'its name is not one that a manifest can have'
          : fields.image === undefined
            ? 'its image was not reported'
            : undefined;
    if (why !== undefined) skipped.push({ name, uuid, why });
    return why === undefined;
  });
  const unusable = new Set(skipped.map(({ uuid }) => uuid));
  const names = new Map([...options.names].filter(([uuid]) => !unusable.has(uuid)));
  for (const service of [...usable].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    documents.push(toYaml(manifestOf(service, { ...options, names })));
  }
  const modeline = `# yaml-language-server: $schema=${options.schemaPath ?? '../schemas/service.schema.json'}\n`;
  return { text: documents.length === 0 ? '' : modeline + documents.join('---\n'), skipped };
}

/** What an editor or a terminal would not show, or YAML would not keep. */
const HIDDEN = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Texts with hidden characters are written in double quotes, where each of those has an escape. */
function toYaml(manifest: Readonly<Record<string, unknown>>): string {
  const document = new Document(manifest, { version: '1.2', aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_key, node) {
      if (typeof node.value === 'string' && node.value.search(HIDDEN) !== -1) node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return document
    .toString({ lineWidth: 0 })
    .replace(HIDDEN, (hidden) =>
      hidden.length > 1
        ? `\\U${(hidden.codePointAt(0) ?? 0).toString(16).padStart(8, '0')}`
        : `\\u${hidden.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
}

function manifestOf(live: Live, options: EmitOptions): Readonly<Record<string, unknown>> {
  const { image, ...fields } = declared(live, options);
  const adopt = options.adopt === true ? { adopt: true } : {};
  const token = live.redeployToken ? { redeploy: escapeDollars(live.redeployToken) } : {};
  const reconcile = { ...adopt, ...token };
  return {
    name: live.name,
    image,
    ...fields,
    ...(isStopped(live) ? { state: 'Stopped' } : {}),
    ...(Object.keys(reconcile).length > 0 ? { reconcile } : {}),
  };
}

/** Init, Stopped and Not running are rest without containers; with target 0 that is where a running wish rests too. */
function isStopped({ state, fields }: Live): boolean {
  if (fields.target_num_containers === 0 || typeof state !== 'string') return false;
  return state === 'Init' || state === 'Stopped' || state === 'Not running' || state === 'Stopping';
}

function declared(live: Live, options: EmitOptions): Readonly<Partial<Record<Field, unknown>>> {
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

function links(live: Live, { names }: EmitOptions): NonNullable<Spec['linked_to_service']> {
  return (live.fields.linked_to_service ?? []).map(({ to_service, name }) => {
    const uuid = uuidOfUri(to_service);
    const target = uuid === undefined || uuid === live.uuid ? undefined : names.get(uuid);
    return { to_service: target ?? to_service, name: escapeDollars(name) };
  });
}

function environment(live: Live, { inlineValues }: EmitOptions): readonly object[] {
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
