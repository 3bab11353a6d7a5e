import { describe, expect, it } from 'vitest';
import { systemClock, systemRandom } from '../../src/cli/system.ts';

describe('the real clock', () => {
  it('ends a sleep of any length at once when it is aborted', async () => {
    const stop = new AbortController();
    const sleeps = [
      systemClock.sleep(2 ** 40, stop.signal),
      systemClock.sleep(Number.POSITIVE_INFINITY, stop.signal),
    ];
    stop.abort();
    await Promise.all(sleeps);
    await systemClock.sleep(2 ** 40, stop.signal);
  });

  it('does not take a sleep longer than a timer can hold for a short one', async () => {
    const stop = new AbortController();
    let woke = false;
    const sleep = systemClock.sleep(2 ** 31 + 1_000, stop.signal).then(() => {
      woke = true;
    });
    await systemClock.sleep(20);
    expect(woke).toBe(false);
    stop.abort();
    await sleep;
  });

  it('does not sleep for what is no time', async () => {
    await systemClock.sleep(0);
    await systemClock.sleep(-5);
    await systemClock.sleep(Number.NaN);
  });

  it('never runs backwards', async () => {
    const before = systemClock.monotonic();
    await systemClock.sleep(2);
    expect(systemClock.monotonic()).toBeGreaterThanOrEqual(before + 2);
  });
});

describe('real chance', () => {
  it('lies in [0, 1) and spreads over it', () => {
    const draws = Array.from({ length: 2_000 }, () => systemRandom.next());
    expect(draws.every((draw) => draw >= 0 && draw < 1)).toBe(true);
    expect(new Set(draws.map((draw) => Math.floor(draw * 10))).size).toBe(10);
  });

  it('makes v4 uuids, no two alike', () => {
    const uuids = Array.from({ length: 100 }, () => systemRandom.uuid());
    expect(new Set(uuids).size).toBe(100);
    for (const uuid of uuids)
      expect(uuid).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  });
});
