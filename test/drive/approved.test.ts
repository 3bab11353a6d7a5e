/** Deletes over the limit that a commit approves by `Allow-Delete` (decision 0010). */
import { expect, test } from 'vitest';
import type { DaemonOptions } from '../../src/drive/daemon.ts';
import type { Wish } from '../../src/service/service.ts';
import type { World } from '../sim/world.ts';
import { worldWith, writes } from '../support/drive.ts';
import { wish } from '../support/services.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const sha = (digit: string) => digit.repeat(40);
const many = (count: number): readonly Wish[] =>
  Array.from({ length: count }, (_, index) => wish(`s${String(index).padStart(2, '0')}`));

async function pruning(wishes: readonly Wish[] = many(10), over: Partial<DaemonOptions> = {}) {
  const world = worldWith(wishes, { prune: 'owned', graceMs: 10 * MINUTE });
  world.commit = { sha: sha('a'), allowDeletes: [] };
  const daemon = await world.run(over);
  await world.pass(2 * MINUTE);
  return { world, daemon, since: world.scheduler.now };
}

/** A push: what the manifests are now, and what the commit's trailers approve. */
function push(
  world: World,
  digit: string,
  wishes: readonly Wish[],
  allowDeletes: readonly string[] = [],
): void {
  world.wishes = wishes;
  world.commit = { sha: sha(digit), allowDeletes };
}

const gone = (world: World, since: number) =>
  writes(world, since)
    .map(({ verb, name }) => `${verb} ${name}`)
    .sort();

test('names that the commit approves go, above the limit, after the grace and two loads; the reason names the commit', async () => {
  const { world, daemon, since } = await pruning();
  push(world, 'b', many(6), ['s06', 's07', 's08', 's09']);
  daemon.hint();
  await world.pass(9 * MINUTE);
  expect(gone(world, since)).toEqual([]);
  await world.pass(10 * MINUTE);
  expect(gone(world, since)).toEqual(['terminate s06', 'terminate s07', 'terminate s08', 'terminate s09']);
  expect(daemon.life.events).toContainEqual(
    expect.objectContaining({
      type: 'operation:accepted',
      name: 's09',
      revision: sha('b'),
      why: { code: 'unwanted', removedFromGit: sha('b'), approvedBy: sha('b') },
    }),
  );
  expect(daemon.life.events.filter(({ type }) => type === 'deletes:refused')).toEqual([]);
  await daemon.stop();
  expect(world.oracles.violations).toEqual([]);
});

test('a later commit may approve what was refused, and the reason still names the one that removed it', async () => {
  const { world, daemon, since } = await pruning();
  push(world, 'b', many(6));
  daemon.hint();
  await world.pass(20 * MINUTE);
  expect(gone(world, since)).toEqual([]);
  push(world, 'c', many(6), ['s06', 's07', 's08', 's09']);
  daemon.hint();
  await world.pass(MINUTE);
  expect(gone(world, since)).toHaveLength(4);
  expect(daemon.life.events).toContainEqual(
    expect.objectContaining({
      type: 'operation:accepted',
      name: 's06',
      revision: sha('c'),
      why: { code: 'unwanted', removedFromGit: sha('b'), approvedBy: sha('c') },
    }),
  );
  await daemon.stop();
});

test('an approval is one name’s: the others are refused as they would be without it', async () => {
  const { world, daemon, since } = await pruning();
  push(world, 'b', many(6), ['s09']);
  daemon.hint();
  await world.pass(30 * MINUTE);
  expect(gone(world, since)).toEqual(['terminate s09']);
  expect(daemon.life.events).toContainEqual(
    expect.objectContaining({
      type: 'deletes:refused',
      objection: expect.objectContaining({
        code: 'too-many',
        names: ['s06', 's07', 's08'],
        owned: 9,
        limit: 1,
      }),
    }),
  );
  await daemon.stop();
  expect(world.oracles.violations).toEqual([]);
});

test('what was approved takes no room from the hour’s deletes that nobody need approve', async () => {
  const { world, daemon, since } = await pruning();
  push(world, 'b', many(7), ['s07', 's08', 's09']);
  daemon.hint();
  await world.pass(15 * MINUTE);
  expect(gone(world, since)).toHaveLength(3);
  push(world, 'c', many(6));
  daemon.hint();
  await world.pass(15 * MINUTE);
  expect(gone(world, since)).toContain('terminate s06');
  push(world, 'd', many(5));
  daemon.hint();
  await world.pass(15 * MINUTE);
  expect(gone(world, since)).toHaveLength(4);
  await daemon.stop();
  expect(world.oracles.violations).toEqual([]);
});

test('is remembered over later commits and a restart, until the name is deleted', async () => {
  const { world, daemon, since } = await pruning();
  push(world, 'b', many(6), ['s06', 's07', 's08', 's09']);
  daemon.hint();
  await world.pass(5 * MINUTE);
  push(world, 'c', many(6));
  daemon.hint();
  await world.pass(MINUTE);
  await daemon.stop();
  const again = await world.run();
  await world.pass(20 * MINUTE);
  expect(gone(world, since)).toHaveLength(4);
  await again.stop();
  expect(world.oracles.violations).toEqual([]);
});

test('is over when the name is wished again: it must be approved anew', async () => {
  const { world, daemon, since } = await pruning();
  push(world, 'b', many(6), ['s06', 's07', 's08', 's09']);
  daemon.hint();
  await world.pass(5 * MINUTE);
  push(world, 'c', many(10));
  daemon.hint();
  await world.pass(MINUTE);
  push(world, 'd', many(6));
  daemon.hint();
  await world.pass(30 * MINUTE);
  expect(gone(world, since)).toEqual([]);
  await daemon.stop();
});

test('allows neither everything, nor what is protected, nor anything from a source that is not whole', async () => {
  const everything = await pruning(many(3));
  push(everything.world, 'b', [], ['s00', 's01', 's02']);
  everything.daemon.hint();
  await everything.world.pass(HOUR);
  expect(gone(everything.world, everything.since)).toEqual([]);
  await everything.daemon.stop();

  const others = await pruning([...many(9), wish('safe', { protect: true })]);
  others.world.complete = false;
  push(others.world, 'b', many(7), ['s07', 's08', 'safe']);
  others.daemon.hint();
  await others.world.pass(HOUR);
  expect(gone(others.world, others.since)).toEqual([]);
  others.world.complete = true;
  await others.world.pass(20 * MINUTE);
  expect(gone(others.world, others.since)).toEqual(['terminate s07', 'terminate s08']);
  await others.daemon.stop();
  expect(others.world.oracles.violations).toEqual([]);
});

test('does not delete what a refused one still links to', async () => {
  const target = wish('db');
  const linking = Array.from({ length: 3 }, (_, index) =>
    wish(`l${index}`, {
      dependsOn: ['db'],
      spec: { image: 'nginx', linked_to_service: [{ to_service: 'db', name: 'db' }] },
    }),
  );
  const { world, daemon, since } = await pruning([...many(4), target, ...linking]);
  push(world, 'b', many(4), ['db']);
  daemon.hint();
  await world.pass(HOUR);
  expect(gone(world, since)).toEqual([]);
  push(world, 'c', many(4), ['l0', 'l1', 'l2']);
  daemon.hint();
  await world.pass(20 * MINUTE);
  expect(gone(world, since)).toEqual(['terminate db', 'terminate l0', 'terminate l1', 'terminate l2']);
  await daemon.stop();
  expect(world.oracles.violations).toEqual([]);
});
