/** What changed since a service was last as wished: live by somebody else, or in git; by keyed hashes in the journal. */
import { expect, test } from 'vitest';
import type { Plan } from '../../src/service/plan.ts';
import { FLEET, worldWith } from '../support/drive.ts';
import { wish } from '../support/services.ts';

const MINUTE = 60_000;
const CANARY = 'canary-value-4711';
const withPassword = (value: string, target = 2) =>
  wish('web', {
    spec: {
      image: 'nginx:1',
      target_num_containers: target,
      container_envvars: [{ key: 'PASSWORD', value }],
    },
  });

const changed = (plan: Plan | undefined, name = 'web') =>
  plan?.services.find((one) => one.name === name)?.changed;

test('a plan says what changed live and what in git, by field, and nothing of a service it does not remember', async () => {
  const world = worldWith([withPassword(CANARY), wish('cron', { want: 'stopped' })]);
  expect(changed(await world.plan())).toBeUndefined();
  await world.apply();
  expect(changed(await world.plan())).toBeUndefined();

  world.server.ask('update', world.server.live('web')[0]?.uuid ?? '', { target_num_containers: 5 });
  await world.pass(MINUTE);
  expect(changed(await world.plan())).toEqual({ live: ['target_num_containers'], git: [] });

  world.wishes = [withPassword(`${CANARY}-new`), wish('cron')];
  expect(changed(await world.plan())).toEqual({
    live: ['target_num_containers'],
    git: ['container_envvars.PASSWORD'],
  });
  expect(changed(await world.plan(), 'cron')).toEqual({ live: [], git: ['state'] });
  world.server.ask('terminate', world.server.live('web')[0]?.uuid ?? '');
  await world.pass(MINUTE);
  expect(changed(await world.plan())).toEqual({ live: ['service'], git: ['container_envvars.PASSWORD'] });
  await world.apply();
  expect(changed(await world.plan())).toBeUndefined();
  expect(Buffer.from(world.disk.bytes).toString()).not.toContain(CANARY);
});

test('a variable that somebody else adds beside those of the manifest is a change, by its key', async () => {
  const world = worldWith([withPassword(CANARY)]);
  await world.apply();
  const container_envvars = [
    { key: 'PASSWORD', value: CANARY },
    { key: 'EXTRA', value: '1' },
  ];
  world.server.ask('update', world.server.live('web')[0]?.uuid ?? '', { container_envvars });
  await world.pass(MINUTE);
  expect(changed(await world.plan())).toEqual({ live: ['container_envvars.EXTRA'], git: [] });
});

test.each([
  ['running', 'Running', undefined],
  ['running', 'Partly running', ['state']],
  ['running', 'Stopped', ['state']],
  ['running', 'Not running', ['state']],
  ['running', 'Stopping', undefined],
  ['stopped', 'Stopped', undefined],
  ['stopped', 'Not running', undefined],
  ['stopped', 'Partly running', ['state']],
  ['stopped', 'Running', ['state']],
] as const)(
  'a service wished %s that was as wished and is %s: what changed live is %j',
  async (want, state, live) => {
    const world = worldWith([wish('web', { want })]);
    await world.apply();
    world.server.become(world.server.live('web')[0]?.uuid ?? '', state);
    expect(changed(await world.plan())).toEqual(live && { live, git: [] });
  },
);

test('a daemon tells each change of somebody else once, none of its own, and tells it again when it comes again', async () => {
  const world = worldWith([...FLEET]);
  const daemon = await world.run();
  await world.pass(2 * MINUTE);
  const told = () =>
    daemon.life.events.flatMap((one) =>
      one.type === 'service:foreign-change' ? [[one.name, one.fields]] : [],
    );
  world.wishes = FLEET.map((one) => ({ ...one, spec: { ...one.spec, image: `${one.spec.image}.1` } }));
  daemon.hint();
  await world.pass(5 * MINUTE);
  expect(told()).toEqual([]);
  const stop = () => world.server.ask('stop', world.server.live('web')[0]?.uuid ?? '');
  stop();
  await world.pass(3 * MINUTE);
  expect(told()).toEqual([['web', ['state']]]);
  stop();
  await world.pass(3 * MINUTE);
  expect(told()).toEqual([
    ['web', ['state']],
    ['web', ['state']],
  ]);
  await daemon.stop();
  expect(world.oracles.violations).toEqual([]);
});

test('a replace of what it links to is no change by somebody else', async () => {
  const replaceable = FLEET.map((one) => ({ ...one, allowReplace: true }));
  const world = worldWith(replaceable, { server: { profile: 'reference' } });
  const daemon = await world.run();
  await world.pass(5 * MINUTE);
  world.wishes = replaceable.map((one) =>
    one.name === 'web' ? { ...one, spec: { ...one.spec, image: 'web:8' } } : one,
  );
  daemon.hint();
  await world.pass(20 * MINUTE);
  expect(world.server.live('web')[0]?.service.spec.image).toBe('web:8');
  expect(daemon.life.events.filter(({ type }) => type === 'service:foreign-change')).toEqual([]);
  await daemon.stop();
});

test('what a service is on its way to, and what the manifest says by now, nobody else changed', async () => {
  const of = (image: string) => [wish('web', { spec: { image, target_num_containers: 1 } })];
  const world = worldWith(of('nginx:1'));
  await world.apply();
  const change = (image: string) =>
    world.server.ask('update', world.server.live('web')[0]?.uuid ?? '', { image });
  world.wishes = of('nginx:2');
  change('nginx:2');
  expect(changed(await world.plan())).toEqual({ live: [], git: ['image'] });
  await world.pass(MINUTE);
  expect(changed(await world.plan())).toEqual({ live: [], git: ['image'] });
  change('nginx:3');
  expect(changed(await world.plan())).toEqual({ live: [], git: ['image'] });
  await world.pass(MINUTE);
  expect(changed(await world.plan())).toEqual({ live: ['image'], git: ['image'] });
});
