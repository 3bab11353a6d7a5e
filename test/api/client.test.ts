import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { ApiFailure } from '../../src/service/failure.ts';
import type { CreateRequest, HttpOutcome, WriteRequest } from '../../src/service/ports.ts';
import { CANARY, html, json, page, row, scriptedClient } from '../support/api.ts';

const create: CreateRequest = {
  name: 'web',
  operation: {
    verb: 'create',
    spec: { image: 'nginx', container_envvars: [{ key: 'PASSWORD', value: 'hunter2' }] },
    redeployToken: undefined,
  },
  mark: { owner: 'default', name: 'web', attempt: 'attempt-1', in: 'container_envvars' },
};
const update: WriteRequest = {
  operation: { verb: 'update', uuid: 'u1', patch: { target_num_containers: 3 } },
  mark: undefined,
};

const reset: HttpOutcome = { kind: 'error', sent: true, message: 'connection reset' };
const refused: HttpOutcome = { kind: 'error', sent: false, message: 'connection refused' };

async function creating(answer: HttpOutcome) {
  const world = scriptedClient(() => answer);
  return {
    ...world,
    result: await world.clock.runUntil(world.client.create(async () => create, world.signal)),
  };
}

async function writing(answer: HttpOutcome, request = update) {
  const world = scriptedClient(() => answer);
  const done = world.client.write(async () => request, 'write', world.signal);
  return { ...world, result: await world.clock.runUntil(done) };
}

const bad = (kind: ApiFailure['kind']) => ({ ok: false, failure: { kind } });

describe('what is sent', () => {
  it.each([
    [{ verb: 'start', uuid: 'u1' }, 'POST', '/api/v1/service/u1/start/', undefined],
    [{ verb: 'stop', uuid: 'u1' }, 'POST', '/api/v1/service/u1/stop/', undefined],
    [{ verb: 'redeploy', uuid: 'u1', token: undefined }, 'POST', '/api/v1/service/u1/redeploy/', undefined],
    [{ verb: 'terminate', uuid: 'u1' }, 'DELETE', '/api/v1/service/u1/', undefined],
    [update.operation, 'PATCH', '/api/v1/service/u1/', '{"target_num_containers":3}'],
  ] as const)('%j', async (operation, method, path, body) => {
    const { sent, result } = await writing(json(202, row('u1', { state: 'Stopping' })), {
      operation,
      mark: undefined,
    });
    expect(sent).toMatchObject([{ method, path, body }]);
    expect(sent[0]?.headers['Authorization']).toBe(`ApiKey me:${CANARY}`);
    expect(Object.hasOwn(sent[0]?.headers ?? {}, 'Content-Type')).toBe(body !== undefined);
    expect(result).toMatchObject({ ok: true, value: { live: { uuid: 'u1', state: 'Stopping' } } });
  });

  it('is the attempt as idempotency key, where the server takes one', async () => {
    const world = scriptedClient((request) =>
      request.method === 'GET'
        ? json(200, page([]), { 'x-api-extensions': 'idempotency-key' })
        : json(201, row('u1')),
    );
    await world.clock.runUntil(world.client.create(async () => create, world.signal));
    await world.list();
    await world.clock.runUntil(world.client.create(async () => create, world.signal));
    expect(world.sent.map((one) => one.headers['Idempotency-Key'])).toEqual([
      undefined,
      undefined,
      'attempt-1',
    ]);
  });

  it('is nothing when the place turns out not to be needed', async () => {
    const world = scriptedClient(() => json(500, ''));
    const none = world.client.write(async () => undefined, 'delete', world.signal);
    expect(await world.clock.runUntil(none)).toBeUndefined();
    expect(world.sent).toEqual([]);
  });
});

describe('how a create ends', () => {
  it.each([200, 201, 202])('%i with the service: accepted', async (status) => {
    const { result } = await creating(json(status, row('u1', { state: 'Init' })));
    expect(result).toMatchObject({ ok: true, value: { live: { uuid: 'u1', state: 'Init' } } });
  });

  const ends: [string, HttpOutcome, ApiFailure['kind']][] = [
    ['a 201 that cannot be read', json(201, '{"uuid":'), 'ambiguous'],
    ['a 201 without a body', json(201, ''), 'ambiguous'],
    ['a 204', json(204, ''), 'ambiguous'],
    ['a 200 HTML page', html(200), 'ambiguous'],
    ['a 206', json(206, row('u1')), 'ambiguous'],
    ['a reset', reset, 'ambiguous'],
    ['a 500', json(500, { error: 'x' }), 'ambiguous'],
    ['a 504 HTML page', html(504), 'ambiguous'],
    ['a 503 with Retry-After', json(503, '', { 'retry-after': '3' }), 'ambiguous'],
    ['a 408', json(408, ''), 'ambiguous'],
    ['a 303', json(303, ''), 'ambiguous'],
    ['a refused connection', refused, 'not-sent'],
    ['a 429', json(429, '', { 'retry-after': '3' }), 'wait'],
    ['a 400', json(400, { error: 'no such image' }), 'refused'],
    ['a 400 with fields', json(400, { service: { image: ['unknown'] } }), 'refused'],
    ['a 409', json(409, { error: 'exists' }), 'look-again'],
    ['a 401', json(401, ''), 'auth'],
    ['a 403', json(403, ''), 'auth'],
    ['a 302', json(302, '', { location: '/login' }), 'broken'],
    ['a 404', json(404, ''), 'broken'],
    ['a 405', json(405, ''), 'broken'],
    ['a 415', json(415, ''), 'broken'],
  ];
  it.each(ends)('%s: %#', async (_, answer, kind) => {
    const { result, sent } = await creating(answer);
    expect(result).toMatchObject(bad(kind));
    expect(sent).toHaveLength(1);
  });
});

describe('how a write to a uuid ends', () => {
  const accepted: [string, HttpOutcome][] = [
    ['a 204', json(204, '')],
    ['a 202 that cannot be read', json(202, '{"uui')],
    ['a 200 of another service', json(200, row('u2'))],
  ];
  it.each(accepted)('%s: accepted, without showing the service', async (_, answer) => {
    expect((await writing(answer)).result).toEqual({ ok: true, value: { live: undefined } });
  });

  const ends: [string, HttpOutcome, ApiFailure['kind']][] = [
    ['a 400 that speaks of the state', json(400, { error: 'service is Starting' }), 'look-again'],
    ['a 400 without words', json(400, ''), 'look-again'],
    ['a 409', json(409, { error: 'x' }), 'look-again'],
    ['a 404', json(404, ''), 'look-again'],
    ['a 400 with service', json(400, { service: { target_num_containers: ['too many'] } }), 'refused'],
    ['a 400 with register', json(400, { register: { email: ['taken'] } }), 'refused'],
    ['a 400 with bare fields', json(400, { memory: ['not updateable'] }), 'refused'],
    ['a 429', json(429, ''), 'wait'],
    ['a 500', json(500, ''), 'ambiguous'],
    ['a reset', reset, 'ambiguous'],
    ['a refused connection', refused, 'not-sent'],
    ['a 200 HTML page', html(200), 'broken'],
    ['a 307', json(307, ''), 'broken'],
    ['a 405', json(405, ''), 'broken'],
    ['a 403', json(403, ''), 'auth'],
  ];
  it.each(ends)('%s: %#', async (_, answer, kind) => {
    const { result, sent } = await writing(answer);
    expect(result).toMatchObject(bad(kind));
    expect(sent).toHaveLength(1);
  });

  it('a refusal keeps its messages by field', async () => {
    const { result } = await writing(
      json(400, {
        service: { container_ports: ["Duplicated port '80/tcp'.", 'Too many.'], image: 'unknown' },
      }),
    );
    expect(result).toMatchObject({
      failure: {
        status: 400,
        fields: { container_ports: ["Duplicated port '80/tcp'.", 'Too many.'], image: ['unknown'] },
        message:
          "PATCH /api/v1/service/u1/: 400 container_ports: Duplicated port '80/tcp'. Too many.; image: unknown",
      },
    });
  });
});

describe('a look at one service', () => {
  it('gives the service and when it was asked for', async () => {
    const world = scriptedClient(() => json(200, row('u1')));
    expect(await world.get('u1')).toMatchObject({
      ok: true,
      value: { live: { uuid: 'u1' }, startedAt: world.sent[0]?.at },
    });
  });

  it('takes a 404 for gone, but not the page of a proxy', async () => {
    expect(await scriptedClient(() => json(404, '')).get('u1')).toMatchObject({
      ok: true,
      value: { live: undefined },
    });
    expect(await scriptedClient(() => html(404)).get('u1')).toMatchObject(bad('broken'));
  });

  it('does not take another service, or half a one', async () => {
    expect(await scriptedClient(() => json(200, row('u2'))).get('u1')).toMatchObject(bad('ambiguous'));
    expect(await scriptedClient(() => json(200, '{"uuid":"u1"')).get('u1')).toMatchObject(bad('ambiguous'));
  });
});

describe('patience', () => {
  const waits: [string, Record<string, string>, number, number][] = [
    ['seconds', { 'retry-after': '7' }, 7000, 7000],
    ['zero', { 'retry-after': '0' }, 1000, 1000],
    ['a hundred years', { 'retry-after': '3155760000' }, 3_600_000, 3_600_000],
    ['a number beyond all timers', { 'retry-after': '9'.repeat(40) }, 3_600_000, 3_600_000],
    [
      'a date, by the clock of the server',
      { 'retry-after': 'Tue, 30 Sep 2014 16:07:36 GMT', date: 'Tue, 30 Sep 2014 16:07:06 GMT' },
      30_000,
      30_000,
    ],
    ['a date without a Date', { 'retry-after': 'Tue, 30 Sep 2099 16:07:36 GMT' }, 1000, 2000],
    ['nothing', {}, 1000, 2000],
    ...['', 'soon', '-5', '1e3', '120, 60', '1.5', 'NaN'].map(
      (junk): [string, Record<string, string>, number, number] => [
        `junk ${junk}`,
        { 'retry-after': junk },
        1000,
        2000,
      ],
    ),
  ];
  it.each(waits)('after a 429 with %s, nobody sends for as long', async (_, headers, least, most) => {
    const world = scriptedClient((_request, number) =>
      number === 1 ? json(429, '', headers) : json(202, row('u1')),
    );
    const write = () => world.client.write(async () => update, 'write', world.signal);
    const first = await world.clock.runUntil(write());
    expect(first).toMatchObject(bad('wait'));
    await world.clock.runUntil(Promise.all([write(), world.client.get('u1', world.signal)]));
    const gap = (world.sent[1]?.at ?? 0) - (world.sent[0]?.at ?? 0);
    expect(gap).toBeGreaterThanOrEqual(least);
    expect(gap).toBeLessThanOrEqual(most + 1);
  });

  it('grows while the server goes on refusing without saying for how long', async () => {
    const world = scriptedClient(() => json(429, ''));
    for (let round = 0; round < 8; round++)
      await world.clock.runUntil(world.client.write(async () => update, 'write', world.signal));
    const gaps = world.sent.slice(1).map((one, index) => one.at - (world.sent[index]?.at ?? 0));
    expect(gaps[6]).toBeGreaterThan(29_000);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(60_001);
  });

  it('holds back a write that was decided while the pause began', async () => {
    const world = scriptedClient(() => json(429, '', { 'retry-after': '60' }));
    let decide: (request: WriteRequest) => void = () => {};
    const decided = new Promise<WriteRequest>((resolve) => {
      decide = resolve;
    });
    const slow = world.client.write(() => decided, 'write', world.signal);
    await world.clock.runUntil(world.client.write(async () => update, 'write', world.signal));
    decide(update);
    expect(await world.clock.runUntil(slow)).toMatchObject(bad('wait'));
    expect(world.sent).toHaveLength(1);
  });
});

describe('deadlines and stops', () => {
  const silent = () => {
    const aborted: number[] = [];
    const world = scriptedClient(
      (request) =>
        new Promise<HttpOutcome>((resolve) => {
          request.signal.addEventListener('abort', () => {
            aborted.push(world.clock.monotonic());
            resolve({ kind: 'error', sent: true, message: 'cancelled' });
          });
        }),
      { deadlineMs: 5000 },
    );
    return { ...world, aborted };
  };

  it('an answer that is not whole in time is ambiguous, and said to be late', async () => {
    const world = silent();
    const result = await world.clock.runUntil(world.client.create(async () => create, world.signal));
    expect(result).toMatchObject({
      failure: { kind: 'ambiguous', message: 'POST /api/v1/service/: no complete answer in 5 s' },
    });
    expect((world.aborted[0] ?? 0) - (world.sent[0]?.at ?? 0)).toBe(5000);
  });

  it('a stop ends the exchange, and a write under way is ambiguous then', async () => {
    const world = silent();
    const stop = new AbortController();
    const done = world.client.create(async () => create, stop.signal);
    await world.clock.advance(200);
    stop.abort();
    expect(await done).toMatchObject(bad('ambiguous'));
  });

  it('a stop before the place is granted sends nothing', async () => {
    const world = silent();
    const stop = new AbortController();
    const [write, list] = [
      world.client.create(async () => create, stop.signal),
      world.client.list(stop.signal),
    ];
    stop.abort();
    expect(await write).toBeUndefined();
    expect(await list).toMatchObject(bad('not-sent'));
    expect(world.sent).toEqual([]);
  });

  it('leaves no timer behind', async () => {
    const world = scriptedClient(() => json(200, page([])));
    await world.list();
    await world.clock.advance(0);
    expect(world.clock.sleepers()).toBe(0);
  });
});

describe('secrets', () => {
  const spellings = [
    CANARY,
    `ApiKey me:${CANARY}`,
    encodeURIComponent(CANARY),
    Buffer.from(CANARY).toString('base64'),
    Buffer.from(`me:${CANARY}`).toString('base64'),
    Buffer.from(`x${CANARY}`).toString('base64'),
    Buffer.from(CANARY).toString('hex'),
    JSON.stringify(CANARY),
    'hunter2',
  ];
  const hostile = `bad\u0000request\r\n\u001b[31m ${spellings.join(' and ')} ${'x'.repeat(5000)}`;
  const bodies: [string, unknown][] = [
    ['error', { error: hostile }],
    ['fields', { service: { container_envvars: [hostile], image: hostile } }],
    ['text', hostile],
  ];
  it.each(bodies)(
    'sent back by the server as %s are masked, and the text is one short line',
    async (_, body) => {
      for (const status of [400, 401, 409, 429, 500]) {
        const { result } = await creating(json(status, body));
        const shown = `${JSON.stringify(result)} ${inspect(result, { depth: 9 })}`;
        expect(shown).not.toContain('canary');
        expect(shown).not.toContain('hunter2');
        for (const spelling of spellings.slice(0, -1)) expect(shown).not.toContain(spelling.slice(4, -5));
        if (result?.ok !== false) throw new Error('expected a failure');
        expect(result.failure.message.length).toBeLessThan(900);
        expect([...result.failure.message].filter((char) => char < ' ')).toEqual([]);
      }
    },
  );
});
