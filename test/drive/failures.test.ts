/** Failures of single operations and of the whole API: what is tried again, what waits, what ends it. */
import { describe, expect, test } from 'vitest';
import { fault } from '../sim/faults.ts';
import type { Exchange, Fault } from '../sim/network.ts';
import type { World } from '../sim/world.ts';
import { putOurs, resultOf, told, worldWith, writes } from '../support/drive.ts';
import { wish } from '../support/services.ts';

const answers = (status: number, body: object): Fault => ({
  name: `${status}`,
  on: 'any',
  arrives: 'never',
  gets: () => ({
    kind: 'response',
    status,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  }),
});

function scaled(world: World): string {
  const uuid = putOurs(world, wish('web'));
  world.server.become(uuid, 'Running', { target_num_containers: 7 });
  return uuid;
}

test('a refusal that names a field is shown at its place in the manifest and ends that service', async () => {
  const place = { file: 'web.yaml', line: 9, col: 3 };
  const world = worldWith([wish('web', { places: { container_ports: place } }), wish('other')]);
  world.network.faultOf = ({ kind, name }) =>
    kind === 'create' && name === 'web'
      ? answers(400, { error: 'invalid', service: { container_ports: ['port 80 is taken'] } })
      : undefined;
  const result = resultOf(await world.apply());
  expect(result.exitCode).toBe(5);
  expect(result.ends.get('web')).toMatchObject({ kind: 'blocked', block: { code: 'refused', place } });
  expect(told(writes(world).filter(({ name }) => name === 'web'))).toBe('create web (400)');
  expect(world.server.live('other')[0]?.service.state).toBe('Running');
});

test('a write that fails is tried again later and later, and others are not held up by it', async () => {
  const world = worldWith([wish('web'), wish('other')]);
  let failures = 0;
  world.network.faultOf = ({ verb, name }) =>
    verb === 'start' && name === 'web' && failures++ < 6 ? fault('500-before') : undefined;
  const result = resultOf(await world.apply());
  expect(result.exitCode).toBe(0);
  const starts = writes(world).filter(({ verb, name }) => verb === 'start' && name === 'web');
  expect(starts).toHaveLength(7);
  const other = world.server.live('other')[0]?.versions.find(({ service }) => service.state === 'Running');
  expect(other?.at).toBeLessThan(starts[6]?.at ?? 0);
});

test.each([400, 409])('a %i on an action means: look again, then decide again', async (status) => {
  const world = worldWith([wish('web')]);
  scaled(world);
  let first = true;
  world.network.faultOf = ({ verb }) => {
    if (verb !== 'update' || !first) return undefined;
    first = false;
    return answers(status, { error: 'not in this state' });
  };
  expect(resultOf(await world.apply()).exitCode).toBe(0);
  const [refused, accepted] = writes(world);
  const looked = world.network.log.some(
    ({ kind, at }) => kind !== 'write' && at >= (refused?.endedAt ?? 0) && at <= (accepted?.at ?? 0),
  );
  expect(looked).toBe(true);
  expect(world.oracles.violations).toEqual([]);
});

test('a service that is gone when it is written to is not made again where no plan showed that', async () => {
  const world = worldWith([wish('web')]);
  const uuid = scaled(world);
  world.network.faultOf = ({ verb }) =>
    verb === 'update'
      ? { name: 'gone', on: 'any', meddle: (server) => server.become(uuid, 'Terminated') }
      : undefined;
  const result = resultOf(await world.apply());
  expect(result.exitCode).toBe(5);
  expect(result.ends.get('web')?.kind).toBe('off-plan');
  expect(world.server.all()).toHaveLength(1);
});

test('Retry-After holds back every request, to every service, for as long as it says', async () => {
  const world = worldWith([wish('a'), wish('b'), wish('c')]);
  let asked: Exchange | undefined;
  world.network.faultOf = (exchange) => {
    if (asked !== undefined || exchange.verb !== 'start') return undefined;
    asked = exchange as Exchange;
    return {
      name: 'patience',
      on: 'any',
      arrives: 'never',
      gets: () => ({ kind: 'response', status: 429, headers: { 'retry-after': '40' }, body: '' }),
    };
  };
  expect(resultOf(await world.apply()).exitCode).toBe(0);
  const during = world.network.log.filter(
    ({ at }) => at > (asked?.at ?? 0) + 20 && at < (asked?.at ?? 0) + 40_000,
  );
  expect(during).toEqual([]);
  expect(world.oracles.violations).toEqual([]);
});

describe('a PATCH that the server accepts and does not carry out', () => {
  /** Takes every PATCH and forgets it. */
  const forgets: Fault = {
    name: 'forgets',
    on: 'write',
    gets: ({ before }) => ({
      kind: 'response',
      status: 202,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ uuid: before?.uuid, name: before?.name, state: 'Scaling' }),
    }),
    meddle: () => {},
  };

  test('is sent twice and then quarantined, with the count and the verb', async () => {
    const world = worldWith([wish('web')], { server: { profile: 'reference' } });
    const uuid = scaled(world);
    world.server.onChange = (known, { by, service }) => {
      if (by === 'time' && service.state === 'Running' && service.spec.target_num_containers === 2)
        world.server.become(known.uuid, 'Running', { target_num_containers: 7 });
    };
    const running = await world.run();
    world.oracles.fights = true;
    await world.pass(3_600_000);
    expect(writes(world).filter(({ verb }) => verb === 'update')).toHaveLength(2);
    expect(running.fleet.verdictOf('web')).toMatchObject({
      kind: 'blocked',
      block: { code: 'quarantined', verb: 'update', times: 2 },
    });
    running.fleet.retry('web');
    await world.pass(120_000);
    expect(writes(world).filter(({ verb }) => verb === 'update').length).toBeGreaterThan(2);
    expect(world.server.now(uuid)?.state).toBe('Running');
    expect(forgets.name).toBe('forgets');
  });
});

test('what the server refused is not asked again after a restart either, and a plan shows it, until the manifest changes', async () => {
  const secret = 'canary-value-4711';
  const one = wish('web', {
    spec: {
      image: 'nginx:1',
      target_num_containers: 2,
      container_envvars: [{ key: 'PASSWORD', value: secret }],
    },
    places: { image: { file: 'web.yaml', line: 2, col: 8 } },
  });
  const world = worldWith([one]);
  world.network.faultOf = ({ verb }) =>
    verb === 'create' ? answers(400, { service: { image: [`no image for ${secret}`] } }) : undefined;
  const daemon = await world.run();
  await world.pass(600_000);
  await daemon.stop();
  const refused = { code: 'refused', verb: 'create', place: { file: 'web.yaml', line: 2, col: 8 } };
  expect((await world.plan())?.services[0]?.end).toMatchObject({ kind: 'blocked', block: refused });
  // Another line is no other manifest.
  world.wishes = [{ ...one, place: { file: 'web.yaml', line: 9, col: 1 } }];
  const again = await world.run();
  await world.pass(600_000);
  expect(told(writes(world))).toBe('create web (400)');
  expect(Buffer.from(world.disk.bytes).toString()).not.toContain(secret);
  world.wishes = [wish('web', { spec: { image: 'nginx:2' } })];
  world.network.faultOf = () => undefined;
  again.hint();
  await world.pass(60_000);
  expect(world.server.live('web')[0]?.service.state).toBe('Running');
  await again.stop();
  expect(world.oracles.violations).toEqual([]);
});

test('wrong credentials end an apply at once', async () => {
  const world = worldWith([wish('web')]);
  world.network.faultOf = ({ verb }) => (verb === 'start' ? answers(401, {}) : undefined);
  const result = resultOf(await world.apply());
  expect(result).toMatchObject({ exitCode: 5, stoppedBy: 'api' });
  expect(result.failure?.kind).toBe('auth');
  expect(told(writes(world))).toBe('create web, start web (401)');
});

test('an API that is gone for half a minute ends an apply; one that comes back earlier does not', async () => {
  for (const [gone, exit] of [
    [25_000, 0],
    [120_000, 5],
  ] as const) {
    const world = worldWith([wish('web')]);
    let since: number | undefined;
    world.network.faultOf = ({ verb, at }) => {
      if (verb === 'start') since ??= at;
      return since !== undefined && at < since + gone ? fault('refused') : undefined;
    };
    const result = resultOf(await world.apply());
    expect(result.exitCode).toBe(exit);
    expect(world.oracles.violations).toEqual([]);
  }
});

test('one service that may not be looked at holds up no other', async () => {
  const world = worldWith([wish('web'), wish('other')], { server: { profile: 'reference' } });
  const uuid = scaled(world);
  const running = await world.run();
  world.network.faultOf = (exchange) => (exchange.uuid === uuid ? answers(403, {}) : undefined);
  await world.pass(300_000);
  expect(world.server.live('other')[0]?.service.state).toBe('Running');
  await running.stop();
  expect(world.oracles.violations).toEqual([]);
});
