import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '../../src/server/store/lmdb.ts';
import { memoryStore } from '../../src/server/store/memory.ts';
import type { Store } from '../../src/service/store.ts';
import { call, createOne, getOne, servicePath, startServer } from '../support/server.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'evenkeel-durable-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** Operations that take for ever: what a crash finds in the middle. */
const NEVER = { delays: { start: 1e9, scale: 1e9, redeploy: 1e9, stop: 1e9, terminate: 1e9 } };

const act = (url: string, uuid: string, action: string) => call(url, 'POST', servicePath(uuid, `${action}/`));

describe('a restarted server', () => {
  it('finds its services, their containers and their records again', async () => {
    const store = await openStore(directory);
    const first = await startServer({ store });
    const made = await createOne(first.url, { name: 'web', target_num_containers: 2, labels: { a: 'b' } });
    await act(first.url, made.uuid, 'start');
    await first.idle();
    const before = await getOne(first.url, made.uuid);
    await first.close();
    await store.close();

    const again = await openStore(directory);
    const second = await startServer({ store: again });
    expect(await getOne(second.url, made.uuid)).toEqual(before);
    expect(before.state).toBe('Running');
    const actions = await call(second.url, 'GET', '/api/v1/action/');
    expect(actions.json['meta']).toMatchObject({ total_count: 2 });
    await second.close();
    await again.close();
  });

  it('still knows an Idempotency-Key', async () => {
    const store = memoryStore();
    const post = (url: string) =>
      call(url, 'POST', '/api/v1/service/', {
        headers: { 'idempotency-key': 'k' },
        body: { image: 'nginx' },
      });
    const first = await startServer({ store });
    const made = await post(first.url);
    await first.close();
    const second = await startServer({ store });
    expect((await post(second.url)).json['uuid']).toBe(made.json['uuid']);
    await second.close();
  });

  const way: Record<string, readonly string[]> = {
    start: [],
    stop: ['start'],
    redeploy: ['start'],
    scale: ['start'],
    terminate: ['start'],
  };
  const ends: Record<string, string> = {
    start: 'Running',
    stop: 'Stopped',
    redeploy: 'Running',
    scale: 'Running',
    terminate: 'Terminated',
  };

  for (const [verb, before] of Object.entries(way))
    it(`takes up an interrupted ${verb} and carries it to its end`, async () => {
      const store = memoryStore();
      const prepared = await startServer({ store });
      const { uuid } = await createOne(prepared.url, { name: 'web', target_num_containers: 2 });
      for (const action of before) await act(prepared.url, uuid, action);
      await prepared.idle();
      const old = await getOne(prepared.url, uuid);
      await prepared.close();

      const interrupted = await startServer({ store, simulation: NEVER });
      const reply =
        verb === 'scale'
          ? await call(interrupted.url, 'PATCH', servicePath(uuid), { body: { target_num_containers: 3 } })
          : verb === 'terminate'
            ? await call(interrupted.url, 'DELETE', servicePath(uuid))
            : await act(interrupted.url, uuid, verb);
      expect(reply.status).toBe(202);
      await interrupted.close();

      const last = await startServer({ store });
      await last.idle();
      const after = await getOne(last.url, uuid);
      expect(after.state).toBe(ends[verb]);
      if (verb === 'redeploy') expect(after['containers']).not.toEqual(old['containers']);
      if (verb === 'scale') expect(after.running_num_containers).toBe(3);
      const action = await call(last.url, 'GET', reply.headers.get('x-tutum-action-uri') ?? '');
      expect(action.json['state']).toBe('Success');
      await last.close();
    });

  it('drops links that a crash left behind', async () => {
    const store = memoryStore();
    const first = await startServer({ store });
    const db = await createOne(first.url, { name: 'db' });
    const web = await createOne(first.url, { name: 'web', linked_to_service: ['db'] });
    await first.close();
    const definition = await store.definition(db.uuid);
    if (definition === undefined) throw new Error('db is gone');
    const tombstone = { ...definition, destroyedAt: Date.now(), version: definition.version + 1 };
    await store.write([{ table: 'definitions', put: tombstone }]);
    const second = await startServer({ store });
    expect((await store.definition(web.uuid))?.spec.linked_to_service).toEqual([]);
    await second.close();
  });
});

describe('a store that cannot write', () => {
  it('is a 500 without an inner detail, and nothing is said to be done', async () => {
    const inner = memoryStore();
    let full = false;
    const store: Store = {
      ...inner,
      write: (changes) =>
        full ? Promise.reject(new Error('no space on /secret/path')) : inner.write(changes),
    };
    const server = await startServer({ store });
    const { uuid } = await createOne(server.url);
    full = true;
    const reply = await act(server.url, uuid, 'start');
    expect([reply.status, reply.text]).toEqual([500, '{"error":"internal error"}']);
    full = false;
    expect((await getOne(server.url, uuid)).state).toBe('Init');
    await server.close();
  });
});
