/**
 * What an error body says, in any of the shapes this API has had: `{"error": "…"}`, `{"service": {field: ["…"]}}`,
 * `{"<resource>": {field: ["…"]}}`, `{field: ["…"]}`, HTML, or nothing.
 */
import type { HttpOutcome } from '../service/ports.ts';
import { isObject } from './attributes.ts';
import { parseJson } from './json.ts';
import type { Scrub } from './words.ts';

export interface Refusal {
  /** One line, masked; empty when the body says nothing readable. */
  readonly message: string;
  /** Validation messages by field, where there are any. */
  readonly fields: Readonly<Record<string, readonly string[]>>;
  /** The body speaks of what the request says, not of the service's state. */
  readonly validation: boolean;
}

/** Keys that hold a message about the whole, not about a field. */
const GENERAL = new Set(['error', 'errors', 'message', 'detail', 'code', 'status', 'traceback']);

export function readRefusal(outcome: Extract<HttpOutcome, { kind: 'response' }>, scrub: Scrub): Refusal {
  const body = parseJson(outcome.body);
  if (!isObject(body)) return { message: plain(outcome, scrub), fields: {}, validation: false };
  const found: [string, readonly string[]][] = [];
  const general: string[] = [];
  for (const [key, value] of Object.entries(body)) {
    if (GENERAL.has(key)) {
      general.push(...messages(isObject(value) ? value['message'] : value, scrub));
    } else if (isObject(value)) {
      for (const [field, said] of Object.entries(value)) found.push([field, messages(said, scrub)]);
    } else if (key === 'service') {
      general.push(...messages(value, scrub));
      found.push(['service', messages(value, scrub)]);
    } else if (Array.isArray(value)) {
      found.push([key, messages(value, scrub)]);
    }
  }
  const told = found.filter(([, said]) => said.length > 0);
  const fields = Object.fromEntries(told.filter(([field]) => field !== 'service'));
  const listed = Object.entries(fields).map(([field, said]) => `${field}: ${said.join(' ')}`);
  return { message: scrub([...listed, ...general].join('; ')), fields, validation: told.length > 0 };
}

function messages(value: unknown, scrub: Scrub): readonly string[] {
  const all = Array.isArray(value) ? value : [value];
  return all.filter((one) => typeof one === 'string' && one !== '').map((one) => scrub(String(one)));
}

/** A body that is not a JSON object: its text, unless it is a page for people. */
function plain(outcome: Extract<HttpOutcome, { kind: 'response' }>, scrub: Scrub): string {
  const html = (outcome.headers['content-type'] ?? '').includes('html') || /^\s*</.test(outcome.body);
  return html ? 'an HTML page' : scrub(outcome.body.slice(0, 2000));
}
