import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPace, type PaceOptions } from '../../src/api/pace.ts';
import { parseRate } from '../../src/api/rate.ts';
import { UserError } from '../../src/service/failure.ts';
import type { Priority } from '../../src/service/ports.ts';
import { flush, virtualClock } from '../support/clock.ts';

const never = new AbortController().signal;

function world(options: Partial<PaceOptions> = {}) {
  const clock = virtualClock();
  const pace = createPace(clock, { rate: 10, burst: 10, concurrency: 4, ...options });
  const sent: { at: number; what: string }[] = [];
  const ask = (what: string, priority: Priority = 'write', takesMs = 0, signal = never) =>
    pace.run(
      priority,
      () => what,
      async () => {
        sent.push({ at: clock.monotonic(), what });
        if (takesMs > 0) await clock.sleep(takesMs);
        return what;
      },
      signal,
    );
  return { clock, pace, sent, ask };
}

/** Most sendings in any window that starts at one of them, compared with the bound. */
function breaks(times: readonly number[], rate: number, burst: number): string | undefined {
  for (let first = 0; first < times.length; first++)
    for (let last = first; last < times.length; last++) {
      const window = (times[last] ?? 0) - (times[first] ?? 0);
      const count = last - first + 1;
      if (count > burst + (rate * window) / 1000 + 1e-6) return `${count} in ${window} ms`;
    }
  return undefined;
}

describe('pace', () => {
  it('holds burst + rate × w in every window, for any arrivals, answers, hesitation and wall-clock jumps', async () => {
    const arrival = fc.record({
      after: fc.integer({ min: 0, max: 3000 }),
      count: fc.integer({ min: 1, max: 12 }),
      priority: fc.constantFrom<Priority>('write', 'read', 'delete'),
      hesitates: fc.constantFrom(0, 0, 1, 700, 4000),
      answers: fc.constantFrom(0, 5, 900),
      nothing: fc.boolean(),
      jump: fc.constantFrom(0, 3_600_000, -3_600_000, 315_576_000_000, -315_576_000_000),
      pause: fc.constantFrom(0, 0, 0, 2500),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(arrival, { maxLength: 12 }),
        fc.constantFrom(0.5, 1, 10, 37),
        fc.integer({ min: 1, max: 10 }),
        fc.integer({ min: 1, max: 5 }),
        async (arrivals, rate, burst, concurrency) => {
          const clock = virtualClock();
          const pace = createPace(clock, { rate, burst, concurrency });
          const times: number[] = [clock.monotonic() - 1e9];
          let pausedUntil = 0;
          const asked: Promise<unknown>[] = [];
          let expected = 0;
          for (const one of arrivals) {
            await clock.advance(one.after);
            clock.jumpWall(one.jump);
            if (one.pause > 0) {
              pace.pause(one.pause);
              pausedUntil = Math.max(pausedUntil, clock.monotonic() + one.pause);
            }
            for (let index = 0; index < one.count; index++) {
              if (!one.nothing) expected += 1;
              const placed = async () => {
                expect(clock.monotonic()).toBeGreaterThanOrEqual(pausedUntil);
                await clock.sleep(one.hesitates);
                return one.nothing ? undefined : 1;
              };
              const send = async () => {
                times.push(clock.monotonic());
                await clock.sleep(one.answers);
              };
              asked.push(pace.run(one.priority, placed, send, never));
            }
          }
          await clock.runUntil(Promise.all(asked));
          expect(breaks(times.slice(1), rate, burst)).toBeUndefined();
          expect(times.length - 1).toBe(expected);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('starts empty, so that a restart cannot spend a second burst', async () => {
    const { clock, sent, ask } = world();
    const start = clock.monotonic();
    await clock.runUntil(Promise.all(Array.from({ length: 3 }, () => ask('a'))));
    expect(sent.map((one) => one.at - start)).toEqual([100, 200, 300]);
  });

  it('gives writes the first places, deletes the last, and one place in five to a waiting read', async () => {
    const { clock, sent, ask } = world({ concurrency: 1 });
    const all = [
      ...Array.from({ length: 2 }, (_, index) => ask(`D${index}`, 'delete')),
      ...Array.from({ length: 3 }, (_, index) => ask(`R${index}`, 'read')),
      ...Array.from({ length: 10 }, (_, index) => ask(`W${index}`, 'write')),
    ];
    await clock.runUntil(Promise.all(all));
    expect(sent.map((one) => one.what).join(' ')).toBe('W0 W1 W2 W3 R0 W4 W5 W6 W7 R1 W8 W9 R2 D0 D1');
  });

  it('asks what to send only when the place is there, and passes an unused place on at once', async () => {
    const { clock, pace, sent, ask } = world({ concurrency: 1 });
    const start = clock.monotonic();
    const unused = pace.run(
      'write',
      () => undefined,
      async () => 'sent',
      never,
    );
    const used = ask('next');
    await clock.runUntil(Promise.all([unused, used]));
    expect(await unused).toBeUndefined();
    expect(sent).toEqual([{ at: start + 100, what: 'next' }]);
  });

  it('holds the place until the answer is there', async () => {
    const { clock, sent, ask } = world({ concurrency: 2 });
    const start = clock.monotonic();
    await clock.runUntil(Promise.all([ask('a', 'write', 5000), ask('b', 'write', 5000), ask('c')]));
    expect(sent.map((one) => one.at - start)).toEqual([100, 200, 5100]);
  });

  it('lets an aborted waiter go at once, and does not sleep on for nobody', async () => {
    const { clock, pace, ask, sent } = world();
    pace.pause(3_600_000);
    const stop = new AbortController();
    const asked = ask('a', 'write', 0, stop.signal);
    await flush();
    expect(clock.sleepers()).toBe(1);
    stop.abort();
    expect(await asked).toBeUndefined();
    await flush();
    expect(clock.sleepers()).toBe(0);
    const later = ask('b');
    await clock.runUntil(later);
    expect(sent.map((one) => one.what)).toEqual(['b']);
  });

  it('sends nothing during a pause, and says how long it lasts', async () => {
    const { clock, pace, sent, ask } = world();
    await clock.advance(60_000);
    pace.pause(7000);
    pace.pause(2000);
    expect(pace.pausedFor()).toBe(7000);
    const start = clock.monotonic();
    await clock.runUntil(Promise.all([ask('a'), ask('b')]));
    expect(sent.map((one) => one.at - start)).toEqual([7000, 7000]);
  });

  it('gives the place back when the asked one throws', async () => {
    const { clock, pace, sent, ask } = world({ concurrency: 1 });
    const broken = pace.run(
      'write',
      () => Promise.reject(new Error('journal is full')),
      async () => 1,
      never,
    );
    const caught = broken.catch((error: Error) => error.message);
    const next = ask('next');
    await clock.runUntil(next);
    expect(await caught).toBe('journal is full');
    expect(sent.map((one) => one.what)).toEqual(['next']);
  });
});

describe('--rate', () => {
  it.each([
    ['10/s', 10],
    ['60/m', 1],
    ['0.5/s', 0.5],
    [' 30 / m ', 0.5],
  ])('reads %s', (text, perSecond) => expect(parseRate(text)).toBe(perSecond));

  it.each(['', '10', '0/s', '-1/s', '10/h', '1e3/s', 'NaN/s', '10/s/s'])('refuses %j', (text) => {
    expect(() => parseRate(text)).toThrow(UserError);
  });
});
