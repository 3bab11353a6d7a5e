/** An end at any moment: nothing new leaves, what is under way is finished or in the journal, and soon it is over. */
import { expect, test } from 'vitest';
import { fault } from '../sim/faults.ts';
import { FLEET, resultOf, told, worldWith, writes } from '../support/drive.ts';
import { wish } from '../support/services.ts';

test('a daemon stopped at any edge of its way up ends in time, and the next one finishes the work', async () => {
  const first = worldWith(FLEET);
  const running = await first.run();
  await first.pass(30_000);
  const { edges } = first;
  await running.stop();
  for (let at = 1; at <= edges; at += 3) {
    const world = worldWith(FLEET);
    const daemon = await world.run();
    world.onEdge = (_, number) => {
      if (number === at) daemon.term();
    };
    await world.pass(60_000);
    expect(await daemon.stop()).toBeLessThan(8_000);
    world.onEdge = () => {};
    const again = await world.run();
    await world.pass(200_000);
    expect(world.server.live('web')[0]?.service.state).toBe('Running');
    await again.stop();
    expect(world.oracles.violations).toEqual([]);
    expect(world.server.all()).toHaveLength(FLEET.length);
  }
});

test('a stop while the server does not answer ends within its grace, and the create is in the journal', async () => {
  const world = worldWith([wish('web')]);
  world.network.faultOf = ({ kind }) => (kind === 'create' ? fault('hang-after') : undefined);
  const daemon = await world.run();
  await world.pass(2_000);
  expect(await daemon.stop()).toBeLessThan(8_000);
  expect(Buffer.from(world.disk.bytes).toString()).toContain('"intent"');
  world.network.faultOf = () => undefined;
  const again = await world.run();
  await world.pass(60_000);
  expect(world.server.all()).toHaveLength(1);
  expect(world.server.live('web')[0]?.service.state).toBe('Running');
  await again.stop();
});

test('an apply that is interrupted exits 130 and says what is undone', async () => {
  const world = worldWith([wish('web'), wish('other')]);
  const stop = new AbortController();
  world.onEvent = ({ type }) => {
    if (type === 'operation:accepted') stop.abort();
  };
  const result = resultOf(await world.apply({ signal: stop.signal }));
  expect(result).toMatchObject({ exitCode: 130, stoppedBy: 'signal' });
  expect(result.undone).toEqual(['other', 'web']);
  expect(told(writes(world)).split(', ').length).toBeLessThanOrEqual(2);
});

test('an apply that is interrupted before it begins sends nothing', async () => {
  const world = worldWith([wish('web')]);
  const stop = new AbortController();
  stop.abort();
  expect(resultOf(await world.apply({ signal: stop.signal })).exitCode).toBe(130);
  expect(writes(world)).toEqual([]);
});
