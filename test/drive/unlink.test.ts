/** A service that no manifest names and that another still links to: it goes when the other has let go of it, not before. */
import { expect, test } from 'vitest';
import type { Fault } from '../sim/network.ts';
import { putOurs, resultOf, shown, told, worldWith, writes } from '../support/drive.ts';
import { wish } from '../support/services.ts';

const MINUTE = 60_000;
const OTHERS = Array.from({ length: 6 }, (_, index) => wish(`o${index}`));

const web = (to: string, allowReplace = false) =>
  wish('web', {
    dependsOn: [to],
    allowReplace,
    spec: { image: 'nginx', linked_to_service: [{ to_service: to, name: 'db' }] },
  });

/** `web` links to `old`, and is to link to `new`; `old` is to go. */
function begin(profile: 'ours' | 'reference' = 'ours') {
  const next = [...OTHERS, wish('new'), web('new', profile === 'reference')];
  const world = worldWith(next, { prune: 'owned', allowDeletes: 2, server: { profile } });
  for (const one of [...OTHERS, wish('new'), wish('old'), web('old')]) putOurs(world, one);
  return { world, next };
}

const refused = (status: number): Fault => ({
  name: String(status),
  on: 'any',
  arrives: 'never',
  gets: () => ({
    kind: 'response',
    status,
    headers: { 'content-type': 'application/json' },
    body: '{"error": "no"}',
  }),
});

const isUpdate = ({ verb, name }: { readonly verb: string; readonly name?: string | undefined }) =>
  verb === 'update' && name === 'web';

test.each([400, 403, 500])(
  'run holds it while the other is refused its new link with %i, and no longer',
  async (status) => {
    const { world, next } = begin();
    world.wishes = [...OTHERS, wish('new'), wish('old'), web('old')];
    const daemon = await world.run();
    await world.pass(3 * MINUTE);
    world.network.faultOf = (exchange) => (isUpdate(exchange) ? refused(status) : undefined);
    world.wishes = next;
    daemon.hint();
    await world.pass(30 * MINUTE);
    expect(world.server.live('old')).toHaveLength(1);
    world.network.faultOf = () => undefined;
    const since = world.scheduler.now;
    await world.pass(60 * MINUTE);
    expect(told(writes(world, since))).toBe('update web, terminate old');
    await daemon.stop();
    expect(world.oracles.violations).toEqual([]);
  },
);

test.each(['ours', 'reference'] as const)('apply lets the other go first, as shown (%s)', async (profile) => {
  const { world } = begin(profile);
  const plan = await world.plan();
  expect(shown(plan)).toMatch(/web, terminate old$/);
  expect(resultOf(await world.apply()).exitCode).toBe(0);
  expect(world.server.live('old')).toEqual([]);
  expect(world.oracles.violations).toEqual([]);
});

test('run lets the other go first also where lists show no links', async () => {
  const { world } = begin('reference');
  const daemon = await world.run();
  // The replace is the one delete of this hour.
  await world.pass(90 * MINUTE);
  expect(world.server.live('old')).toEqual([]);
  expect(world.server.live('web')[0]?.service.state).toBe('Running');
  await daemon.stop();
  expect(world.oracles.violations).toEqual([]);
});

test('apply leaves it where the other comes to an end without letting go', async () => {
  const { world } = begin();
  let meddled = false;
  world.network.faultOf = (exchange) => {
    if (!isUpdate(exchange)) return undefined;
    // Somebody takes it down for good: its course ends, and not as shown.
    if (!meddled) world.server.become(world.server.live('web')[0]?.uuid ?? '', 'Not running');
    meddled = true;
    return refused(400);
  };
  const result = resultOf(await world.apply());
  expect(result.exitCode).not.toBe(0);
  expect(world.server.live('old')).toHaveLength(1);
  expect(world.oracles.violations).toEqual([]);
});
