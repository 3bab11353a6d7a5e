/**
 * Data against the schema, every violation in words. Values never enter a message: only what was expected, what kind
 * of thing was got, and names of fields.
 */
import { Ajv, type ErrorObject } from 'ajv';
import type { Code } from '../service/codes.ts';
import type { Path } from './data.ts';
import { SERVICE_SCHEMA } from './schema.gen.ts';
import { schemaAt } from './schema.ts';
import { didYouMean } from './suggest.ts';
import { looksLikeKey } from './visible.ts';

export interface Violation {
  readonly code: Code;
  readonly message: string;
  readonly hint?: string | undefined;
  readonly path: Path;
  readonly at: 'key' | 'value';
}

const ajv = new Ajv({
  strict: true,
  allErrors: true,
  coerceTypes: false,
  useDefaults: false,
  removeAdditional: false,
  ownProperties: true,
  verbose: false,
  allowUnionTypes: false,
});
const check = ajv.compile(SERVICE_SCHEMA);

/** All violations of `data`, in the schema's order. */
export function validate(data: unknown): readonly Violation[] {
  if (check(data)) return [];
  const errors = check.errors ?? [];
  return errors.filter((error) => !isEcho(error, data)).map((error) => violation(error, data));
}

/** The branches of `if` and the schema of a name: the error that names them says it already, or the type does. */
function isEcho({ schemaPath, keyword, instancePath }: ErrorObject, data: unknown): boolean {
  if (/\/(?:then|else|propertyNames)\//.test(schemaPath)) return true;
  return keyword === 'if' && typeof valueAt(data, pathOf(instancePath)) !== 'object';
}

function pathOf(pointer: string): string[] {
  const steps = pointer.split('/').slice(1);
  return steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function violation(error: ErrorObject, data: unknown): Violation {
  const path = pathOf(error.instancePath);
  const field = path.length === 0 ? 'the document' : fieldName(path);
  const params = error.params as Readonly<Record<string, unknown>>;
  switch (error.keyword) {
    case 'additionalProperties':
      return unknownField(path, String(params['additionalProperty']));
    case 'required':
      return {
        code: 'EK202',
        message: `${field} needs \`${String(params['missingProperty'])}\``,
        path,
        at: 'value',
      };
    case 'type':
      return wrongType(path, field, String(params['type']), valueAt(data, path));
    case 'enum': {
      const allowed = (params['allowedValues'] as readonly unknown[]).map(String);
      const value = valueAt(data, path);
      const near = typeof value === 'string' ? didYouMean(value, allowed) : undefined;
      const hint = near === undefined ? undefined : `did you mean ${near}?`;
      const list = allowed.length > 1 ? `one of ${allowed.join(', ')}` : allowed.join();
      return { code: 'EK204', message: `${field} must be ${list}`, hint, path, at: 'value' };
    }
    case 'if':
      return {
        code: 'EK206',
        message: `${field} needs exactly one of value and value_from`,
        path,
        at: 'value',
      };
    case 'minProperties':
    case 'maxProperties':
      return { code: 'EK206', message: `${field} needs exactly one of env and file`, path, at: 'value' };
    case 'propertyNames':
      return { code: 'EK205', message: `${field} has a key of the wrong form or length`, path, at: 'value' };
    default:
      return {
        code: 'EK205',
        message: `${field} ${outOfForm(error.keyword, params, path)}`,
        path,
        at: 'value',
      };
  }
}

function unknownField(path: Path, key: string): Violation {
  const known = Object.keys(schemaAt(path)?.properties ?? {});
  const near = didYouMean(key, known);
  const where = path.length === 0 ? '' : ` in ${fieldName(path)}`;
  return {
    code: 'EK201',
    message: looksLikeKey(key) ? `unknown field ${JSON.stringify(key)}${where}` : `unknown field${where}`,
    hint: near === undefined ? `known here: ${known.join(', ')}` : `did you mean ${near}?`,
    path: [...path, key],
    at: 'key',
  };
}

const EXPECTED: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
};

function wrongType(path: Path, field: string, expected: string, value: unknown): Violation {
  const got = kindOf(value);
  const message = `${field} must be ${EXPECTED[expected] ?? expected}, not ${got}`;
  if (path.length === 0)
    return { code: 'EK114', message: `${message}: a document describes one service`, path, at: 'value' };
  return { code: 'EK203', message, hint: typeHint(expected, value), path, at: 'value' };
}

function typeHint(expected: string, value: unknown): string | undefined {
  if (value === null) return 'give it a value, or remove the line';
  if (expected === 'string' && (typeof value === 'number' || typeof value === 'boolean'))
    return 'quote it: YAML reads numbers and true/false without quotes as something other than text';
  if (expected === 'integer' && typeof value === 'string') return 'write it as digits without quotes';
  if (expected === 'boolean' && typeof value === 'string') return 'write true or false without quotes';
  if (expected === 'array') return 'start each item on its own line with "- "';
  return undefined;
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  switch (typeof value) {
    case 'string':
      return 'text';
    case 'number':
      return 'a number';
    case 'boolean':
      return 'true or false';
    default:
      return 'a map';
  }
}

function outOfForm(keyword: string, params: Readonly<Record<string, unknown>>, path: Path): string {
  switch (keyword) {
    case 'minimum':
    case 'maximum':
      return `must be ${String(params['comparison'])} ${String(params['limit'])}`;
    case 'minLength':
      return 'must not be empty';
    case 'maxLength':
      return `must not be longer than ${String(params['limit'])} characters`;
    case 'pattern':
      return (
        FORMS[path.length === 1 ? `/${String(path[0])}` : String(path.at(-1))] ?? 'is not of the right form'
      );
    default:
      return 'is not allowed like this';
  }
}

const FORMS: Readonly<Record<string, string>> = {
  '/name': 'must be lower-case letters, digits and hyphens, at most 63, with a letter or digit at both ends',
  '/image': 'must be an image name without spaces',
  name: 'must be letters, digits, hyphens, dots and underscores, starting with a letter or digit',
  key: 'must not contain spaces or =',
  env: 'must be a name of a variable: letters, digits and _, not starting with a digit',
  volume: 'must be the name of a volume; host paths are not supported',
  container_path: 'must be an absolute path without a colon',
};

/** `container_ports/0/inner_port`; keys that somebody made up are not repeated. */
function fieldName(path: Path): string {
  return path[0] === 'labels' && path.length > 1 ? 'a label' : path.join('/');
}

export function valueAt(data: unknown, path: Path): unknown {
  let value = data;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}
