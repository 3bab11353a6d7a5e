/** Whatever the world does meanwhile, an apply performs of each service an ordered part of what its plan showed. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Plan } from '../../src/service/plan.ts';
import { chance, pick } from '../sim/chance.ts';
import { FAULTS, fits } from '../sim/faults.ts';
import type { World } from '../sim/world.ts';
import { FLEET, putOurs, worldWith, writes } from '../support/drive.ts';

/** What was accepted, or may have been: each service's writes without the repeats of an attempt. */
function performed(world: World, since: number): Map<string, string[]> {
  const done = new Map<string, string[]>();
  for (const { name = '', verb, answer } of writes(world, since)) {
    if (answer?.committed !== true) continue;
    done.set(name, [...(done.get(name) ?? []), verb]);
  }
  return done;
}

function shownOf(plan: Plan, name: string): readonly string[] {
  return plan.services
    .filter((service) => service.name === name)
    .flatMap(({ course }) =>
      course.flatMap((move) => (move.kind === 'operation' ? [move.operation.verb] : [])),
    );
}

function isPartOf(done: readonly string[], shown: readonly string[]): boolean {
  let at = 0;
  return done.every((verb) => {
    const found = shown.indexOf(verb, at);
    at = found + 1;
    return found !== -1;
  });
}

test('performed is an ordered part of shown, under any misbehaviour of the network and of others', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 2 ** 31 }), async (seed) => {
      const profile = pick(['ours', 'reference'] as const, seed, 'profile');
      const concurrency = pick([1, 4], seed, 'concurrency');
      const world = worldWith(FLEET, {
        seed,
        server: { profile, failing: 0.2 },
        pace: { rate: 10, burst: 10, concurrency },
        uncertainMs: 20_000,
      });
      for (const one of FLEET) {
        if (chance(seed, one.name) < 0.5)
          putOurs(world, one, pick(['Running', 'Stopped', 'Partly running', 'Init'], seed, one.name, 's'));
      }
      let plan: Plan | undefined;
      world.network.faultOf = (exchange) => {
        if (plan === undefined || chance(seed, exchange.number, 'fault') > 0.15) return undefined;
        const fitting = FAULTS.filter((fault) => fits(fault, exchange) && fault.name !== '429-huge');
        return pick(fitting, seed, exchange.number, 'which');
      };
      plan = await world.plan();
      const since = world.scheduler.now;
      const end = await world.apply({ deadlineMs: 300_000 });
      const held = typeof end === 'string' ? plan : end.plan;
      for (const [name, done] of performed(world, since)) {
        // A start whose acceptance was not told is the same start again: the permit is not spent by what nobody knows.
        const once = done.filter((verb, index) => verb !== done[index - 1]);
        expect([
          name,
          once,
          shownOf(held as Plan, name),
          isPartOf(once, shownOf(held as Plan, name)),
        ]).toContain(true);
      }
      expect(world.oracles.violations).toEqual([]);
    }),
    { numRuns: 60, seed: 20_260_101 },
  );
});
