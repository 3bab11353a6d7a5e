/** A plan is made from what was seen; what could not be seen is told, not guessed. */
import { expect, test } from 'vitest';
import { fault } from '../sim/faults.ts';
import { putOurs, shown, worldWith } from '../support/drive.ts';
import { wish } from '../support/services.ts';

test('a service whose details cannot be read is looked at again before there is a plan', async () => {
  const web = wish('web', {
    spec: { image: 'nginx:1', target_num_containers: 2, container_envvars: [{ key: 'A', value: '1' }] },
  });
  const world = worldWith([web], { server: { profile: 'reference' } });
  putOurs(world, web);
  world.network.faultOf = ({ kind, at }) => (kind === 'get' && at < 1_000 ? fault('302') : undefined);
  const plan = await world.plan();
  expect(world.network.log.filter(({ kind }) => kind === 'get').length).toBeGreaterThan(1);
  expect(shown(plan)).toBe('');
  expect(plan?.exitCode).toBe(0);
});

test('without a list that can be trusted there is no plan', async () => {
  const world = worldWith([wish('web')]);
  world.network.faultOf = () => fault('html-login');
  expect(await world.plan()).toBeUndefined();
});

test('of a job that is gone, the terminated record is read where the list does not show whose it was', async () => {
  const job = wish('job', { runOnce: true });
  const world = worldWith([job], { server: { profile: 'reference' } });
  putOurs(world, job, 'Terminated');
  expect(shown(await world.plan())).toBe('');
  await world.apply();
  expect(world.server.live('job')).toEqual([]);
});
