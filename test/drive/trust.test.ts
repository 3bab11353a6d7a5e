/** What a list says is believed only as far as it can be trusted: nothing is made or removed on less. */
import { expect, test } from 'vitest';
import { fault } from '../sim/faults.ts';
import { whole } from '../sim/network.ts';
import type { World } from '../sim/world.ts';
import { putOurs, resultOf, told, worldWith, writes } from '../support/drive.ts';
import { wish } from '../support/services.ts';

test('a list that lacks a service of ours, and counts itself whole, makes no second one', async () => {
  const world = worldWith([wish('web')]);
  expect(resultOf(await world.apply()).exitCode).toBe(0);
  const running = await world.run();
  await world.pass(1_000);
  const since = world.scheduler.now;
  world.network.faultOf = ({ kind }) =>
    kind === 'list'
      ? {
          name: 'lacks it',
          on: 'list',
          gets: ({ status, headers }) => ({
            kind: 'response',
            status,
            headers,
            body: '{"meta":{"total_count":0,"next":null},"objects":[]}',
          }),
        }
      : undefined;
  await world.pass(600_000);
  expect(writes(world, since)).toEqual([]);
  expect(world.network.log.some(({ kind, at }) => kind === 'get' && at > since)).toBe(true);
  await running.stop();
});

test('after a restart, too, a claimed service that the list lacks is asked for before another is made', async () => {
  const world = worldWith([wish('web')]);
  await world.apply();
  world.network.faultOf = ({ kind }) =>
    kind === 'list'
      ? {
          name: 'lacks it',
          on: 'list',
          gets: ({ status, headers }) => ({
            kind: 'response',
            status,
            headers,
            body: '{"meta":{"total_count":0,"next":null},"objects":[]}',
          }),
        }
      : undefined;
  const since = world.scheduler.now;
  await world.apply({ deadlineMs: 60_000 });
  expect(writes(world, since)).toEqual([]);
});

test('a row that goes back behind what is known is asked for by GET, and nothing is written because of it', async () => {
  const world = worldWith([wish('web')]);
  const uuid = putOurs(world, wish('web'));
  world.server.become(uuid, 'Running', { target_num_containers: 7 });
  await world.pass(10_000);
  const running = await world.run();
  await world.pass(30_000);
  expect(told(writes(world))).toBe('update web');
  const before = ({ path }: { path: string }, server: World['server']) =>
    server.list(new URL(path, 'http://api').searchParams, 9_000);
  world.network.faultOf = ({ kind }) =>
    kind === 'list'
      ? { name: 'as it was', on: 'list', gets: (_, asked, server) => whole(before(asked, server)) }
      : undefined;
  await world.pass(120_000);
  expect(told(writes(world))).toBe('update web');
  expect(world.network.log.some(({ kind, uuid: asked }) => kind === 'get' && asked === uuid)).toBe(true);
  await running.stop();
  expect(world.oracles.violations).toEqual([]);
});

test('a state nobody knows freezes that service and no other', async () => {
  const world = worldWith([wish('web'), wish('other')]);
  const uuid = putOurs(world, wish('web'), 'Hibernating');
  const result = resultOf(await world.apply());
  expect(result.exitCode).toBe(4);
  expect(world.server.now(uuid)?.state).toBe('Hibernating');
  expect(world.server.live('other')[0]?.service.state).toBe('Running');
});

test('two live services of one name are reported and neither is touched', async () => {
  const world = worldWith([wish('web')], { prune: 'owned' });
  putOurs(world, wish('web'), 'Stopped');
  world.server.put('web', 'another', {});
  const result = resultOf(await world.apply());
  expect(result.plan.services[0]?.end).toMatchObject({ kind: 'blocked', block: { code: 'namesakes' } });
  expect(writes(world)).toEqual([]);
});

test('without its journal nothing is deleted by name and nothing is made twice', async () => {
  const world = worldWith([wish('web')]);
  await world.apply();
  world.disk.bytes = new Uint8Array();
  const since = world.scheduler.now;
  expect(resultOf(await world.apply()).exitCode).toBe(0);
  expect(writes(world, since)).toEqual([]);
  expect(world.server.all()).toHaveLength(1);
});

test('the mark travels in the create and comes along in every change of the list that carries it', async () => {
  for (const profile of ['ours', 'reference'] as const) {
    const env = (value: string) => ({
      image: 'nginx:1',
      target_num_containers: 2,
      container_envvars: [{ key: 'A', value }],
      ...(profile === 'ours' ? { labels: { tier: value } } : {}),
    });
    const world = worldWith([wish('web', { spec: env('1') })], { server: { profile } });
    await world.apply();
    const marksOf = () =>
      JSON.stringify(world.server.live('web')[0]?.service.spec).match(/default\/web\/[0-9a-f-]{36}/g);
    const made = marksOf();
    expect(made).toHaveLength(1);
    if (profile === 'ours') {
      world.wishes = [wish('web', { spec: env('2') })];
      expect(resultOf(await world.apply()).exitCode).toBe(0);
      expect(marksOf()).toEqual(made);
    }
  }
});

test('after a write that was not answered, one GET decides: lists that are a little old are not believed', async () => {
  const world = worldWith([wish('web')]);
  const uuid = putOurs(world, wish('web'), 'Stopped');
  await world.pass(30_000);
  let lost = false;
  world.network.faultOf = ({ kind, verb }) => {
    if (kind === 'list') return fault('stale-5s');
    if (verb !== 'start' || lost) return undefined;
    lost = true;
    return fault('reset-after');
  };
  expect(resultOf(await world.apply()).exitCode).toBe(0);
  expect(told(writes(world))).toBe('start web (reset-after)');
  expect(world.network.log.some((one) => one.kind === 'get' && one.uuid === uuid)).toBe(true);
  expect(world.oracles.violations).toEqual([]);
});

test('details that were asked for before a list began, and came after it, are details all the same', async () => {
  const world = worldWith([wish('web')], { server: { profile: 'reference' } });
  putOurs(world, wish('web'), 'Stopped');
  const daemon = await world.run();
  world.network.way = { up: () => 5, down: ({ kind }) => (kind === 'get' ? 1_500 : 5) };
  await world.pass(120_000);
  expect(told(writes(world))).toBe('start web');
  expect(world.server.live('web')[0]?.service.state).toBe('Running');
  await daemon.stop();
});

test('a link to a name that has no service of its own blocks, and does not wait for ever', async () => {
  const world = worldWith([
    wish('db', { want: 'stopped' }),
    wish('web', {
      dependsOn: ['db'],
      spec: { image: 'web:1', linked_to_service: [{ to_service: 'db', name: 'db' }] },
    }),
  ]);
  world.server.put('db', 'another', {});
  world.server.put('db', 'another', {});
  const daemon = await world.run();
  await world.pass(120_000);
  expect(daemon.fleet.verdictOf('web')).toMatchObject({
    kind: 'blocked',
    block: { code: 'dependency', name: 'db' },
  });
  await daemon.stop();
});

test('two who wait for a list share one', async () => {
  const world = worldWith([wish('web')]);
  world.network.way = { up: () => 200, down: () => 200 };
  const daemon = await world.run();
  await world.pass(240_000);
  const lists = world.network.log.filter(({ kind }) => kind === 'list');
  const overlapping = lists.filter(({ at }, index) => at < (lists[index - 1]?.endedAt ?? 0));
  expect(overlapping).toEqual([]);
  await daemon.stop();
});
