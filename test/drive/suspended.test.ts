/** What is suspended is looked at, planned and reported, and nothing is written to it (decision 0011). */
import { expect, test } from 'vitest';
import type { Running, World } from '../sim/world.ts';
import { FLEET, told, worldWith, writes } from '../support/drive.ts';
import { wish } from '../support/services.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

async function atRest(wishes = [wish('web'), wish('other')], over = {}) {
  const world = worldWith(wishes, over);
  const daemon = await world.run();
  await world.pass(2 * MINUTE);
  return { world, daemon, since: world.scheduler.now };
}

const suspend = (world: World, daemon: Running, names: readonly string[], ms = 2 * HOUR) =>
  world.until(
    daemon.fleet.suspensions.suspend({ names, until: world.wall() + ms, by: 'ann', reason: 'a move' }),
    MINUTE,
  );

test('a suspended service is neither healed nor changed nor replaced until the suspension ends by itself', async () => {
  const { world, daemon, since } = await atRest();
  await suspend(world, daemon, ['web']);
  for (const name of ['web', 'other']) world.server.ask('stop', world.server.live(name)[0]?.uuid ?? '');
  world.wishes = [wish('web', { spec: { image: 'nginx:2' } }), wish('other')];
  daemon.hint();
  await world.pass(HOUR);
  expect(told(writes(world, since))).toBe('start other');
  const status = daemon.daemon.status()?.services.find(({ name }) => name === 'web');
  expect(status).toMatchObject({
    sync: 'blocked',
    block: { code: 'suspended', by: 'ann', reason: 'a move' },
  });
  await world.pass(HOUR + 5 * MINUTE);
  expect(told(writes(world, since))).toBe('start other, update web, start web');
  expect(daemon.life.events).toContainEqual(
    expect.objectContaining({ type: 'suspend:off', names: ['web'], why: 'expired' }),
  );
  await daemon.stop();
  expect(world.oracles.violations).toEqual([]);
});

test('a suspended fleet gets no write at all, no create and no delete, also after a restart, until it is resumed', async () => {
  const { world, daemon, since } = await atRest([wish('web'), wish('other'), wish('old')], {
    prune: 'owned',
    graceMs: MINUTE,
  });
  await suspend(world, daemon, [], 24 * HOUR);
  world.wishes = [wish('web', { want: 'stopped' }), wish('other'), wish('new')];
  daemon.hint();
  await world.pass(HOUR);
  await daemon.stop();
  const again = await world.run();
  await world.pass(HOUR);
  expect(writes(world, since)).toEqual([]);
  await world.until(again.fleet.suspensions.resume([], 'ben'), MINUTE);
  again.hint();
  await world.pass(10 * MINUTE);
  expect(told(writes(world, since)).split(', ').sort()).toEqual([
    'create new',
    'start new',
    'stop web',
    'terminate old',
  ]);
  await again.stop();
  expect(world.oracles.violations).toEqual([]);
});

test('a suspension that comes while writes wait for their place stops those that have not left', async () => {
  const wishes = Array.from({ length: 40 }, (_, index) => wish(`s${index}`));
  const world = worldWith(wishes, { pace: { rate: 2, burst: 2, concurrency: 1 } });
  const daemon = await world.run();
  await world.pass(8_000);
  await suspend(world, daemon, []);
  const since = world.scheduler.now;
  expect(writes(world).length).toBeGreaterThan(0);
  await world.pass(10 * MINUTE);
  expect(writes(world, since + 1)).toEqual([]);
  await daemon.stop();
  expect(world.oracles.violations).toEqual([]);
});

test('dependants of a suspended service go by what really runs', async () => {
  const { world, daemon, since } = await atRest([...FLEET]);
  await suspend(world, daemon, ['db']);
  // Its wish is not reached, but it runs.
  const [db, ...others] = FLEET;
  if (db === undefined) throw new Error('no fleet');
  world.wishes = [{ ...db, spec: { ...db.spec, target_num_containers: 5 } }, ...others];
  world.server.ask('stop', world.server.live('api')[0]?.uuid ?? '');
  daemon.hint();
  await world.pass(5 * MINUTE);
  expect(told(writes(world, since))).toBe('start api');
  world.server.ask('stop', world.server.live('db')[0]?.uuid ?? '');
  world.server.ask('stop', world.server.live('api')[0]?.uuid ?? '');
  await world.pass(5 * MINUTE);
  expect(told(writes(world, since))).toBe('start api');
  await daemon.stop();
  expect(world.oracles.violations).toEqual([]);
});

test('clocks that are set neither end a suspension nor make it longer than it was meant', async () => {
  const { world, daemon, since } = await atRest([wish('web')]);
  await suspend(world, daemon, ['web']);
  world.server.ask('stop', world.server.live('web')[0]?.uuid ?? '');
  world.jumpWall(30 * 24 * HOUR);
  await world.pass(HOUR);
  expect(writes(world, since)).toEqual([]);
  world.jumpWall(-365 * 24 * HOUR);
  await daemon.stop();
  const again = await world.run();
  await world.pass(HOUR);
  expect(writes(world, since)).toEqual([]);
  await world.pass(HOUR + 5 * MINUTE);
  expect(told(writes(world, since))).toBe('start web');
  await again.stop();
});

test('a plan shows what is suspended as blocked, and apply leaves it alone', async () => {
  const { world, daemon } = await atRest();
  await suspend(world, daemon, ['web']);
  await daemon.stop();
  const since = world.scheduler.now;
  world.wishes = [wish('web', { spec: { image: 'nginx:2' } }), wish('other', { spec: { image: 'nginx:2' } })];
  const plan = await world.plan();
  expect(plan?.exitCode).toBe(4);
  expect(plan?.services.find(({ name }) => name === 'web')).toMatchObject({
    course: [],
    end: { kind: 'blocked', block: { code: 'suspended', by: 'ann' } },
    differences: [expect.objectContaining({ field: 'image', wanted: 'nginx:2' })],
  });
  await world.apply();
  expect(told(writes(world, since))).toBe('update other');
});

test('what is suspended anew in the moment in which it ends stays suspended', async () => {
  const { world, daemon } = await atRest();
  await suspend(world, daemon, [], MINUTE);
  await world.pass(MINUTE);
  const { suspensions } = daemon.fleet;
  const asked = { names: [], until: world.wall() + HOUR, by: 'ben', reason: 'longer' };
  await world.until(Promise.all([suspensions.suspend(asked), suspensions.expire()]), MINUTE);
  expect(suspensions.of('web')).toMatchObject({ by: 'ben' });
  await daemon.stop();
});
