/**
 * The bodies of POST /service/ and PATCH /service/(uuid)/, read as a whole: every refused field with its message, or
 * exactly what was given. A field nobody knows is refused by name, so a typo is never taken for done.
 */
import type { DefinedSpec } from '../../service/definition.ts';
import type { Extension } from '../../service/extensions.ts';
import { FIELDS, isField } from '../../service/fields.ts';
import { DEFAULTS, type FieldContext, isSpecField, LEGACY, READERS, type SpecField } from './fields.ts';
import { Invalid, type Json, text } from './values.ts';

export interface InputContext extends FieldContext {
  readonly offers: (extension: Extension) => boolean;
  readonly profile: 'extended' | 'reference';
}

/** What a body asks for; a key that is absent was not given. */
export interface Given {
  readonly spec: Partial<DefinedSpec>;
  readonly name?: string;
  readonly redeployToken?: string | null;
}

export type FieldMessages = Readonly<Record<string, readonly string[]>>;
export type Parsed =
  | { readonly ok: true; readonly given: Given }
  | { readonly ok: false; readonly fields: FieldMessages };

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/;
const READ_ONLY = new Set(
  (
    'uuid resource_uri unique_name state note image_name image_tag current_num_containers running_num_containers ' +
    'stopped_num_containers synchronized containers actions link_variables linked_from_service calculated_envvars ' +
    'public_dns deployed_datetime started_datetime stopped_datetime destroyed_datetime'
  ).split(' '),
);

export function parseCreate(body: Json, context: InputContext): Parsed {
  const parsed = parse(body, context, 'create');
  if (Object.hasOwn(parsed.fields, 'image') || parsed.given.spec.image !== undefined) return outcome(parsed);
  return outcome({ ...parsed, fields: { ...parsed.fields, image: ['this field is required'] } });
}

export function parsePatch(body: Json, context: InputContext): Parsed {
  return outcome(parse(body, context, 'patch'));
}

interface Work {
  readonly given: Given;
  readonly fields: FieldMessages;
}

function outcome({ given, fields }: Work): Parsed {
  return Object.keys(fields).length > 0 ? { ok: false, fields } : { ok: true, given };
}

function parse(body: Json, context: InputContext, verb: 'create' | 'patch'): Work {
  const spec: [string, unknown][] = [];
  const rest: { name?: string; redeployToken?: string | null } = {};
  const fields: [string, readonly string[]][] = [];
  for (const [key, value] of Object.entries(body)) {
    try {
      if (key === 'name' && verb === 'create') {
        if (value !== null && value !== '') rest.name = readName(value);
      } else if (key === 'redeploy_token' && context.offers('redeploy-token')) {
        rest.redeployToken = value === null ? null : text(value, 1_024);
      } else if (isSpecField(key) && isTaken(key, verb, context)) {
        const read = readField(key, value, context, verb);
        if (read !== undefined) spec.push([key, read]);
      } else {
        refuseUnknown(key, value, verb);
      }
    } catch (error) {
      if (!(error instanceof Invalid)) throw error;
      fields.push([key.slice(0, 100), [error.message]]);
    }
  }
  return {
    given: { spec: Object.fromEntries(spec) as Partial<DefinedSpec>, ...rest },
    fields: Object.fromEntries(fields),
  };
}

function readName(value: unknown): string {
  const name = text(value, 63);
  if (NAME.test(name)) return name;
  throw new Invalid('expected 1 to 63 letters, digits, "-", "_" or ".", beginning with a letter or digit');
}

/** Whether this server takes the field at all in this request (service/fields.ts `patchedBy`). */
function isTaken(field: SpecField, verb: 'create' | 'patch', { profile, offers }: InputContext): boolean {
  const row = isField(field) ? FIELDS[field] : undefined;
  if (verb === 'patch') return row?.patchedBy === 'reference' || offers('patch=all');
  return profile === 'extended' || (field !== 'labels' && field !== 'bindings');
}

/** undefined = as if it were not given. */
function readField(
  field: SpecField,
  value: unknown,
  context: InputContext,
  verb: 'create' | 'patch',
): unknown {
  if (value === null && verb === 'create') return undefined;
  const read = READERS[field](value, context);
  const needs = isField(field) ? FIELDS[field].needs : undefined;
  const harmless =
    JSON.stringify(read) === JSON.stringify(Object.entries(DEFAULTS).find(([key]) => key === field)?.[1]);
  if (needs === undefined || context.offers(needs) || harmless || context.profile === 'reference')
    return read;
  throw new Invalid(`this server's engine does not offer it (extension "${needs}")`);
}

function refuseUnknown(key: string, value: unknown, verb: 'create' | 'patch'): void {
  const legacy = Object.hasOwn(LEGACY, key) ? LEGACY[key] : undefined;
  if (legacy !== undefined && (value === null || legacy(value))) return;
  if (legacy !== undefined) throw new Invalid('this server does not offer it');
  if (key === 'name') throw new Invalid('the name of a service cannot be changed');
  if (READ_ONLY.has(key)) throw new Invalid('this field is read-only');
  if (verb === 'patch' && isSpecField(key)) {
    throw new Invalid('this field cannot be changed by PATCH on this server');
  }
  throw new Invalid('there is no such field');
}
