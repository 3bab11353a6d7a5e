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

test('a thousand idle passes over thirty services leave no more behind than a hundred', async () => {
  const world = worldWith(Array.from({ length: 30 }, (_, index) => wish(`s${index}`)));
  world.network.keep = 10;
  const daemon = await world.run();
  const passes = async (count: number) => {
    await world.pass(count * 66_000);
    daemon.life.events.length = 0;
    return heap();
  };
  await passes(100);
  const early = await passes(100);
  const late = await passes(1_000);
  expect(late - early).toBeLessThan(700_000);
  await daemon.stop();
  expect(world.oracles.violations).toEqual([]);
});
