import { Agent, request as httpRequest } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/cli/system.ts';
import { createSimulatedEngine } from '../../src/engine/simulated/engine.ts';
import { INSTANT } from '../../src/engine/simulated/options.ts';
import { memoryStore } from '../../src/server/store/memory.ts';
import type { Engine } from '../../src/service/engine.ts';
import type { Simulation } from '../../src/service/simulation.ts';
import { StoreUnavailable } from '../../src/service/store.ts';
import { virtualClock } from '../support/clock.ts';
import {
  AUTHORIZATION,
  assertNoForbidden,
  assertRate,
  call,
  createOne,
  getOne,
  type StartOptions,
  servicePath,
  startServer,
  type TestServer,
} from '../support/server.ts';

let server: TestServer;
afterEach(() => server.close());

const begin = async (options: StartOptions = {}) => {
  server = await startServer(options);
  return server.url;
};
const act = (uuid: string, action: string) => call(server.url, 'POST', servicePath(uuid, `${action}/`));
const patch = (uuid: string, body: unknown) => call(server.url, 'PATCH', servicePath(uuid), { body });
const started = async (body: Record<string, unknown> = {}) => {
  const made = await createOne(server.url, { name: 'web', ...body });
  await act(made.uuid, 'start');
  await server.idle();
  return made.uuid;
};
const failing = (...failures: NonNullable<Simulation['failures']>): Simulation => ({ failures });

describe('a failed operation', () => {
  it.each([
    ['start', 'Partly running'],
    ['scale', 'Partly running'],
    ['stop', 'Partly running'],
    ['redeploy', 'Partly running'],
    ['terminate', 'Partly running'],
  ] as const)('%s ends in the state that is true, with a reason and a failed action', async (verb, state) => {
    const url = await begin({ simulation: failing({ verb, times: 1, message: 'the disk is on fire' }) });
    const made = await createOne(url, { name: 'web', target_num_containers: 2 });
    let reply = await act(made.uuid, 'start');
    await server.idle();
    if (verb === 'scale') reply = await patch(made.uuid, { target_num_containers: 3 });
    if (verb === 'terminate') reply = await call(url, 'DELETE', servicePath(made.uuid));
    if (verb === 'stop' || verb === 'redeploy') reply = await act(made.uuid, verb);
    await server.idle();
    const after = await getOne(url, made.uuid);
    expect(after).toMatchObject({ state, note: 'the disk is on fire' });
    const action = await call(url, 'GET', reply.headers.get('x-tutum-action-uri') ?? '');
    expect(action.json).toMatchObject({ state: 'Failed', message: 'the disk is on fire' });
    await act(made.uuid, 'redeploy');
    await server.idle();
    const healed = await getOne(url, made.uuid);
    if (verb !== 'terminate') expect(healed).toMatchObject({ state: 'Running', note: null });
  });

  it('leaves the dates as they were', async () => {
    const url = await begin({ simulation: failing({ verb: 'stop' }) });
    const uuid = await started();
    const before = await getOne(url, uuid);
    await act(uuid, 'stop');
    await server.idle();
    expect(await getOne(url, uuid)).toMatchObject({
      state: 'Running',
      stopped_datetime: before.stopped_datetime,
    });
  });
});

describe('an engine that does not answer', () => {
  it('is a 503 with Retry-After; nothing is invented, and all is as it was when it is back', async () => {
    const url = await begin();
    const uuid = await started({ target_num_containers: 2 });
    const before = await getOne(url, uuid);
    server.engine.setAvailable(false);
    for (const reply of [
      await call(url, 'GET', '/api/v1/service/'),
      await call(url, 'GET', servicePath(uuid)),
      await act(uuid, 'stop'),
      await patch(uuid, { target_num_containers: 1 }),
      await call(url, 'DELETE', servicePath(uuid)),
      await call(url, 'GET', servicePath(uuid, 'logs/')),
    ]) {
      expect([reply.status, Object.keys(reply.json)]).toEqual([503, ['error']]);
      expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    server.engine.setAvailable(true);
    expect(await getOne(url, uuid)).toEqual(before);
  });

  it('that takes a request and never answers is a 503 at the deadline', async () => {
    const store = memoryStore();
    const engine = createSimulatedEngine({ ...INSTANT, clock: systemClock, store, seed: 1 });
    const mute: Engine = { ...engine, inspect: () => new Promise(() => {}) };
    server = await startServer({ engine: mute, store, settings: { deadlineMs: 100 } });
    await createOne(server.url);
    const reply = await call(server.url, 'GET', '/api/v1/service/');
    expect([reply.status, Object.keys(reply.json), reply.headers.get('retry-after')]).toEqual([
      503,
      ['error'],
      '5',
    ]);
    expect((await call(server.url, 'GET', '/livez')).status).toBe(200);
  });

  it('that goes away in the middle of an operation: it is settled when it is back', async () => {
    const clock = virtualClock();
    const url = await begin({ clock, simulation: { delays: { start: 1_000 }, jitter: 0 } });
    const made = await createOne(url);
    await act(made.uuid, 'start');
    await clock.advance(500);
    server.engine.setAvailable(false);
    await clock.advance(10_000);
    expect((await call(url, 'GET', servicePath(made.uuid))).status).toBe(503);
    server.engine.setAvailable(true);
    await clock.advance(60_000);
    expect(await getOne(url, made.uuid)).toMatchObject({
      state: 'Init',
      note: expect.stringContaining('taken away'),
    });
  });
});

describe('containers that change by themselves', () => {
  it('show in the state at once: one dead, all dead, all gone', async () => {
    const url = await begin();
    const uuid = await started({ target_num_containers: 2 });
    await server.engine.crash(uuid, 1, 7);
    const partly = await getOne(url, uuid);
    expect(partly).toMatchObject({
      state: 'Partly running',
      running_num_containers: 1,
      stopped_num_containers: 1,
    });
    expect(partly['note']).toContain('exit code 7');
    await server.engine.crash(uuid, 2, 0);
    expect(await getOne(url, uuid)).toMatchObject({ state: 'Stopped', stopped_datetime: expect.any(String) });
    await server.engine.vanish(uuid, 1);
    await server.engine.vanish(uuid, 2);
    expect(await getOne(url, uuid)).toMatchObject({ state: 'Not running', current_num_containers: 0 });
  });

  it('come back under autorestart and autoreplace, and go under autodestroy', async () => {
    const clock = virtualClock();
    const url = await begin({ clock });
    const run = async (body: object) => {
      const made = await createOne(url, { run_command: 'sleep 5; exit 1', ...body });
      await act(made.uuid, 'start');
      await clock.advance(100);
      const before = await getOne(url, made.uuid);
      expect(before.state).toBe('Running');
      await clock.advance(5_200);
      return { before: before['containers'], after: await getOne(url, made.uuid) };
    };
    const restarted = await run({ autorestart: 'ON_FAILURE' });
    expect(restarted.after).toMatchObject({ state: 'Running', containers: restarted.before });
    const replaced = await run({ autoreplace: 'ALWAYS' });
    expect(replaced.after.state).toBe('Running');
    expect(replaced.after['containers']).not.toEqual(replaced.before);
    expect((await run({ autodestroy: 'ALWAYS' })).after.state).toBe('Not running');
    expect((await run({ autodestroy: 'ON_SUCCESS' })).after.state).toBe('Stopped');
    expect((await run({})).after.state).toBe('Stopped');
  });
});

describe('a terminated service', () => {
  it('is shown for an hour, then it is a 404 and in no list', async () => {
    const clock = virtualClock();
    const url = await begin({ clock });
    const { uuid } = await createOne(url, { name: 'web' });
    await call(url, 'DELETE', servicePath(uuid));
    await server.idle();
    await clock.advance(59 * 60_000);
    expect((await getOne(url, uuid)).state).toBe('Terminated');
    await clock.advance(2 * 60_000);
    expect((await call(url, 'GET', servicePath(uuid))).status).toBe(404);
    expect((await call(url, 'GET', '/api/v1/service/')).json['objects']).toEqual([]);
    await createOne(url);
    expect(await server.store.definition(uuid)).toBeUndefined();
    expect((await server.store.actions()).filter((one) => one.service === uuid)).toEqual([]);
  });

  it('that a keyed create made is remembered for a day, and makes no second one', async () => {
    const clock = virtualClock();
    const url = await begin({ clock });
    const post = () =>
      call(url, 'POST', '/api/v1/service/', {
        headers: { 'idempotency-key': 'k' },
        body: { image: 'nginx' },
      });
    const made = await post();
    await call(url, 'DELETE', servicePath(made.json['uuid']));
    await server.idle();
    await clock.advance(3 * 3_600_000);
    await createOne(url);
    expect((await post()).json).toMatchObject({ uuid: made.json['uuid'], state: 'Terminated' });
    await clock.advance(22 * 3_600_000);
    await createOne(url);
    expect((await post()).json).toMatchObject({ uuid: made.json['uuid'], state: 'Init' });
  });
});

describe('closing', () => {
  it('finishes the request in flight on a kept connection, says so, and returns', async () => {
    const url = await begin({
      rules: [{ match: { verb: 'list', nth: 2 }, fault: { kind: 'delay', ms: 300 } }],
    });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ask = () =>
      new Promise<string | undefined>((resolve, reject) => {
        const options = { agent, headers: { authorization: AUTHORIZATION } };
        httpRequest(`${url}/api/v1/service/`, options, (response) => {
          response.resume().on('end', () => resolve(response.headers.connection));
        })
          .on('error', reject)
          .end();
      });
    expect(await ask()).toBe('keep-alive');
    const last = ask();
    await new Promise((resolve) => setTimeout(resolve, 100));
    await server.close();
    expect(await last).toBe('close');
    agent.destroy();
  });

  it('does not wait for requests that a fault holds', async () => {
    const url = await begin({ rules: [{ match: { verb: 'create' }, fault: { kind: 'timeout_before' } }] });
    const held = createOne(url).catch((error: Error) => error);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await server.close();
    expect(await held).toBeInstanceOf(Error);
  });
});

describe('the truth about requests', () => {
  it('tells what broke the state table, and what was committed', async () => {
    const url = await begin();
    const { uuid } = await createOne(url, { name: 'web' });
    await act(uuid, 'stop');
    await act(uuid, 'start');
    await server.idle();
    const seen = server
      .requests()
      .map((one) => [one.verb, one.name, one.stateBefore, one.forbidden, one.committed, one.status]);
    expect(seen).toEqual([
      ['create', 'web', undefined, false, true, 201],
      ['stop', 'web', 'Init', true, false, 400],
      ['start', 'web', 'Init', false, true, 202],
    ]);
    expect(() => assertNoForbidden(server.requests())).toThrow('stop');
    assertNoForbidden(server.requests(), (one) => one.verb === 'stop');
  });

  it('tells when the bound on requests was broken, to the request', () => {
    const at = (...times: number[]) => times.map((arrivedAt, number) => ({ arrivedAt, number }));
    assertRate(at(0, 0, 100, 200), 10, 2, 0);
    expect(() => assertRate(at(0, 0, 0), 10, 2, 0)).toThrow('3 requests within 0 ms');
    expect(() => assertRate(at(5_000, 5_000, 5_100, 5_150), 10, 2, 0)).toThrow('4 requests within 150 ms');
    assertRate(at(5_000, 5_000, 5_100, 5_150), 10, 2, 50);
  });
});

describe('many at once', () => {
  it('one operation per service: of ten starts one is accepted', async () => {
    const url = await begin({ simulation: { delays: { start: 50 } } });
    const { uuid } = await createOne(url);
    const replies = await Promise.all(Array.from({ length: 10 }, () => act(uuid, 'start')));
    expect(replies.map((reply) => reply.status).toSorted()).toEqual([202, ...Array(9).fill(400)]);
    await server.idle();
    expect((await getOne(url, uuid)).state).toBe('Running');
  });

  it('creates of one name at once get unique names of their own', async () => {
    const url = await begin();
    const made = await Promise.all(Array.from({ length: 8 }, () => createOne(url, { name: 'twin' })));
    expect(new Set(made.map((one) => one.unique_name)).size).toBe(8);
    expect(new Set(made.map((one) => one.uuid)).size).toBe(8);
  });

  it('creates of one name get unique names also while the store has none of them yet, and do not wait for each other', async () => {
    const store = memoryStore();
    let waiting = 0;
    let release = () => {};
    const all = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow: typeof store = {
      ...store,
      async write(changes) {
        waiting += 1;
        if (waiting === 8) release();
        await all;
        await store.write(changes);
      },
    };
    const url = await begin({ store: slow });
    const made = await Promise.all(Array.from({ length: 8 }, () => createOne(url, { name: 'twin' })));
    expect(made.map((one) => one.unique_name).toSorted()).toEqual([
      'twin',
      ...[2, 3, 4, 5, 6, 7, 8].map((number) => `twin-${number}`),
    ]);
    expect((await createOne(url, { name: 'twin' })).unique_name).toBe('twin-9');
  });

  it('a create that could not be stored leaves its unique name free', async () => {
    const store = memoryStore();
    let away = true;
    const write: typeof store.write = async (changes) => {
      if (away) throw new StoreUnavailable('no leader');
      await store.write(changes);
    };
    const url = await begin({ store: { ...store, write } });
    expect(
      (await call(url, 'POST', '/api/v1/service/', { body: { name: 'web', image: 'web' } })).status,
    ).toBe(503);
    away = false;
    expect((await createOne(url, { name: 'web' })).unique_name).toBe('web');
  });
});
