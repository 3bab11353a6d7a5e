/** The daemon: drift heals, wishes change, manifests break and vanish, and at rest it only looks. */
import { describe, expect, test } from 'vitest';
import type { Event } from '../../src/service/event.ts';
import type { Wish } from '../../src/service/service.ts';
import type { World } from '../sim/world.ts';
import { FLEET, told, worldWith, writes } from '../support/drive.ts';
import { wish } from '../support/services.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const many = (count: number): readonly Wish[] =>
  Array.from({ length: count }, (_, index) => wish(`s${String(index).padStart(2, '0')}`));

const running = (world: World) =>
  world.server.all().filter(({ uuid }) => world.server.now(uuid)?.state === 'Running').length;

test('a fleet comes up, says once that it has converged, and after that an idle hour is nothing but lists', async () => {
  const world = worldWith(FLEET);
  const daemon = await world.run();
  await world.pass(5 * MINUTE);
  expect(daemon.life.events.filter(({ type }) => type === 'fleet:converged')).toHaveLength(1);
  const { length } = world.network.log;
  await world.pass(HOUR);
  const idle = world.network.log.slice(length);
  expect(idle.every(({ kind }) => kind === 'list')).toBe(true);
  expect(idle.length).toBeGreaterThanOrEqual(54);
  expect(idle.length).toBeLessThanOrEqual(60);
  await daemon.stop();
  expect(world.oracles.violations).toEqual([]);
});

test('a scaled, stopped or terminated service is brought back', async () => {
  const world = worldWith(many(3));
  const daemon = await world.run();
  await world.pass(MINUTE);
  const [a, b, c] = world.server.all().map(({ uuid }) => uuid);
  world.server.ask('update', a ?? '', { target_num_containers: 9 });
  world.server.ask('stop', b ?? '');
  world.server.ask('terminate', c ?? '');
  await world.pass(3 * MINUTE);
  for (const { name } of world.wishes) {
    expect(world.server.live(name)[0]?.service).toMatchObject({
      state: 'Running',
      spec: { target_num_containers: 2 },
    });
  }
  await daemon.stop();
  expect(world.oracles.violations).toEqual([]);
});

test('Partly running is healed after it was seen for a minute, and not if it heals by itself before', async () => {
  const world = worldWith([wish('web'), wish('other')]);
  const daemon = await world.run();
  await world.pass(MINUTE);
  const [web, other] = [world.server.live('web')[0]?.uuid ?? '', world.server.live('other')[0]?.uuid ?? ''];
  const since = world.scheduler.now;
  world.server.become(web, 'Partly running');
  world.server.become(other, 'Partly running');
  world.onEvent = (event) => {
    if (event.type === 'service:decided' && event.name === 'other')
      world.scheduler.after(30_000, () => world.server.become(other, 'Running'));
  };
  await world.pass(5 * MINUTE);
  expect(told(writes(world, since))).toBe('start web');
  expect((writes(world, since)[0]?.at ?? 0) - since).toBeGreaterThanOrEqual(MINUTE);
  await daemon.stop();
});

test('a newer wish replaces the old one at once, also while the service still moves', async () => {
  const world = worldWith([wish('web')], { server: { moveMs: 20_000 } });
  const daemon = await world.run();
  await world.pass(2_000);
  expect(world.server.live('web')[0]?.service.state).toBe('Starting');
  world.wishes = [wish('web', { spec: { image: 'nginx:2', target_num_containers: 5 } })];
  daemon.hint();
  await world.pass(MINUTE);
  expect(told(writes(world))).toBe('create web, start web, update web');
  expect(world.server.live('web')[0]?.service.spec).toMatchObject({
    image: 'nginx:2',
    target_num_containers: 5,
  });
  await daemon.stop();
});

test('a dependency that goes down holds back its dependants, which are not touched because of it', async () => {
  const world = worldWith(FLEET);
  const daemon = await world.run();
  await world.pass(MINUTE);
  const since = world.scheduler.now;
  world.server.ask('stop', world.server.live('db')[0]?.uuid ?? '');
  await world.pass(3 * MINUTE);
  expect(told(writes(world, since))).toBe('start db');
  await daemon.stop();
});

describe('a name that no manifest names any more', () => {
  async function pruning(over: { readonly wishes?: readonly Wish[] } = {}) {
    const world = worldWith(over.wishes ?? many(10), { prune: 'owned', graceMs: 10 * MINUTE });
    const daemon = await world.run();
    await world.pass(2 * MINUTE);
    expect(running(world)).toBe(world.wishes.length);
    return { world, daemon, since: world.scheduler.now };
  }

  test('is deleted after ten minutes and two complete loads', async () => {
    const { world, daemon, since } = await pruning();
    world.wishes = many(9);
    daemon.hint();
    await world.pass(20 * MINUTE);
    const deletes = writes(world, since);
    expect(told(deletes)).toBe('terminate s09');
    expect((deletes[0]?.at ?? 0) - since).toBeGreaterThanOrEqual(10 * MINUTE);
    await daemon.stop();
    expect(world.oracles.violations).toEqual([]);
  });

  test('stays when it is named again before', async () => {
    const { world, daemon, since } = await pruning();
    world.wishes = many(9);
    daemon.hint();
    await world.pass(9 * MINUTE);
    world.wishes = many(10);
    daemon.hint();
    await world.pass(30 * MINUTE);
    expect(writes(world, since)).toEqual([]);
    world.wishes = many(9);
    daemon.hint();
    await world.pass(9 * MINUTE);
    expect(writes(world, since)).toEqual([]);
    await daemon.stop();
  });

  test('stays while the source cannot be read completely', async () => {
    const { world, daemon, since } = await pruning();
    world.wishes = many(9);
    world.complete = false;
    daemon.hint();
    await world.pass(HOUR);
    expect(writes(world, since)).toEqual([]);
    world.complete = true;
    await world.pass(20 * MINUTE);
    expect(told(writes(world, since))).toBe('terminate s09');
    await daemon.stop();
    expect(world.oracles.violations).toEqual([]);
  });

  test('stays when it was protected while it was named, also after a restart', async () => {
    const wishes = [...many(9), wish('safe', { protect: true })];
    const { world, daemon, since } = await pruning({ wishes });
    await daemon.stop();
    world.wishes = many(9);
    const again = await world.run();
    await world.pass(HOUR);
    expect(writes(world, since)).toEqual([]);
    await again.stop();
  });

  test('stays when it was protected while the disk was full, and that is kept as soon as there is room', async () => {
    const { world, daemon, since } = await pruning({ wishes: many(10) });
    world.disk.full = 'ENOSPC: no space left on device, write';
    world.wishes = [...many(9), wish('s09', { protect: true })];
    daemon.hint();
    await world.pass(5 * MINUTE);
    world.wishes = many(9);
    daemon.hint();
    await world.pass(5 * MINUTE);
    world.disk.full = undefined;
    await world.pass(HOUR);
    expect(told(writes(world, since))).toBe('');
    await daemon.stop();
    const again = await world.run();
    await world.pass(HOUR);
    expect(told(writes(world, since))).toBe('');
    await again.stop();
    expect(world.oracles.violations).toEqual([]);
  });

  test('stays when the daemon was started without it a minute ago', async () => {
    const { world, daemon, since } = await pruning();
    await daemon.stop();
    world.wishes = many(9);
    const again = await world.run();
    await world.pass(9 * MINUTE);
    expect(writes(world, since)).toEqual([]);
    await again.stop();
  });

  test('is one of at most a fifth within an hour: above, none goes, and then they may', async () => {
    const { world, daemon, since } = await pruning();
    world.wishes = many(5);
    daemon.hint();
    await world.pass(HOUR);
    expect(writes(world, since)).toEqual([]);
    expect(daemon.life.events).toContainEqual(
      expect.objectContaining({
        type: 'deletes:refused',
        objection: expect.objectContaining({ code: 'too-many', limit: 2, owned: 10 }),
      }),
    );
    world.wishes = many(8);
    daemon.hint();
    await world.pass(20 * MINUTE);
    expect(
      writes(world, since)
        .map(({ verb, name }) => `${verb} ${name}`)
        .sort(),
    ).toEqual(['terminate s08', 'terminate s09']);
    await daemon.stop();
    expect(world.oracles.violations).toEqual([]);
  });

  test('is not deleted although the number deleted stays below the limit with each pass', async () => {
    const { world, daemon, since } = await pruning();
    for (const left of [9, 8, 7, 6]) {
      world.wishes = many(left);
      daemon.hint();
      await world.pass(12 * MINUTE);
    }
    expect(writes(world, since).length).toBeLessThanOrEqual(2);
    await daemon.stop();
    expect(world.oracles.violations).toEqual([]);
  });

  test('is not deleted when it is all of them', async () => {
    const { world, daemon, since } = await pruning({ wishes: [wish('web')] });
    world.wishes = [];
    daemon.hint();
    await world.pass(HOUR);
    expect(writes(world, since)).toEqual([]);
    await daemon.stop();
  });

  test('stays while a service outside of the deleted ones links to it', async () => {
    const { world, daemon, since } = await pruning({ wishes: [...many(8), ...FLEET.slice(0, 2)] });
    const foreign = world.server.put('theirs', 'another', {
      spec: {
        linked_to_service: [
          { to_service: `/api/v1/service/${world.server.live('db')[0]?.uuid}/`, name: 'db' },
        ],
      },
    });
    world.wishes = many(8);
    daemon.hint();
    await world.pass(20 * MINUTE);
    expect(told(writes(world, since))).toBe('terminate api');
    world.server.ask('terminate', foreign);
    await world.pass(HOUR + 20 * MINUTE);
    expect(told(writes(world, since))).toBe('terminate api, terminate db');
    await daemon.stop();
    expect(world.oracles.violations).toEqual([]);
  });
});

describe('an owned service that no manifest names, and that is left alone,', () => {
  const orphans = (events: readonly Event[]) =>
    events.flatMap((event) => (event.type === 'orphans:left' ? [`${event.names} ${event.why}`] : []));

  test('is told of once for each time that its manifest went away, and once after a start', async () => {
    const world = worldWith(many(3));
    let daemon = await world.run();
    await world.pass(MINUTE);
    for (const left of [2, 1, 3, 1]) {
      world.wishes = many(left);
      daemon.hint();
      await world.pass(10 * MINUTE);
    }
    expect(orphans(daemon.life.events)).toEqual([
      's02 prune-never',
      's01 prune-never',
      's01,s02 prune-never',
    ]);
    await daemon.stop();
    daemon = await world.run();
    await world.pass(HOUR);
    expect(orphans(daemon.life.events)).toEqual(['s01,s02 prune-never']);
    await daemon.stop();
  });

  test('is not told of while a manifest cannot be read: it may be the one that names it', async () => {
    const world = worldWith(many(3));
    await (await prepared(world)).stop();
    world.wishes = many(2);
    world.complete = false;
    const daemon = await world.run();
    await world.pass(10 * MINUTE);
    expect(orphans(daemon.life.events)).toEqual([]);
    world.complete = true;
    daemon.hint();
    await world.pass(10 * MINUTE);
    expect(orphans(daemon.life.events)).toEqual(['s02 prune-never']);
    await daemon.stop();
  });

  test('is told of when its grace begins, where it is to be deleted', async () => {
    const world = worldWith(many(10), { prune: 'owned', graceMs: 10 * MINUTE });
    const daemon = await prepared(world);
    world.wishes = many(9);
    daemon.hint();
    await world.pass(HOUR);
    expect(orphans(daemon.life.events)).toEqual(['s09 grace']);
    expect(world.server.live('s09')).toEqual([]);
    await daemon.stop();
  });

  /** A daemon in a world in which all is as wished. */
  async function prepared(world: World) {
    const daemon = await world.run();
    await world.pass(MINUTE);
    return daemon;
  }
});

test('a state is not told before the request that led to it, also where a pass ends while the disk takes its time', async () => {
  const world = worldWith([wish('web')], { server: { moveMs: 20_000 } });
  const daemon = await world.run();
  await world.pass(MINUTE);
  world.disk.syncMs = 5_000;
  world.network.onAnswer = ({ verb }) => {
    if (verb === 'start') world.scheduler.after(1_000, () => daemon.hint());
  };
  const from = daemon.life.events.length;
  world.server.ask('stop', world.server.live('web')[0]?.uuid ?? '');
  await world.pass(5 * MINUTE);
  const words = daemon.life.events.slice(from).flatMap((event) => {
    if (event.type === 'operation:accepted') return [event.operation.verb];
    return event.type === 'service:decided' && event.decision === 'wait' ? [event.state] : [];
  });
  expect(words).toEqual(['Stopping', 'start', 'Starting']);
  await daemon.stop();
});

test('a source that is empty or cannot be read stops nothing', async () => {
  const world = worldWith(many(4), { prune: 'owned' });
  const daemon = await world.run();
  await world.pass(MINUTE);
  const since = world.scheduler.now;
  world.wishes = [];
  world.complete = false;
  daemon.hint();
  await world.pass(HOUR);
  expect(writes(world, since)).toEqual([]);
  expect(running(world)).toBe(4);
  await daemon.stop();
});

test('a service whose file is broken is left as it is and still opens the gate of its dependants', async () => {
  const [db, api] = [FLEET[0], FLEET[1]];
  if (db === undefined || api === undefined) throw new Error('no fleet');
  const world = worldWith([db]);
  const daemon = await world.run();
  await world.pass(MINUTE);
  world.wishes = [{ ...db, frozen: true }, api];
  world.complete = false;
  daemon.hint();
  world.server.become(world.server.live('db')[0]?.uuid ?? '', 'Running', { target_num_containers: 4 });
  await world.pass(3 * MINUTE);
  expect(world.server.live('api')[0]?.service.state).toBe('Running');
  expect(world.server.live('db')[0]?.service.spec.target_num_containers).toBe(4);
  await daemon.stop();
});

test('the API away for an hour: no write on old knowledge, and what changed meanwhile is put right after', async () => {
  const world = worldWith(many(3));
  const daemon = await world.run();
  await world.pass(MINUTE);
  const since = world.scheduler.now;
  world.network.faultOf = ({ at }) =>
    at < since + HOUR ? { name: 'away', on: 'any', arrives: 'never', gets: 'refused' } : undefined;
  world.server.ask('stop', world.server.live('s00')[0]?.uuid ?? '');
  await world.pass(HOUR - MINUTE);
  expect(world.network.log.filter(({ at }) => at > since).length).toBeLessThan(300);
  await world.pass(3 * MINUTE);
  expect(told(writes(world, since))).toBe('start s00');
  expect(daemon.life.events.filter(({ type }) => type === 'observation:recovered')).toHaveLength(1);
  await daemon.stop();
});

test('wall clocks that jump change nothing', async () => {
  const world = worldWith(many(10), { prune: 'owned', graceMs: 10 * MINUTE });
  const daemon = await world.run();
  await world.pass(MINUTE);
  const since = world.scheduler.now;
  world.wishes = many(9);
  daemon.hint();
  for (const years of [10, -20, 10]) {
    world.jumpWall(years * 365 * 24 * HOUR);
    await world.pass(2 * MINUTE);
  }
  expect(writes(world, since)).toEqual([]);
  await world.pass(10 * MINUTE);
  expect(told(writes(world, since))).toBe('terminate s09');
  await daemon.stop();
  expect(world.oracles.violations).toEqual([]);
});

test('a wall clock set forward does not begin a new hour of deletes', async () => {
  const world = worldWith(many(10), { prune: 'owned', graceMs: 10 * MINUTE });
  const daemon = await world.run();
  await world.pass(2 * MINUTE);
  const since = world.scheduler.now;
  for (const left of [9, 8, 7]) {
    world.wishes = many(left);
    daemon.hint();
    await world.pass(13 * MINUTE);
    world.jumpWall(2 * HOUR);
  }
  expect(told(writes(world, since))).toBe('terminate s09, terminate s08');
  await daemon.stop();
  expect(world.oracles.violations).toEqual([]);
});

test('a name that was wished again while the API was away begins its absence anew', async () => {
  const world = worldWith(many(10), { prune: 'owned', graceMs: 10 * MINUTE });
  const daemon = await world.run();
  await world.pass(2 * MINUTE);
  world.wishes = many(9);
  daemon.hint();
  await world.pass(9 * MINUTE);
  world.network.faultOf = () => ({ name: 'away', on: 'any', arrives: 'never', gets: 'refused' });
  world.wishes = many(10);
  daemon.hint();
  await world.pass(2 * MINUTE);
  world.wishes = many(9);
  daemon.hint();
  const since = world.scheduler.now;
  await world.pass(2 * MINUTE);
  world.network.faultOf = () => undefined;
  await world.pass(7 * MINUTE);
  expect(writes(world, since)).toEqual([]);
  await world.pass(10 * MINUTE);
  expect(told(writes(world, since))).toBe('terminate s09');
  await daemon.stop();
  expect(world.oracles.violations).toEqual([]);
});

test('a delete that is refused is said once, not in every pass', async () => {
  const world = worldWith(many(10), { prune: 'owned', graceMs: 10 * MINUTE });
  const daemon = await world.run();
  await world.pass(2 * MINUTE);
  world.wishes = many(5);
  daemon.hint();
  await world.pass(HOUR);
  const said = daemon.life.events.filter((one) => one.type === 'service:blocked' && one.name === 's09');
  expect(said).toHaveLength(1);
  await daemon.stop();
});

test('a service that starts a second time, much later, is not stalled because of the first time', async () => {
  const world = worldWith([wish('web')]);
  const daemon = await world.run();
  for (let turn = 0; turn < 3; turn++) {
    await world.pass(10 * MINUTE);
    world.server.ask('stop', world.server.live('web')[0]?.uuid ?? '');
  }
  await world.pass(10 * MINUTE);
  expect(daemon.life.events.filter(({ type }) => type === 'service:stalled')).toEqual([]);
  await daemon.stop();
});
