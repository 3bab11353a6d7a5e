/**
 * Bodies, read by ourselves: one parser whatever the Content-Type says or lacks, because clients of this API send JSON
 * under any name and under none (`research/api.md` §1.5 row 23). Only what is clearly something else is a 415.
 */
import { isObject, type Json } from '../input/values.ts';
import { Problem } from './problem.ts';

/** Collections inside collections. */
const DEEPEST = 32;

const FOREIGN =
  /^(?:multipart|image|audio|video|font)\/|^(?:application|text)\/(?:.*\+)?(?:xml|html|yaml|x-yaml|csv|pdf|zip|gzip|octet-stream)\b/i;
const FORM = /^application\/x-www-form-urlencoded\b/i;

/** The JSON object of a POST or PATCH; `{}` for no body. Throws a Problem: 400 or 415. */
export function readBody(raw: unknown, contentType: string | undefined): Json {
  const bytes = Buffer.isBuffer(raw) ? raw : Buffer.alloc(0);
  const text = decode(bytes);
  if (text.trim() === '') return {};
  const type = contentType?.trim() ?? '';
  if (FOREIGN.test(type)) throw unsupported(type);
  if (tooDeep(text)) throw new Problem(400, `the body is nested deeper than ${DEEPEST} levels`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    if (FORM.test(type)) throw unsupported(type);
    throw new Problem(400, 'the body is not valid JSON');
  }
  if (!isObject(value)) throw new Problem(400, 'the body is not a JSON object');
  return value;
}

function unsupported(type: string): Problem {
  return new Problem(415, `expected a body of type application/json, got ${type.slice(0, 100)}`);
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Problem(400, 'the body is not UTF-8 text');
  }
}

/** Counted on the text, so that no recursive code ever sees a deep value. */
function tooDeep(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index++) {
    const char = text[index];
    if (inString) {
      if (char === '\\') index++;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === '{' || char === '[') {
      if (++depth > DEEPEST) return true;
    } else if (char === '}' || char === ']') depth--;
  }
  return false;
}

/** One spelling of a JSON value: keys sorted, so that the same request compares equal. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    isObject(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** A body as action records keep it: every value under `container_envvars` is masked. */
export function maskedBody(body: Json): string {
  const variables = body['container_envvars'];
  const masked = Array.isArray(variables)
    ? variables.map((entry: unknown) => (isObject(entry) ? { key: entry['key'], value: '***' } : '***'))
    : '***';
  const shown = variables === undefined ? body : { ...body, container_envvars: masked };
  return JSON.stringify(shown).slice(0, 16_384);
}
