/**
 * The server's records of writes, read for who did it. Nothing is decided by them: what cannot be read is left out.
 */
import type { ActionLine } from '../service/ports.ts';
import { isObject } from './attributes.ts';
import { parseJson } from './json.ts';

export const ACTION_PATH = '/api/v1/action/';
/** Characters of one text; it is shown to people. */
const MOST_TEXT = 120;
const MOST_FIELDS = 50;

/** The records of a list, in its order; undefined when it is no list of them. */
export function readActions(body: unknown): readonly ActionLine[] | undefined {
  const objects = isObject(body) ? body['objects'] : undefined;
  if (!Array.isArray(objects)) return undefined;
  return objects.flatMap((one: unknown) => (isObject(one) ? [readAction(one)] : []));
}

function readAction(one: Readonly<Record<string, unknown>>): ActionLine {
  const text = (key: string) => {
    const value = one[key];
    return typeof value === 'string' ? value.slice(0, MOST_TEXT) : '';
  };
  const sent = typeof one['body'] === 'string' ? parseJson(one['body']) : one['body'];
  return {
    action: text('action'),
    method: text('method'),
    user: text('user'),
    agent: text('user_agent'),
    ip: text('ip'),
    at: text('start_date'),
    fields: isObject(sent) ? Object.keys(sent).slice(0, MOST_FIELDS) : [],
  };
}
