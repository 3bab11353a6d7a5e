/** Creates whose outcome nobody knows: one service comes of them, whatever was lost on the way. */
import { describe, expect, test } from 'vitest';
import { fault } from '../sim/faults.ts';
import type { Fault } from '../sim/network.ts';
import type { World } from '../sim/world.ts';
import { resultOf, told, worldWith, writes } from '../support/drive.ts';
import { wish } from '../support/services.ts';

/** The first POST suffers `what`. */
function firstCreate(world: World, what: Fault): void {
  let done = false;
  world.network.faultOf = ({ kind }) => {
    if (kind !== 'create' || done) return undefined;
    done = true;
    return what;
  };
}

const creates = (world: World) => writes(world).filter(({ kind }) => kind === 'create');
const websOf = (world: World) => world.server.all().filter(({ name }) => name === 'web');

describe.each(['ours', 'reference'] as const)('on a server of the profile %s', (profile) => {
  test.each(['reset-after', 'hang-after', '502-after', 'truncated', 'empty', '204', 'html-after'])(
    'a create that was carried out and answered by %s makes one service',
    async (name) => {
      const world = worldWith([wish('web')], { server: { profile } });
      firstCreate(world, fault(name));
      expect(resultOf(await world.apply()).exitCode).toBe(0);
      expect(websOf(world)).toHaveLength(1);
      expect(world.server.live('web')[0]?.service.state).toBe('Running');
      expect(world.oracles.violations).toEqual([]);
    },
  );

  test('a create that is carried out long after it was given up makes one service', async () => {
    const world = worldWith([wish('web')], { server: { profile } });
    firstCreate(world, fault('late-100s'));
    expect(resultOf(await world.apply()).exitCode).toBe(0);
    expect(websOf(world)).toHaveLength(1);
    expect(world.oracles.violations).toEqual([]);
  });

  test('a killed process finds what its create made when it lives again, although every list is a second old', async () => {
    const world = worldWith([wish('web')], { server: { profile } });
    world.network.faultOf = ({ kind }) => (kind === 'list' ? fault('stale-1s') : undefined);
    let posts = 0;
    world.onEdge = (name) => {
      const post = world.network.log.at(-1);
      if (name === 'http:arrived' && post?.kind === 'create' && posts++ === 0) world.kill();
    };
    expect(await world.apply()).toBe('killed');
    expect(resultOf(await world.apply()).exitCode).toBe(0);
    expect(websOf(world)).toHaveLength(1);
    expect(world.oracles.violations).toEqual([]);
  });
});

test('a lost create is sent again at once, with the same key and the same bytes, where the server keeps keys', async () => {
  const world = worldWith([wish('web')]);
  firstCreate(world, fault('reset-before'));
  expect(resultOf(await world.apply()).exitCode).toBe(0);
  const [first, second] = creates(world);
  expect(creates(world)).toHaveLength(2);
  expect(second?.body).toBe(first?.body);
  expect((second?.at ?? 0) - (first?.at ?? 0)).toBeLessThan(2_000);
});

test('without keys a lost create is tried again only when the window has passed, with another attempt', async () => {
  const world = worldWith([wish('web')], { server: { profile: 'reference' } });
  firstCreate(world, fault('reset-before'));
  expect(resultOf(await world.apply()).exitCode).toBe(0);
  const [first, second] = creates(world);
  expect((second?.at ?? 0) - (first?.endedAt ?? 0)).toBeGreaterThanOrEqual(120_000);
  expect(second?.body).not.toBe(first?.body);
});

test('a create that was certainly not sent is tried again soon, also without keys', async () => {
  const world = worldWith([wish('web')], { server: { profile: 'reference' } });
  firstCreate(world, fault('refused'));
  expect(resultOf(await world.apply()).exitCode).toBe(0);
  const [first, second] = creates(world);
  expect((second?.at ?? 0) - (first?.at ?? 0)).toBeLessThan(5_000);
});

test('a manifest that changed while its create is uncertain is not sent under the old key', async () => {
  const world = worldWith([wish('web')]);
  firstCreate(world, fault('reset-before'));
  world.onEvent = ({ type }, life) => {
    if (type === 'create:uncertain') life.die();
  };
  expect(await world.apply()).toBe('killed');
  world.wishes = [wish('web', { spec: { image: 'nginx:2', target_num_containers: 2 } })];
  expect(resultOf(await world.apply()).exitCode).toBe(0);
  const [first, second] = creates(world);
  const keyOf = (body: string | undefined) => /[0-9a-f-]{36}/.exec(body ?? '')?.[0];
  expect(keyOf(second?.body)).not.toBe(keyOf(first?.body));
  expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(120_000);
  expect(world.server.live('web')[0]?.service.spec.image).toBe('nginx:2');
});

test('two services of one attempt are reported by their uuids and neither is written to', async () => {
  const world = worldWith([wish('web')], { server: { profile: 'reference' } });
  firstCreate(world, {
    name: 'a proxy sends it twice',
    on: 'write',
    gets: 'reset',
    meddle: (server, { body, path, method }) => void server.handle({ method, path, headers: {}, body }),
  });
  const result = resultOf(await world.apply({ deadlineMs: 400_000 }));
  expect(result.exitCode).toBe(5);
  const uuids = world.server
    .live('web')
    .map(({ uuid }) => uuid)
    .sort();
  expect(uuids).toHaveLength(2);
  const block = result.ends.get('web');
  expect(JSON.stringify(block)).toContain(uuids[0]);
  expect(told(writes(world))).toBe('create web (a proxy sends it twice)');
});

test('a service that another hand made under the name, while ours is uncertain, is not taken for ours', async () => {
  const world = worldWith([wish('web')], { server: { profile: 'reference' } });
  firstCreate(world, { ...fault('reset-before'), name: 'lost, and another appears' });
  world.onEvent = ({ type }) => {
    if (type === 'create:uncertain') world.server.put('web', 'another', {});
  };
  const result = resultOf(await world.apply({ deadlineMs: 400_000 }));
  expect(result.ends.get('web')).toMatchObject({ kind: 'blocked', block: { code: 'foreign' } });
  expect(creates(world)).toHaveLength(1);
  expect(world.oracles.violations).toEqual([]);
});

test.each(['429', '403', '400', 'refused', '404'])(
  'a %s to a create that was sent again is no answer to the first one, which may still arrive',
  async (name) => {
    const world = worldWith([wish('web')]);
    let sent = 0;
    world.network.faultOf = ({ kind }) => {
      if (kind !== 'create') return undefined;
      sent += 1;
      return sent === 1 ? fault('late-100s') : sent === 2 ? fault(name) : undefined;
    };
    await world.apply();
    await world.pass(150_000);
    expect(websOf(world)).toHaveLength(1);
    expect(new Set(creates(world).map(({ body }) => body)).size).toBe(1);
    expect(world.oracles.violations).toEqual([]);
  },
);
