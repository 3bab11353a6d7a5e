/** A day of passes with nothing to do (issue 5, done when 3): no write, a quiet log, and nothing held that grows. */
import { queryObjects, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { createLog } from '../../src/cli/log.ts';
import { Secrets } from '../../src/cli/secrets.ts';
import type { Running } from '../sim/world.ts';
import { worldWith, writes } from '../support/drive.ts';
import { wish } from '../support/services.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Milliseconds; an interval and the most that chance adds. */
const PASS = 66_000;
const HOUR = 3_600_000;
/** One forgotten object for each pass is 54 an hour, one for each service and pass four times as many. */
const OBJECTS = 20;
/** An hour; the compiler's own work is in it. One forgotten text for each service and pass is more. */
const BYTES = 20_000;

interface Held {
  /** How many objects there are: exact, and nothing that a compiler or a test runner keeps moves it much. */
  readonly objects: number;
  readonly bytes: number;
}

function held(): Held {
  collect();
  collect();
  const bytes = process.memoryUsage().heapUsed;
  return { objects: queryObjects(Object, { format: 'count' }), bytes };
}

/**
 * Growth for each sample: the median of the slopes of all pairs (Theil and Sen). A cache that fills once, a compiler that
 * wakes up late or one odd sample move a difference of two by more than a leak would; they do not move this.
 */
function growth(samples: readonly number[]): number {
  const slopes = samples
    .flatMap((low, i) => samples.slice(i + 1).map((high, j) => (high - low) / (j + 1)))
    .sort((a, b) => a - b);
  return slopes[Math.floor(slopes.length / 2)] ?? Number.NaN;
}

/** What is held after each hour of a running daemon, whose events are not kept. */
async function hours(count: number, daemon: Running, pass: (ms: number) => Promise<void>): Promise<Held[]> {
  const samples: Held[] = [];
  for (let hour = 0; hour < count; hour++) {
    await pass(HOUR);
    daemon.life.events.length = 0;
    samples.push(held());
  }
  return samples;
}

test('twenty-four hours of idle passes over four services: no write, nothing logged, and no growth', async () => {
  const world = worldWith(Array.from({ length: 4 }, (_, index) => wish(`s${index}`)));
  world.network.keep = 10;
  const lines: string[] = [];
  const output = { write: (line: string) => lines.push(line), isTTY: false, columns: () => 80 };
  const daemon = await world.run();
  const log = createLog('info', output, daemon.life.clock, new Secrets());
  world.onEvent = (event) => log.listen(event);
  const passes = world.network.count;
  await hours(3, daemon, (ms) => world.pass(ms));
  lines.length = 0;
  const since = world.scheduler.now;
  const samples = await hours(24, daemon, (ms) => world.pass(ms));
  expect(writes(world, since)).toEqual([]);
  expect(world.network.count - passes).toBeGreaterThan((24 * HOUR) / PASS);
  expect(lines).toEqual([]);
  expect(growth(samples.map((one) => one.objects))).toBeLessThan(OBJECTS);
  expect(growth(samples.map((one) => one.bytes))).toBeLessThan(BYTES);
  await daemon.stop();
  expect(world.oracles.violations).toEqual([]);
}, 300_000);

test('growth tells one forgotten object a pass from noise', () => {
  const noise = [0, 9, -30, 20, 3, -9, 0, 12];
  const flat = Array.from({ length: 24 }, (_, hour) => 90_000 + (noise[hour % 8] ?? 0));
  expect(growth(flat)).toBeLessThan(OBJECTS);
  expect(growth(flat.map((objects, hour) => objects + hour * 54))).toBeGreaterThan(OBJECTS);
});
