import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Found } from '../../../src/engine/docker/found.ts';
import { planJob } from '../../../src/engine/docker/plan.ts';

const wish = (target: number, revision = 2, deployment = 2) => ({
  revision,
  deployment,
  spec: { target_num_containers: target },
});

let ids = 0;
function container(ordinal: number, over: Partial<Found> = {}): Found {
  ids += 1;
  return {
    id: `id${ids}`,
    uuid: 'u',
    user: 'admin',
    uniqueName: 'web',
    ordinal,
    revision: 2,
    deployment: 2,
    spec: '',
    phase: 'running',
    health: 'none',
    ...over,
  };
}

const anyContainer = fc
  .record({
    ordinal: fc.integer({ min: 1, max: 6 }),
    revision: fc.integer({ min: 1, max: 2 }),
    deployment: fc.integer({ min: 1, max: 2 }),
    phase: fc.constantFrom('created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead'),
    health: fc.constantFrom('none', 'starting', 'healthy', 'unhealthy'),
  })
  .map(({ ordinal, ...over }) => container(ordinal, over as Partial<Found>));

/** What is there when every step was carried out. */
function carriedOut(all: readonly Found[], plan: ReturnType<typeof planJob>): Found[] {
  const gone = new Set(plan.surplus);
  const made: Found[] = [];
  for (const step of plan.steps) {
    for (const one of step.kind === 'make' ? step.replaces : step.leftovers) gone.add(one);
    if (step.kind === 'make') made.push(container(step.ordinal));
    if (step.kind === 'keep' && step.up) {
      gone.add(step.container);
      made.push({ ...step.container, phase: 'running', health: 'none' });
    }
  }
  return [...all.filter((one) => !gone.has(one)), ...made];
}

describe('the plan of a job', () => {
  const verbs = fc.constantFrom('start', 'scale', 'redeploy' as const);
  const fleets = fc.array(anyContainer, { maxLength: 8 });

  it('ends, from whatever is there, with exactly the target, one an ordinal', () => {
    fc.assert(
      fc.property(verbs, fleets, fc.integer({ min: 0, max: 6 }), (verb, all, target) => {
        const left = carriedOut(all, planJob(verb as 'start', wish(target), all));
        expect(left).toHaveLength(target);
        expect(new Set(left.map((one) => one.ordinal)).size).toBe(target);
      }),
    );
  });

  it('has nothing left to do when it is asked again', () => {
    fc.assert(
      fc.property(verbs, fleets, fc.integer({ min: 0, max: 6 }), (verb, all, target) => {
        const left = carriedOut(all, planJob(verb as 'start', wish(target), all));
        expect(planJob(verb as 'start', wish(target), left)).toEqual({ surplus: [], stop: [], steps: [] });
      }),
    );
  });

  it('leaves nothing of an older deployment after a redeploy, and nothing of an older revision after a start', () => {
    fc.assert(
      fc.property(fleets, fc.integer({ min: 0, max: 6 }), (all, target) => {
        const redeployed = carriedOut(all, planJob('redeploy', wish(target), all));
        expect(redeployed.every((one) => one.deployment === 2 && one.revision === 2)).toBe(true);
        const started = carriedOut(all, planJob('start', wish(target), all));
        expect(started.every((one) => one.revision === 2 && one.phase === 'running')).toBe(true);
      }),
    );
  });

  it('touches none that is there when it only scales', () => {
    const old = [container(1, { revision: 1, phase: 'exited' }), container(3, { deployment: 1 })];
    expect(planJob('scale', wish(3), old)).toMatchObject({
      surplus: [],
      steps: [{ kind: 'make', ordinal: 2, replaces: [] }],
    });
    expect(planJob('scale', wish(1), old)).toMatchObject({ surplus: [{ ordinal: 3 }], steps: [] });
  });

  it('starts a stopped one of this revision instead of making it again', () => {
    const stopped = container(1, { phase: 'exited', deployment: 1 });
    expect(planJob('start', wish(1), [stopped]).steps).toEqual([
      { kind: 'keep', container: stopped, up: true, leftovers: [] },
    ]);
  });

  it('goes on where a replacement was interrupted', () => {
    const old = container(1, { deployment: 1 });
    const made = container(1, { phase: 'created' });
    expect(planJob('redeploy', wish(1), [old, made]).steps).toEqual([
      { kind: 'keep', container: made, up: true, leftovers: [old] },
    ]);
  });
});
