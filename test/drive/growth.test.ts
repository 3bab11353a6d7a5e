/** A daemon at rest for weeks: nothing it holds grows. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { worldWith } from '../support/drive.ts';
import { wish } from '../support/services.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heap(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

test('four hundred idle passes over twenty services leave nothing behind', async () => {
  const world = worldWith(Array.from({ length: 20 }, (_, index) => wish(`s${index}`)));
  world.network.keep = 10;
  const daemon = await world.run();
  const passes = async (count: number) => {
    await world.pass(count * 66_000);
    daemon.life.events.length = 0;
    return heap();
  };
  await passes(60);
  const early = await passes(60);
  const late = await passes(400);
  expect(late - early).toBeLessThan(500_000);
  await daemon.stop();
  expect(world.oracles.violations).toEqual([]);
});
