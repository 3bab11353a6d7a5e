/** Concurrent clients of one kind for a while: what they got, and how long they waited. */
import autocannon from 'autocannon';
import { AUTHORIZATION } from '../../test/support/server.ts';
import { markOf, uuidOf } from './fleet.ts';

export type Kind = 'list' | 'get' | 'patch' | 'mixed';
export const KINDS: readonly Kind[] = ['list', 'get', 'patch', 'mixed'];

export interface Load {
  readonly answers: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** Answers that are no 2xx, and requests without an answer. */
  readonly bad: number;
}

const PAGE = 100;
const CONNECTIONS = 16;
/** Of ten requests of the mixed kind. */
const MIX: readonly Exclude<Kind, 'mixed'>[] = [
  'get',
  'get',
  'get',
  'get',
  'get',
  'get',
  'get',
  'list',
  'list',
  'patch',
];

/** A change that moves nothing, and is kept. */
function patch(index: number, asked: number): string {
  return JSON.stringify({ labels: { EVENKEEL_OWNER: markOf(index), asked: String(asked) } });
}

export async function load(origin: string, kind: Kind, count: number, seconds: number): Promise<Load> {
  let asked = 0;
  const request = (one: Exclude<Kind, 'mixed'>): autocannon.Request => ({
    setupRequest: (base) => {
      asked += 1;
      // Far from each other, so that nothing is warm because it was just asked for.
      const index = (asked * 7919) % count;
      const offset = (index - (index % PAGE)) % Math.max(PAGE, count);
      const path = one === 'list' ? `?limit=${PAGE}&offset=${offset}` : `${uuidOf(index)}/`;
      const body = one === 'patch' ? patch(index, asked) : undefined;
      return {
        ...base,
        method: one === 'patch' ? 'PATCH' : 'GET',
        path: `/api/v1/service/${path}`,
        ...(body === undefined ? {} : { body }),
      };
    },
  });
  const result = await autocannon({
    url: origin,
    connections: CONNECTIONS,
    duration: seconds,
    headers: { authorization: AUTHORIZATION, 'content-type': 'application/json' },
    requests: kind === 'mixed' ? MIX.map(request) : [request(kind)],
  });
  return {
    answers: result.requests.total,
    perSecond: result.requests.average,
    p50: result.latency.p50,
    p99: result.latency.p99,
    bad: result.non2xx + result.errors + result.timeouts,
  };
}
