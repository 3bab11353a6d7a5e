/** The journal in the drive's hands: what must be on disk before it is sent, and what goes on without it. */
import { expect, test } from 'vitest';
import { API_KEY } from '../sim/incarnation.ts';
import { FLEET, putOurs, told, worldWith, writes } from '../support/drive.ts';
import { wish } from '../support/services.ts';

test('a disk that is full stops creates and deletes, says so once, and lets everything else go on', async () => {
  const keep = wish('keep');
  const world = worldWith([keep, wish('new')], { prune: 'owned' });
  const uuid = putOurs(world, keep);
  putOurs(world, wish('old'));
  const daemon = await world.run();
  world.disk.full = 'ENOSPC: no space left on device, write';
  world.server.become(uuid, 'Running', { target_num_containers: 7 });
  await world.pass(600_000);
  expect(told(writes(world))).toBe('update keep');
  expect(daemon.life.events.filter(({ type }) => type === 'journal:failed')).toHaveLength(1);
  world.disk.full = undefined;
  await world.pass(600_000);
  expect(told(writes(world)).split(', ').slice(1).sort()).toEqual([
    'create new',
    'start new',
    'terminate old',
  ]);
  await daemon.stop();
});

test('every create is on disk before it leaves', async () => {
  const world = worldWith(FLEET);
  const early: string[] = [];
  world.onEdge = (name) => {
    if (name !== 'http:send') return;
    const onDisk = Buffer.from(world.disk.bytes).toString();
    const intents = (onDisk.match(/"type":"intent"/g) ?? []).length;
    const sent = writes(world).filter(({ kind }) => kind === 'create').length;
    if (intents < sent) early.push(`${sent} sent, ${intents} on disk`);
  };
  await world.apply();
  expect(early).toEqual([]);
});

test('no value of an environment variable and no key is ever in it', async () => {
  const world = worldWith(FLEET);
  await world.apply();
  const text = Buffer.from(world.disk.bytes).toString('latin1');
  expect(text).not.toContain('canary-value-4711');
  expect(text).not.toContain(API_KEY);
});

test('a claim that is lost with a torn tail is found again by the mark', async () => {
  const world = worldWith([wish('web')]);
  world.tear = 'torn';
  world.onEdge = (name) => {
    if (name === 'journal:write' && world.network.log.at(-1)?.kind === 'create') world.kill();
  };
  expect(await world.apply()).toBe('killed');
  world.onEdge = () => {};
  await world.apply();
  expect(world.server.all()).toHaveLength(1);
  expect(world.server.live('web')[0]?.service.state).toBe('Running');
  expect(world.oracles.violations).toEqual([]);
});
