/** What `fleetStatus` makes of a plan: who is an orphan, and times in whole milliseconds. */
import { expect, it } from 'vitest';
import { makePlan } from '../../src/decide/plan.ts';
import { type Doing, fleetStatus } from '../../src/decide/status.ts';
import { claim, type FleetOver, fleet, NOON } from '../support/fleet.ts';
import { live, wish } from '../support/services.ts';

const DOING: Doing = {
  kind: 'in-sync',
  waitsFor: undefined,
  block: undefined,
  since: NOON + 0.624,
  deadline: NOON + 1.5,
  nextLook: NOON + 2.25,
  decisions: [{ at: NOON - 0.75, decision: 'act start', state: 'Stopped' }],
};

function statusOf(over: FleetOver, problems: readonly string[] = []) {
  const { plan, survey } = makePlan(
    fleet({ services: [live('old')], memory: { claims: new Map([claim('old')]) }, ...over }),
  );
  return fleetStatus(plan, survey, problems, NOON + 0.1, () => DOING, new Map([['old', HELD]]));
}

const HELD = { until: NOON + 0.3, at: NOON, by: 'ann', reason: 'r' };

it('calls nothing an orphan while some manifests cannot be read', () => {
  const sync = (over: FleetOver, problems?: readonly string[]) => statusOf(over, problems).services[0]?.sync;
  expect(sync({})).toBe('orphan');
  expect(sync({ complete: false }, ['a.yaml cannot be read'])).toBe('not-compared');
  expect(sync({ complete: false, safety: { prune: 'owned' } })).toBe('not-compared');
});

it('tells times in whole milliseconds, whatever the clock gives', () => {
  const said = JSON.stringify(statusOf({ wishes: [wish('web')] }));
  expect(said).toContain(`"since":${NOON + 1}`);
  expect(said).not.toMatch(/\d\.\d/);
});
