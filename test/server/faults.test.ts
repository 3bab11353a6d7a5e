import { afterEach, describe, expect, it } from 'vitest';
import { createFaults, type Fault, type Match, type Rule } from '../../src/server/faults/rules.ts';
import {
  call,
  createOne,
  getOne,
  type Reply,
  servicePath,
  startServer,
  type TestServer,
} from '../support/server.ts';

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const withRules = async (...rules: Rule[]) => {
  server = await startServer({ rules });
  return server;
};
const rule = (fault: Fault, match: Match): Rule => ({ match, fault });

/** The reply, or how the request failed; given up after `ms`. */
async function attempt(
  url: string,
  method: string,
  path: string,
  body?: unknown,
  ms = 5_000,
): Promise<Reply | string> {
  try {
    const options = body === undefined ? {} : { body };
    return await call(url, method, path, { ...options, signal: AbortSignal.timeout(ms) });
  } catch (error) {
    return error instanceof Error && error.name === 'TimeoutError' ? 'gave up' : 'broken off';
  }
}

const CREATE = { image: 'nginx', name: 'web' };
const total = async ({ url }: TestServer) =>
  ((await call(url, 'GET', '/api/v1/service/?limit=100')).json['meta'] as { total_count: number })
    .total_count;

describe('a fault before the request is handled', () => {
  it.each<[string, Fault, string | number]>([
    ['refuse', { kind: 'refuse' }, 'broken off'],
    ['timeout_before', { kind: 'timeout_before' }, 'gave up'],
    ['error_before', { kind: 'error_before', status: 500 }, 500],
    ['html', { kind: 'html' }, 200],
    ['too_many', { kind: 'too_many', retry_after: 7 }, 429],
  ])('%s: nothing is done', async (_name, fault, outcome) => {
    const it = await withRules(rule(fault, { verb: 'create', nth: 1 }));
    const reply = await attempt(
      it.url,
      'POST',
      '/api/v1/service/',
      CREATE,
      outcome === 'gave up' ? 300 : 10_000,
    );
    expect(typeof reply === 'string' ? reply : reply.status).toBe(outcome);
    if (fault.kind === 'too_many') expect((reply as Reply).headers.get('retry-after')).toBe('7');
    if (fault.kind === 'html') expect((reply as Reply).headers.get('content-type')).toContain('text/html');
    expect(await total(it)).toBe(0);
    expect(it.writes()).toMatchObject([{ verb: 'create', committed: false, fault: fault.kind }]);
    await createOne(it.url, { name: 'web' });
  });
});

describe('a fault after the request was carried out', () => {
  it.each<[string, Fault, string | number]>([
    ['timeout_after', { kind: 'timeout_after' }, 'gave up'],
    ['reset_after', { kind: 'reset_after' }, 'broken off'],
    ['error_after', { kind: 'error_after' }, 502],
    ['html after', { kind: 'html', when: 'after' }, 200],
    ['truncated_body', { kind: 'truncated_body' }, 'broken off'],
  ])('%s: it is done, and the client is not told', async (_name, fault, outcome) => {
    const it = await withRules(rule(fault, { verb: 'create' }));
    const reply = await attempt(
      it.url,
      'POST',
      '/api/v1/service/',
      CREATE,
      outcome === 'gave up' ? 500 : 10_000,
    );
    expect(typeof reply === 'string' ? reply : reply.status).toBe(outcome);
    if (typeof reply !== 'string') expect(reply.text).not.toContain('"uuid"');
    expect(await total(it)).toBe(1);
    expect(it.writes()).toMatchObject([{ committed: true, name: 'web', fault: fault.kind }]);
  });

  it('late_commit: it is done when the client has long given up', async () => {
    const it = await withRules(rule({ kind: 'late_commit', ms: 50 }, { verb: 'create' }));
    expect(await attempt(it.url, 'POST', '/api/v1/service/', CREATE, 400)).toBe('gave up');
    expect(await total(it)).toBe(0);
    await expect.poll(() => total(it)).toBe(1);
    await expect.poll(() => it.writes()).toMatchObject([{ committed: true, status: undefined }]);
  });

  it('slow_body: the answer comes whole, but not at once', async () => {
    const it = await withRules(rule({ kind: 'slow_body', chunk: 100, every_ms: 5 }, { verb: 'list' }));
    await createOne(it.url);
    const reply = await call(it.url, 'GET', '/api/v1/service/');
    expect(reply.json['objects']).toHaveLength(1);
  });
});

describe('a fault of the list', () => {
  it('stale_list by writes: what it was before the last ones', async () => {
    const it = await withRules(rule({ kind: 'stale_list', writes: 2 }, { verb: 'list', nth: 1 }));
    for (const name of ['a', 'b', 'c']) await createOne(it.url, { name });
    const stale = await call(it.url, 'GET', '/api/v1/service/');
    expect((stale.json['objects'] as { name: string }[]).map((one) => one.name)).toEqual(['a']);
    expect(await total(it)).toBe(3);
  });

  it('stale_list by age: what it was before, as complete as ever', async () => {
    const it = await withRules(rule({ kind: 'stale_list', ms: 0 }, { verb: 'list' }));
    const made = await createOne(it.url, { name: 'a' });
    await call(it.url, 'POST', servicePath(made.uuid, 'start/'));
    await it.idle();
    const stale = await call(it.url, 'GET', '/api/v1/service/');
    expect(stale.json['objects']).toMatchObject([{ uuid: made.uuid }]);
    expect(stale.json['meta']).toMatchObject({ total_count: 1 });
  });

  it('dropped_page: rows or all that follows are missing, and the total tells', async () => {
    const it = await withRules(
      rule({ kind: 'dropped_page' }, { verb: 'list', nth: 1 }),
      rule({ kind: 'dropped_page', how: 'rest' }, { verb: 'list', nth: 2 }),
    );
    for (const name of ['a', 'b', 'c']) await createOne(it.url, { name });
    const rows = await call(it.url, 'GET', '/api/v1/service/?limit=2');
    expect(rows.json).toMatchObject({ objects: [], meta: { total_count: 3 } });
    expect((rows.json['meta'] as { next: unknown }).next).not.toBeNull();
    const rest = await call(it.url, 'GET', '/api/v1/service/?limit=2');
    expect(rest.json).toMatchObject({ meta: { total_count: 3, next: null } });
    expect(rest.json['objects']).toHaveLength(2);
  });
});

describe('which request a fault strikes', () => {
  const struck = (match: Match, count: number) => {
    const faults = createFaults([rule({ kind: 'refuse' }, match)], 1);
    const probe = { method: 'GET', verb: 'list', path: '/api/v1/service/', name: undefined } as const;
    return Array.from({ length: count }, (_, index) => (faults.strike(probe) ? index + 1 : 0)).filter(
      Boolean,
    );
  };

  it('counts the requests it looks at', () => {
    expect(struck({}, 3)).toEqual([1, 2, 3]);
    expect(struck({ nth: [2, 4] }, 5)).toEqual([2, 4]);
    expect(struck({ every: 3 }, 7)).toEqual([3, 6]);
    expect(struck({ after: 2, until: 4 }, 6)).toEqual([3, 4]);
    expect(struck({ after: 1, every: 2 }, 6)).toEqual([3, 5]);
    expect(struck({ method: 'POST' }, 3)).toEqual([]);
    expect(struck({ path: '/api/v1/*' }, 1)).toEqual([1]);
    expect(struck({ path: '/api/v1/service' }, 1)).toEqual([1]);
    expect(struck({ path: '/api/v1' }, 1)).toEqual([]);
  });

  it('draws the same for the same seed, and about as often as asked', () => {
    const often = struck({ probability: 0.2 }, 1_000);
    expect(struck({ probability: 0.2 }, 1_000)).toEqual(often);
    expect(often.length).toBeGreaterThan(150);
    expect(often.length).toBeLessThan(250);
  });

  it('can be told by the name of the service, in a create too', async () => {
    const it = await withRules(rule({ kind: 'error_before' }, { name: 'web' }));
    expect((await attempt(it.url, 'POST', '/api/v1/service/', CREATE)) as Reply).toMatchObject({
      status: 503,
    });
    const other = await createOne(it.url, { name: 'other' });
    expect(await getOne(it.url, other.uuid)).toMatchObject({ name: 'other' });
  });

  it('hides no wrong key', async () => {
    const it = await withRules({ fault: { kind: 'error_before' } });
    expect((await call(it.url, 'GET', '/api/v1/service/', { authorization: null })).status).toBe(401);
  });
});
