/** Laws of one service's course, over all states, fields, tokens and servers (design §2, §4). */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { predict, settle } from '../../src/decide/model.ts';
import { step } from '../../src/decide/step.ts';
import { unfold } from '../../src/decide/unfold.ts';
import { EXTENSIONS, offers } from '../../src/service/extensions.ts';
import type { Course, Desired, Observed, Operation, Policy } from '../../src/service/service.ts';
import { allows, STATES, takesUpdate } from '../../src/service/states.ts';
import * as any from '../support/arbitraries.ts';

const RUNS = 3000;

function check(law: (desired: Desired, observed: Observed, policy: Policy) => void): void {
  const property = fc.property(any.desired, any.observed, any.policy, (desired, observed, policy) => {
    law(desired, observed, policy);
  });
  void fc.assert(property, { numRuns: RUNS });
}

/** Each operation of a course with what was seen just before it; and what is seen at the end. */
function replay(course: Course, from: Observed, name: string) {
  const acts: { readonly operation: Operation; readonly before: Observed }[] = [];
  let seen = from;
  for (const move of course.moves) {
    if (move.kind === 'act') acts.push({ operation: move.operation, before: seen });
    seen = move.kind === 'act' ? predict(seen, move.operation, name) : settle(seen);
  }
  return { acts, end: seen };
}

describe('step', () => {
  test('never throws, and is the same for the same', () => {
    check((desired, observed, policy) => {
      expect(step(desired, observed, policy)).toEqual(step(desired, observed, policy));
    });
  });
  test('asks in any state only for what the state table allows, the announced extensions included', () => {
    check((desired, observed, policy) => {
      const decision = step(desired, observed, policy);
      if (decision.kind === 'wait') expect(observed).toMatchObject({ state: decision.state });
      if (decision.kind !== 'act') return;
      const { verb } = decision.operation;
      if (verb === 'create') {
        expect(!observed.exists || (observed.exists === true && STATES[observed.state].kind === 'gone')).toBe(
          true,
        );
        return;
      }
      if (observed.exists !== true) throw new Error(`${verb} of nothing`);
      expect('uuid' in decision.operation && decision.operation.uuid).toBe(observed.uuid);
      const announced = (one: Parameters<typeof offers>[1]) => offers(policy.capabilities, one);
      expect(verb === 'update' ? takesUpdate(observed.state) : allows(observed.state, verb, announced)).toBe(
        true,
      );
    });
  });
  test('a PATCH holds what this server takes, and only declared fields that differ and are not ignored', () => {
    check((desired, observed, policy) => {
      const decision = step(desired, observed, policy);
      if (decision.kind !== 'act' || decision.operation.verb !== 'update' || desired.want === 'absent')
        return;
      const { redeploy_token: token, ...patch } = decision.operation.patch;
      for (const [field, value] of Object.entries(patch)) {
        expect(desired.spec).toHaveProperty(field, value);
        expect(desired.ignore).not.toContain(field);
        expect(observed).toHaveProperty(['fields', field]);
        if (field !== 'target_num_containers') expect(policy.capabilities.offered).toContain('patch=all');
      }
      if (token !== undefined) expect(policy.capabilities.offered).toContain('redeploy-token');
      expect(Object.keys(decision.operation.patch)).not.toEqual([]);
    });
  });
  test('a PATCH towards a Stopped wish never starts containers out of Not running', () => {
    check((desired, observed, policy) => {
      const decision = step(desired, observed, policy);
      if (decision.kind !== 'act' || decision.operation.verb !== 'update') return;
      if (desired.want !== 'stopped' || observed.exists !== true || observed.state !== 'Not running') return;
      expect(Object.keys(decision.operation.patch)).toEqual(['redeploy_token']);
    });
  });
});

describe('a course', () => {
  test('ends, and where it ends step stays', () => {
    check((desired, observed, policy) => {
      const course = unfold(desired, observed, policy);
      const { end } = replay(course, observed, desired.name);
      expect(step(desired, end, policy)).toEqual(course.end);
      expect(unfold(desired, end, policy)).toEqual({ moves: [], end: course.end });
    });
  });
  test('does no operation twice', () => {
    check((desired, observed, policy) => {
      const verbs = replay(unfold(desired, observed, policy), observed, desired.name).acts.map(
        (one) => one.operation.verb,
      );
      expect(new Set(verbs).size).toBe(verbs.length);
    });
  });
  test('begins with what step says, and each rest of it is the course from there', () => {
    check((desired, observed, policy) => {
      const course = unfold(desired, observed, policy);
      const [first, ...rest] = course.moves;
      const decision = step(desired, observed, policy);
      if (first === undefined) return expect(decision).toEqual(course.end);
      expect(decision).toEqual(first);
      const next = first.kind === 'act' ? predict(observed, first.operation, desired.name) : settle(observed);
      expect(unfold(desired, next, policy)).toEqual({ moves: rest, end: course.end });
    });
  });
  test('never terminates what is protected, and without allow_replace only what is wished absent', () => {
    check((desired, observed, policy) => {
      const { acts } = replay(unfold(desired, observed, policy), observed, desired.name);
      if (!acts.some((one) => one.operation.verb === 'terminate')) return;
      expect(policy.protect).toBe(false);
      expect(policy.allowReplace || desired.want === 'absent').toBe(true);
    });
  });
  test('a replace is made anew', () => {
    check((desired, observed, policy) => {
      if (desired.want === 'absent') return;
      const { acts } = replay(unfold(desired, observed, policy), observed, desired.name);
      const verbs = acts.map((one) => one.operation.verb);
      if (verbs.includes('terminate'))
        expect(verbs.slice(verbs.indexOf('terminate') + 1)).toContain('create');
    });
  });
  test('a replace destroys no more than it must: never with all extensions announced', () => {
    check((desired, observed, policy) => {
      if (desired.want === 'absent') return;
      const able = { ...policy, capabilities: { offered: EXTENSIONS, lost: [] } };
      const { acts } = replay(unfold(desired, observed, able), observed, desired.name);
      expect(acts.map((one) => one.operation.verb)).not.toContain('terminate');
    });
  });
  test('a lost extension never leads to a terminate that it would not have led to while it was there', () => {
    check((desired, observed, policy) => {
      if (desired.want === 'absent') return;
      const lost = { ...policy, capabilities: { offered: [], lost: EXTENSIONS } };
      const { acts } = replay(unfold(desired, observed, lost), observed, desired.name);
      expect(acts.map((one) => one.operation.verb)).not.toContain('terminate');
    });
  });
  test('that ends in sync ends where it was wished', () => {
    check((desired, observed, policy) => {
      const course = unfold(desired, observed, policy);
      if (course.end.kind !== 'in-sync') return;
      const { end } = replay(course, observed, desired.name);
      if (desired.want === 'absent')
        return expect(end.exists === false || (end.exists && end.state === 'Terminated')).toBe(true);
      if (desired.runOnce) return;
      if (end.exists !== true) throw new Error('in sync without a service');
      const { state, fields } = end;
      const target = desired.ignore.includes('target_num_containers')
        ? undefined
        : desired.spec.target_num_containers;
      const idle = ['Init', 'Stopped', 'Not running'];
      if (desired.ignore.includes('state') && state !== 'Init') return;
      // A number that nobody declared, and that is 0, leaves nothing to run.
      const resting = desired.want === 'stopped' || target === 0;
      const either = !resting && target === undefined && fields.target_num_containers === 0;
      expect(resting ? idle : either ? ['Running', ...idle] : ['Running']).toContain(state);
    });
  });
  test('never takes an answer for granted: a token that asks is served, recorded, or remembered by the journal', () => {
    check((desired, observed, policy) => {
      const course = unfold(desired, observed, policy);
      if (course.end.kind !== 'in-sync' || desired.want === 'absent' || desired.redeploy === undefined)
        return;
      const { end } = replay(course, observed, desired.name);
      if (end.exists !== true || end.state === 'Terminated') return;
      expect([end.redeployToken, course.end.remember]).toContain(desired.redeploy);
    });
  });
});
