/**
 * Faults by name (`research` §3.1): what one exchange can suffer. Each says where it lies: nothing arrived, carried out
 * but not told, told wrongly, or carried out late.
 */
import type { HttpOutcome } from '../../src/service/ports.ts';
import { type Exchange, type Fault, whole } from './network.ts';
import type { Answer, Server } from './server.ts';
import * as truth from './truth.ts';

type Gets = Exclude<NonNullable<Fault['gets']>, string>;

const JSON_TYPE = { 'content-type': 'application/json' };

function answer(status: number, body: string, headers: Readonly<Record<string, string>> = JSON_TYPE): Gets {
  return () => ({ kind: 'response', status, headers, body });
}

const error = (status: number, more: Readonly<Record<string, string>> = {}) =>
  answer(status, '{"error": "not now"}', { ...JSON_TYPE, ...more });

/** The body changed, all else as it was. */
function body(change: (text: string) => string): Gets {
  return (from) => ({ ...response(from), body: change(from.body) });
}

function headers(change: (of: Answer['headers']) => Answer['headers']): Gets {
  return (from) => ({ ...response(from), headers: change(from.headers) });
}

const response = (from: Answer) => whole(from) as Extract<HttpOutcome, { kind: 'response' }>;

type Page = { meta: { total_count: number }; objects: Record<string, unknown>[] };

/** The rows of a list changed; `lie`: and its count with them. */
function rows(change: (rows: Page['objects']) => Page['objects'], lie: boolean): Gets {
  return (from, exchange) => {
    if (exchange.kind !== 'list' || from.status !== 200) return whole(from);
    const page = JSON.parse(from.body) as Page;
    const objects = change(page.objects);
    const meta = lie
      ? { ...page.meta, total_count: page.meta.total_count + objects.length - page.objects.length }
      : page.meta;
    return { ...response(from), body: JSON.stringify({ ...page, meta, objects }) };
  };
}

/** A list, or one service, as it was some time ago. */
function stale(ms: number): Gets {
  return (from, exchange, server) => {
    if (exchange.kind !== 'list') return whole(from);
    const query = new URL(exchange.path, 'http://api').searchParams;
    return whole(server.list(query, Math.max(0, server.scheduler.now - ms)));
  };
}

const never = { arrives: 'never' } as const;

/** Nothing reached the server, or it did nothing. */
const BEFORE: readonly Fault[] = [
  { name: 'refused', on: 'any', ...never, gets: 'refused' },
  { name: 'reset-before', on: 'any', ...never, gets: 'reset' },
  { name: 'hang-before', on: 'any', ...never },
  ...[500, 502, 503, 504, 408].map(
    (status): Fault => ({ name: `${status}-before`, on: 'any', ...never, gets: error(status) }),
  ),
  { name: '503-retry-after', on: 'any', ...never, gets: error(503, { 'retry-after': '3' }) },
  { name: '429', on: 'any', ...never, gets: error(429) },
  { name: '429-seconds', on: 'any', ...never, gets: error(429, { 'retry-after': '2' }) },
  { name: '429-junk', on: 'any', ...never, gets: error(429, { 'retry-after': 'soon' }) },
  { name: '429-huge', on: 'any', ...never, gets: error(429, { 'retry-after': '9999999999' }) },
  { name: '409', on: 'write', ...never, gets: error(409) },
  { name: '400', on: 'write', ...never, gets: error(400) },
  { name: '404', on: 'write', ...never, gets: error(404) },
  { name: '403', on: 'write', ...never, gets: error(403) },
  { name: '405', on: 'write', ...never, gets: error(405) },
  {
    name: '302',
    on: 'any',
    ...never,
    gets: answer(302, '', { location: 'http://elsewhere/api/v1/service/' }),
  },
  {
    name: 'html-login',
    on: 'any',
    ...never,
    gets: answer(200, '<html>log in</html>', { 'content-type': 'text/html' }),
  },
];

/** Carried out (or read), and the answer is lost or damaged. */
const AFTER: readonly Fault[] = [
  { name: 'reset-after', on: 'any', gets: 'reset' },
  { name: 'hang-after', on: 'any', gets: 'nothing' },
  ...[500, 502, 504].map((status): Fault => ({ name: `${status}-after`, on: 'write', gets: error(status) })),
  { name: 'truncated', on: 'any', gets: body((text) => text.slice(0, text.length / 2)) },
  { name: 'empty', on: 'any', gets: body(() => '') },
  { name: 'null', on: 'any', gets: body(() => 'null') },
  { name: '{}', on: 'any', gets: body(() => '{}') },
  { name: '[]', on: 'write', gets: body(() => '[]') },
  { name: 'objects-null', on: 'any', gets: body(() => '{"objects": null}') },
  { name: '204', on: 'any', gets: answer(204, '', {}) },
  { name: 'wrong-type', on: 'any', gets: headers((of) => ({ ...of, 'content-type': 'text/plain' })) },
  {
    name: 'html-after',
    on: 'any',
    gets: answer(200, '<html>welcome</html>', { 'content-type': 'text/html' }),
  },
];

/** Carried out after the sender gave up: less than the window in which an uncertain create is looked for. */
const LATE: readonly Fault[] = [
  { name: 'late-20s', on: 'write', arrives: 20_000, gets: 'reset' },
  { name: 'late-100s', on: 'write', arrives: 100_000, gets: 'reset' },
  { name: 'slow-25s', on: 'any', arrives: 25_000 },
];

/** Lists that do not say what is. */
const LISTS: readonly Fault[] = [
  { name: 'stale-1s', on: 'list', gets: stale(1_000) },
  { name: 'stale-5s', on: 'list', gets: stale(5_000) },
  { name: 'stale-60s', on: 'list', gets: stale(60_000) },
  { name: 'row-dropped', on: 'list', gets: rows((all) => all.slice(1), false) },
  { name: 'row-twice', on: 'list', gets: rows((all) => [...all, ...all.slice(0, 1)], true) },
  { name: 'reordered', on: 'list', gets: rows((all) => [...all].reverse(), true) },
  { name: 'row-without-state', on: 'list', gets: rows((all) => all.map(({ state, ...rest }) => rest), true) },
  { name: 'empty-with-count', on: 'list', gets: rows(() => [], false) },
  {
    name: 'unknown-state',
    on: 'list',
    gets: rows(
      (all) => all.map((row) => (row['state'] === 'Terminated' ? row : { ...row, state: 'Hibernating' })),
      true,
    ),
  },
  {
    name: 'no-extensions',
    on: 'any',
    gets: headers(({ 'x-api-extensions': _, ...rest }) => rest),
  },
];

/** Somebody else's hand between two of our requests. */
function other(verb: truth.Verb | 'dies', name: string, act: (server: Server, uuid: string) => void): Fault {
  const whom = (server: Server, { uuid, name: of = 'web' }: Exchange) => uuid ?? server.live(of)[0]?.uuid;
  return {
    name: `other-${name}`,
    on: 'any',
    meddle(server, exchange) {
      const uuid = whom(server, exchange);
      if (uuid !== undefined) act(server, uuid);
    },
    idle(server, exchange) {
      const state = server.now(whom(server, exchange) ?? '')?.state;
      if (state === undefined) return true;
      return verb === 'dies' ? state !== 'Running' : !truth.isAllowed(server.options.profile, state, verb);
    },
  };
}

const OTHERS: readonly Fault[] = [
  other('update', 'scales', (server, uuid) => server.ask('update', uuid, { target_num_containers: 5 })),
  other('stop', 'stops', (server, uuid) => server.ask('stop', uuid)),
  other('start', 'starts', (server, uuid) => server.ask('start', uuid)),
  other('redeploy', 'redeploys', (server, uuid) => server.ask('redeploy', uuid)),
  other('terminate', 'terminates', (server, uuid) => server.ask('terminate', uuid)),
  other('dies', 'container-dies', (server, uuid) => {
    if (server.now(uuid)?.state === 'Running') server.become(uuid, 'Partly running');
  }),
];

export const NETWORK_FAULTS: readonly Fault[] = [...BEFORE, ...AFTER, ...LATE, ...LISTS];
export const FAULTS: readonly Fault[] = [...NETWORK_FAULTS, ...OTHERS];

export function fits(fault: Fault, { kind }: Pick<Exchange, 'kind'>): boolean {
  if (fault.on === 'any') return true;
  if (fault.on === 'list') return kind === 'list';
  return fault.on === (kind === 'list' || kind === 'get' ? 'read' : 'write');
}

export function fault(name: string): Fault {
  const found = FAULTS.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no fault of the name ${name}`);
  return found;
}
