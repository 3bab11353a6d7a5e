import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ActionRecord, Definition } from '../../../src/service/definition.ts';
import { StoreConflict } from '../../../src/service/store.ts';
import { definitionOf } from '../../support/docker.ts';
import { describeSwarm, type TestSwarm, testSwarm } from '../../support/swarm.ts';
import { type SwarmBench, swarmBench } from '../../support/swarm-bench.ts';

describeSwarm('the memory of the server in a swarm', { timeout: 60_000 }, () => {
  let swarm: TestSwarm;
  let b: SwarmBench;
  beforeAll(async () => {
    swarm = await testSwarm(1, []);
    b = await swarmBench(swarm);
  });
  afterAll(async () => {
    await b?.end();
    await swarm?.end();
  });
  const put = (definition: Definition) => b.parts.store.write([{ table: 'definitions', put: definition }]);
  const action = (uuid: string, over: Partial<ActionRecord> = {}): ActionRecord => ({
    uuid,
    user: 'admin',
    service: 's',
    action: 'Service Start',
    state: 'In progress',
    method: 'POST',
    path: '/',
    body: '',
    userAgent: '',
    ip: '',
    message: '',
    startedAt: 1,
    endedAt: null,
    ...over,
  });

  it('gives back what was written, also to a server on the same swarm that starts later', async () => {
    const web = definitionOf({ container_envvars: [{ key: 'A', value: 'ü"\n' }] });
    await put(web);
    await put({ ...web, version: 2, note: 'again' });
    const { store } = b.another();
    expect(await store.definition(web.uuid)).toEqual({ ...web, version: 2, note: 'again' });
    expect(await store.definitions()).toEqual([{ ...web, version: 2, note: 'again' }]);
    await store.write([{ table: 'definitions', remove: web.uuid }]);
    expect(await b.parts.store.definitions()).toEqual([]);
    expect(await b.parts.store.definition(web.uuid)).toBeUndefined();
  });

  it('takes a definition only over its predecessor', async () => {
    const web = definitionOf();
    await expect(put({ ...web, version: 2 })).rejects.toBeInstanceOf(StoreConflict);
    await put(web);
    await expect(put(web)).rejects.toBeInstanceOf(StoreConflict);
    await put({ ...web, version: 2 });
    await expect(put({ ...web, version: 2 })).rejects.toBeInstanceOf(StoreConflict);
    await expect(put({ ...web, version: 4 })).rejects.toBeInstanceOf(StoreConflict);
    expect((await b.parts.store.definition(web.uuid))?.version).toBe(2);
  });

  it('lets one of two servers win that write at the same time', async () => {
    const web = definitionOf();
    await put(web);
    const { store } = b.another();
    for (let version = 2; version < 8; version += 1) {
      const write = (by: string, to: typeof store) =>
        to.write([{ table: 'definitions', put: { ...web, version, note: by } }]);
      const ends = await Promise.allSettled([write('one', b.parts.store), write('two', store)]);
      const won = ends.filter(({ status }) => status === 'fulfilled');
      expect(won).toHaveLength(1);
      const lost = ends.find((end) => end.status === 'rejected');
      expect(lost?.status === 'rejected' && lost.reason).toBeInstanceOf(StoreConflict);
      const now = await store.definition(web.uuid);
      expect(now?.note).toBe(ends[0]?.status === 'fulfilled' ? 'one' : 'two');
    }
  });

  it('keeps the record of an action with its definition, and loses none of many', async () => {
    const web = definitionOf();
    const uuids = Array.from({ length: 5 }, (): string => crypto.randomUUID());
    const record = (index: number, over: Partial<ActionRecord> = {}) =>
      action(uuids[index] ?? '', { service: web.uuid, body: index === 3 ? 'x'.repeat(5_000) : '', ...over });
    const write = (version: number, put: ActionRecord, to = b.parts.store) => {
      const actions = uuids.slice(0, uuids.indexOf(put.uuid) + 1);
      return to.write([
        { table: 'definitions', put: { ...web, version, actions } },
        { table: 'actions', put },
      ]);
    };
    for (let index = 0; index < 5; index += 1) {
      await write(index * 2 + 1, record(index));
      expect(await b.another().store.action(uuids[index] ?? '')).toEqual(record(index));
      await write(index * 2 + 2, record(index, { state: 'Success', endedAt: 2 }), b.another().store);
    }
    const all = await b.parts.store.actions();
    expect(all.filter(({ service }) => service === web.uuid)).toHaveLength(5);
    for (const uuid of uuids) expect(await b.parts.store.action(uuid)).toMatchObject({ state: 'Success' });
    const late = record(4, { message: 'said later' });
    await b.parts.store.write([{ table: 'actions', put: late }]);
    expect(await b.another().store.action(late.uuid)).toEqual(late);
  });

  it('stores no record of a change that it refuses', async () => {
    const web = definitionOf();
    await put(web);
    const refused = action(crypto.randomUUID(), { service: web.uuid });
    const write = b.parts.store.write([
      { table: 'definitions', put: { ...web, version: 9, actions: [refused.uuid] } },
      { table: 'actions', put: refused },
    ]);
    await expect(write).rejects.toBeInstanceOf(StoreConflict);
    expect(await b.parts.store.action(refused.uuid)).toBeUndefined();
  });

  it('keeps what came before a failure, in the order given', async () => {
    const uuid = crypto.randomUUID();
    const conflict = { table: 'definitions', put: { ...definitionOf(), version: 9 } } as const;
    const later = crypto.randomUUID();
    const writes = b.parts.store.write([
      { table: 'actions', put: action(uuid) },
      conflict,
      { table: 'actions', put: action(later) },
    ]);
    await expect(writes).rejects.toBeInstanceOf(StoreConflict);
    expect(await b.parts.store.action(uuid)).toEqual(action(uuid));
    expect(await b.parts.store.action(later)).toBeUndefined();
    await b.parts.store.write([{ table: 'actions', put: action(uuid, { state: 'Success', endedAt: 2 }) }]);
    expect(await b.parts.store.action(uuid)).toMatchObject({ state: 'Success', endedAt: 2 });
    await b.parts.store.write([{ table: 'actions', remove: uuid }]);
    expect(await b.parts.store.action(uuid)).toBeUndefined();
  });
});
