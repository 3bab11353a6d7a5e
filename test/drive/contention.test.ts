/** Writes that somebody else undoes: three within ten minutes, then it is held and reported (decision 0009). */
import { expect, test } from 'vitest';
import type { World } from '../sim/world.ts';
import { told, worldWith, writes } from '../support/drive.ts';
import { wish } from '../support/services.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Somebody who sees to it that `undo` is done whenever `isOurs` holds, a moment later. */
async function against(
  undo: (world: World, uuid: string) => void,
  isOurs: (world: World) => boolean,
  ms: number,
) {
  const world = worldWith([wish('web'), wish('other')]);
  world.oracles.fights = false;
  const daemon = await world.run();
  await world.pass(2 * MINUTE);
  const since = world.scheduler.now;
  const fight = async (duration: number) => {
    for (const end = world.scheduler.now + duration; world.scheduler.now < end; ) {
      await world.pass(20_000);
      const [one] = world.server.live('web');
      if (one !== undefined && isOurs(world)) undo(world, one.uuid);
    }
  };
  await fight(ms);
  return { world, daemon, since, fight };
}

const scaled = (world: World, uuid: string) => world.server.ask('update', uuid, { target_num_containers: 7 });
const isScaledBack = (world: World) =>
  world.server.live('web')[0]?.service.spec.target_num_containers === 2 &&
  world.server.live('web')[0]?.service.state === 'Running';

test('a PATCH that is undone again and again is sent three times, then held and reported', async () => {
  const { world, daemon, since, fight } = await against(scaled, isScaledBack, 9 * MINUTE);
  expect(told(writes(world, since))).toBe('update web, update web, update web');
  expect(daemon.life.events).toContainEqual(
    expect.objectContaining({
      type: 'service:blocked',
      name: 'web',
      block: expect.objectContaining({ code: 'contention', verb: 'update', times: 3 }),
    }),
  );
  // Tried again ever more seldom, as long as somebody undoes it.
  await fight(10 * HOUR);
  const { length } = writes(world, since);
  expect(length).toBeGreaterThan(4);
  expect(length).toBeLessThan(10);
  await daemon.stop();
});

test('a stop, and a service that is terminated again and again, are fights too', async () => {
  const stopped = await against(
    (world, uuid) => world.server.ask('stop', uuid),
    (world) => world.server.live('web')[0]?.service.state === 'Running',
    9 * MINUTE,
  );
  expect(told(writes(stopped.world, stopped.since))).toBe('start web, start web, start web');
  await stopped.daemon.stop();
  const gone = await against(
    (world, uuid) => world.server.ask('terminate', uuid),
    (world) => world.server.live('web')[0]?.service.state === 'Running',
    9 * MINUTE,
  );
  const creates = writes(gone.world).filter(({ verb, name }) => verb === 'create' && name === 'web');
  expect(creates).toHaveLength(3);
  await gone.daemon.stop();
});

test('the hold survives a restart, and ends with retry, with another wish, or with another live value', async () => {
  const { world, daemon } = await against(scaled, isScaledBack, 7 * MINUTE);
  const uuid = world.server.live('web')[0]?.uuid ?? '';
  await daemon.stop();
  const since = world.scheduler.now;
  const again = await world.run();
  await world.pass(2 * MINUTE);
  expect(writes(world, since)).toEqual([]);
  again.fleet.retry('web');
  await world.pass(MINUTE);
  expect(told(writes(world, since))).toBe('update web');
  await again.stop();

  const other = await against(scaled, isScaledBack, 7 * MINUTE);
  const before = other.world.scheduler.now;
  other.world.wishes = [wish('web', { spec: { image: 'nginx:1', target_num_containers: 4 } }), wish('other')];
  other.daemon.hint();
  await other.world.pass(MINUTE);
  expect(told(writes(other.world, before))).toBe('update web');
  await other.daemon.stop();

  const live = await against(scaled, isScaledBack, 7 * MINUTE);
  const third = live.world.scheduler.now;
  live.world.server.ask('update', live.world.server.live('web')[0]?.uuid ?? uuid, {
    target_num_containers: 9,
  });
  await live.world.pass(2 * MINUTE);
  expect(told(writes(live.world, third))).toBe('update web');
  await live.daemon.stop();
});

test('a manifest that is changed to and fro is nobody’s fight, and neither is drift once an hour', async () => {
  const world = worldWith([wish('web')]);
  const daemon = await world.run();
  await world.pass(2 * MINUTE);
  const since = world.scheduler.now;
  for (let turn = 0; turn < 10; turn++) {
    world.wishes = [wish('web', { spec: { image: `nginx:${turn % 2}`, target_num_containers: 2 } })];
    daemon.hint();
    await world.pass(40_000);
  }
  expect(writes(world, since)).toHaveLength(10);
  const drift = world.scheduler.now;
  for (let hour = 0; hour < 6; hour++) {
    world.server.ask('update', world.server.live('web')[0]?.uuid ?? '', { target_num_containers: 7 });
    await world.pass(HOUR);
  }
  expect(writes(world, drift)).toHaveLength(6);
  await daemon.stop();
});
