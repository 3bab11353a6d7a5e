/**
 * Whether a line of the journal is made as its kind says. A line whose sum is right was written whole, but by whom is not
 * known: what is made otherwise counts as damage, as every reader of the memory relies on its parts.
 */
import type { Memory, Record } from '../service/memory.ts';
import type { Table } from './fold.ts';

type Check = (value: unknown) => boolean;
type Checks<T> = { readonly [K in Exclude<keyof T, 'type'>]-?: Check };

const text: Check = (value) => typeof value === 'string';
const number: Check = (value) => typeof value === 'number' && Number.isFinite(value);
const flag: Check = (value) => typeof value === 'boolean';
const list =
  (item: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(item);
const maybe =
  (check: Check): Check =>
  (value) =>
    value === undefined || value === null || check(value);
/** Left out, or as `check` says; what may be null is `maybe`. */
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const object = (checks: { readonly [key: string]: Check }): Check => {
  const all = Object.entries(checks);
  return (value) =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    all.every(([key, check]) => check((value as { readonly [key: string]: unknown })[key]));
};
const texts: Check = (value) => object({})(value) && Object.values(value as object).every(text);

type Item<T> = T extends ReadonlyMap<string, infer Value> ? Value : never;
const INTENT: Checks<Item<Memory['intents']>> = {
  name: text,
  attempt: text,
  bodyHash: text,
  at: number,
  before: list(text),
  redeployToken: maybe(text),
};
const FAILURE: Checks<Item<Memory['failures']>> = { attempts: number, notBefore: number, message: text };
const REFUSAL: Checks<Item<Memory['refusals']>> = {
  wish: text,
  verb: text,
  field: optional(text),
  message: text,
};
const SUSPENSION: Checks<Item<Memory['suspensions']>> = { until: number, at: number, by: text, reason: text };
const APPLIED: Checks<Item<Memory['applied']>> = { uuid: text, want: text, wished: texts, live: texts };
const DELETE: Checks<Memory['deletes'][number]> = { name: text, at: number, approvedBy: optional(text) };
const FOUGHT = optional(object({ difference: text, wish: text }));

const RECORDS: { readonly [T in Record['type']]: Checks<Extract<Record, { readonly type: T }>> } = {
  intent: INTENT,
  created: {
    name: text,
    uuid: text,
    attempt: text,
    redeployToken: maybe(text),
    fight: FOUGHT,
    at: optional(number),
  },
  abandoned: { name: text, attempt: text, why: text },
  accepted: {
    name: text,
    uuid: text,
    verb: text,
    state: text,
    at: number,
    difference: optional(text),
    fight: FOUGHT,
    token: optional(text),
  },
  token: { uuid: text, token: text },
  gone: { uuid: text },
  deleted: DELETE,
  failed: { name: text, ...FAILURE },
  cleared: { name: text },
  retried: { name: text },
  refused: { name: text, ...REFUSAL },
  approved: { name: text, sha: text },
  unapproved: { name: text },
  suspended: { names: list(text), ...SUSPENSION },
  resumed: { names: list(text) },
  applied: { name: text, ...APPLIED },
  forgotten: { name: text },
  capabilities: { offered: list(text) },
  protected: { name: text, on: flag },
};

const FIGHT: Checks<Item<Memory['fights']>[number]> = {
  verb: text,
  difference: text,
  wish: text,
  at: list(number),
  pending: optional(number),
  holds: number,
};
const KEPT: { readonly [T in Table]: Check } = {
  claims: object({ uuid: text, name: text, redeployToken: maybe(text), started: flag, gone: flag }),
  intents: object(INTENT),
  accepted: object({ uuid: text, verb: text, state: text, at: number }),
  repeats: object({ verb: text, difference: text, times: number }),
  failures: object(FAILURE),
  tokens: text,
  approvals: object({ sha: text }),
  suspensions: object(SUSPENSION),
  fights: list(object(FIGHT)),
  refusals: object(REFUSAL),
  applied: object(APPLIED),
};

const has = <T extends object>(table: T, key: unknown): key is keyof T =>
  typeof key === 'string' && Object.hasOwn(table, key);

const CHECKS = new Map(Object.entries(RECORDS).map(([type, checks]) => [type, object(checks)]));
const deletes = list(object(DELETE));

/** True also for a kind that this version does not know: of that it can say nothing. */
export function isWellMade(entry: { readonly [key: string]: unknown }): boolean {
  const { type } = entry;
  if (type === 'evenkeel-journal') return number(entry['version']);
  if (type === 'deletes') return deletes(entry['deletes']);
  if (type === 'kept') {
    const { table, key, value } = entry;
    return text(key) && (has(KEPT, table) ? KEPT[table](value) : text(table));
  }
  return text(type) && (CHECKS.get(String(type))?.(entry) ?? true);
}
