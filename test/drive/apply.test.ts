/** A plan, once: what is done is what was shown, and then nothing is left to do. */
import { describe, expect, test } from 'vitest';
import { byName, FLEET, putOurs, resultOf, shown, told, worldWith, writes } from '../support/drive.ts';
import { wish } from '../support/services.ts';

const PACE = { rate: 10, burst: 10 };

describe.each(['ours', 'reference'] as const)('on a server of the profile %s', (profile) => {
  test.each([1, 4])('at concurrency %i, plan then apply leaves nothing to plan', async (concurrency) => {
    const world = worldWith(FLEET, { server: { profile }, pace: { ...PACE, concurrency } });
    const plan = await world.plan();
    expect(plan?.exitCode).toBe(2);
    const result = resultOf(await world.apply());
    expect(result.exitCode).toBe(0);
    expect(byName(told(writes(world)))).toEqual(byName(shown(plan)));
    expect((await world.plan())?.exitCode).toBe(0);
    expect(shown(await world.plan())).toBe('');
    expect(world.server.live('web')[0]?.service.state).toBe('Running');
    expect(world.server.live('cron')[0]?.service.state).toBe('Init');
    expect(world.oracles.violations).toEqual([]);
  });

  test('at concurrency 1 operations leave in the order of the plan', async () => {
    const world = worldWith(FLEET, { server: { profile }, pace: { ...PACE, concurrency: 1 } });
    const plan = await world.plan();
    await world.apply();
    expect(told(writes(world))).toBe(shown(plan));
  });

  test('what differs in the count is scaled; what differs in the image is changed where that is offered', async () => {
    const wishes = [wish('web', { spec: { image: 'web:2', target_num_containers: 4 } })];
    const world = worldWith(wishes, { server: { profile } });
    world.server.put('web', 'us', {
      spec: {
        image: profile === 'ours' ? 'web:1' : 'web:2',
        container_envvars: [{ key: 'EVENKEEL_OWNER', value: 'default/web/a' }],
      },
    });
    expect(resultOf(await world.apply()).exitCode).toBe(0);
    expect(told(writes(world))).toBe('update web');
    expect(world.server.live('web')[0]?.service.spec).toMatchObject({
      image: 'web:2',
      target_num_containers: 4,
    });
  });
});

test('two plans of one world are equal, and neither writes anything anywhere', async () => {
  const world = worldWith(FLEET);
  const first = await world.plan();
  expect(JSON.stringify(await world.plan())).toBe(JSON.stringify(first));
  expect(world.network.log.every((one) => one.method === 'GET')).toBe(true);
  expect(world.disk.bytes).toHaveLength(0);
});

test('equal seeds make equal runs, to the byte of every request and of the journal', async () => {
  const run = async () => {
    const world = worldWith(FLEET, { seed: 42, server: { failing: 0.2 } });
    await world.apply();
    return world.trace();
  };
  expect(await run()).toBe(await run());
});

test('a dependant begins when its dependency has reached its wish, not before', async () => {
  const world = worldWith(FLEET);
  const begun: string[] = [];
  world.server.onChange = ({ name }, { service, by }) => {
    if (by === 'us' && service.state === 'Init')
      begun.push(`${name} while db is ${world.server.live('db')[0]?.service.state}`);
  };
  await world.apply();
  expect(begun).toContain('api while db is Running');
  expect(begun).toContain('db while db is Init');
});

test('a dependant of a service that cannot come up is blocked by it, and a stranger goes on', async () => {
  const world = worldWith([...FLEET, wish('lone')]);
  world.server.outcome = ({ name }) => (name === 'db' ? 'never' : 'well');
  const result = resultOf(await world.apply());
  expect(result.exitCode).toBe(5);
  expect(world.server.live('lone')[0]?.service.state).toBe('Running');
  expect(world.server.live('api')).toEqual([]);
  expect(result.ends.get('db')?.kind).toBe('stalled');
  expect(result.ends.get('api')).toMatchObject({
    kind: 'blocked',
    block: { code: 'dependency', name: 'db' },
  });
  expect(world.oracles.violations).toEqual([]);
});

test('a service that stays in a moving state is stalled after its deadline, with the state as evidence', async () => {
  const world = worldWith([wish('web')]);
  world.server.outcome = () => 'never';
  const result = resultOf(await world.apply());
  expect(result.ends.get('web')).toMatchObject({ kind: 'stalled', state: 'Starting' });
  expect(result.exitCode).toBe(5);
  expect(told(writes(world))).toBe('create web, start web');
});

test('a start that ends Partly running and was not shown again is off-plan: it is reported, not repeated', async () => {
  const world = worldWith([wish('web')]);
  world.server.outcome = (_, move) => (move === 0 ? 'badly' : 'well');
  const result = resultOf(await world.apply());
  expect(result.ends.get('web')?.kind).toBe('off-plan');
  expect(result.exitCode).toBe(5);
  expect(told(writes(world))).toBe('create web, start web');
});

test('what somebody else has done meanwhile is not done again', async () => {
  const world = worldWith([wish('web')]);
  const uuid = world.server.put('web', 'us', {
    state: 'Stopped',
    spec: {
      target_num_containers: 2,
      container_envvars: [{ key: 'EVENKEEL_OWNER', value: 'default/web/a' }],
    },
  });
  world.network.faultOf = ({ number }) =>
    number === 2
      ? { name: 'somebody starts it', on: 'any', meddle: (server) => void server.ask('start', uuid) }
      : undefined;
  world.network.way = { up: ({ number }) => (number === 2 ? 400 : 5), down: () => 5 };
  const result = resultOf(await world.apply());
  expect(result.exitCode).toBe(0);
  expect(world.server.now(uuid)?.state).toBe('Running');
});

test('a deadline ends it with what is undone, and no request leaves afterwards', async () => {
  const world = worldWith([wish('web')]);
  world.server.outcome = () => 'never';
  const result = resultOf(await world.apply({ deadlineMs: 20_000 }));
  expect(result).toMatchObject({ exitCode: 6, stoppedBy: 'deadline', undone: ['web'] });
  const { length } = world.network.log;
  await world.pass(600_000);
  expect(world.network.log).toHaveLength(length);
});

test('a plan that ends blocked exits 4 although the rest of it was done', async () => {
  const world = worldWith([wish('web'), wish('theirs')]);
  world.server.put('theirs', 'another', {});
  const result = resultOf(await world.apply());
  expect(result.exitCode).toBe(4);
  expect(world.server.live('web')[0]?.service.state).toBe('Running');
  expect(writes(world).some(({ name }) => name === 'theirs')).toBe(false);
});

test('deletes go by uuid, dependants first, and only where they were asked for', async () => {
  const world = worldWith([wish('keep')], { prune: 'owned', allowDeletes: 4 });
  putOurs(world, wish('keep'));
  for (const one of FLEET.slice(0, 3)) putOurs(world, one);
  world.server.put('theirs', 'another', {});
  const result = resultOf(await world.apply());
  expect(result.exitCode).toBe(0);
  expect(told(writes(world))).toBe('terminate web, terminate api, terminate db');
  expect(world.server.live('theirs')).toHaveLength(1);
  expect(world.oracles.violations).toEqual([]);
});

test('a replace terminates, waits until it is gone, makes anew, and links its dependants to the new one', async () => {
  const wishes = [
    wish('db', { allowReplace: true, spec: { image: 'postgres:17', target_num_containers: 1 } }),
    wish('web', {
      allowReplace: true,
      dependsOn: ['db'],
      spec: { linked_to_service: [{ to_service: 'db', name: 'db' }], image: 'web:1' },
    }),
  ];
  const world = worldWith(wishes, { server: { profile: 'reference' }, allowDeletes: 2 });
  const old = putOurs(world, {
    ...(wishes[0] as (typeof wishes)[number]),
    spec: { image: 'postgres:16', target_num_containers: 1 },
  });
  putOurs(world, wishes[1] as (typeof wishes)[number]);
  const plan = await world.plan();
  expect(resultOf(await world.apply()).exitCode).toBe(0);
  expect(byName(told(writes(world)))).toEqual(byName(shown(plan)));
  const [db] = world.server.live('db');
  expect(db?.uuid).not.toBe(old);
  expect(world.server.live('web')[0]?.service.spec['linked_to_service']).toEqual([
    { to_service: `/api/v1/service/${db?.uuid}/`, name: 'db' },
  ]);
  expect(world.oracles.violations).toEqual([]);
});

test('a dependant of a service that is replaced waits for the successor with all that differs', async () => {
  const db = wish('db', { allowReplace: true, spec: { image: 'postgres:17', target_num_containers: 1 } });
  const link = { to_service: 'db', name: 'db' };
  const api = wish('api', {
    dependsOn: ['db'],
    allowReplace: true,
    spec: { image: 'api:3', target_num_containers: 2, linked_to_service: [link] },
  });
  const world = worldWith([db, api], { server: { profile: 'reference' }, allowDeletes: 2 });
  putOurs(world, { ...db, spec: { image: 'postgres:16', target_num_containers: 1 } });
  putOurs(world, { ...api, spec: { ...api.spec, target_num_containers: 1 } }, 'Not running');
  const plan = await world.plan();
  expect(shown(plan)).toBe('terminate db, create db, start db, terminate api, create api, start api');
  await world.apply();
  expect(told(writes(world))).toBe(shown(plan));
});
