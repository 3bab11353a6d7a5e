/** The same accepted PATCH or replace twice, with an unchanged difference, stops (design §8). */
import { describe, expect, test } from 'vitest';
import { differenceKey, quarantineOf } from '../../src/decide/quarantine.ts';
import { step } from '../../src/decide/step.ts';
import { NO_MEMORY } from '../../src/service/memory.ts';
import type { Desired, Observed, Policy } from '../../src/service/service.ts';
import { desired, observed, policy, REFERENCE, REPORTED } from '../support/services.ts';

const REPLACES = policy({ capabilities: REFERENCE, allowReplace: true });
const hash = (text: string) => `hash of ${text}`;

function act(wish: Desired, seen: Observed, given: Policy = policy()) {
  const decision = step(wish, seen, given);
  if (decision.kind !== 'act') throw new Error(decision.kind);
  return decision;
}
const key = (wish: Desired, seen: Observed, given?: Policy) => {
  const { operation, why } = act(wish, seen, given);
  return differenceKey(operation, why, seen);
};

const image = (to: string) => desired({ spec: { image: to } });
const live = (over: object) => observed('Running', { fields: { ...REPORTED, ...over } });

describe('what counts as the same difference', () => {
  test('the same fields, from the same to the same', () => {
    expect(key(image('a'), live({}))).toBe(key(image('a'), live({})));
  });
  test.each<readonly [string, Desired, Observed]>([
    ['another wish', image('b'), live({})],
    ['another live value', image('a'), live({ image: 'nginx:9' })],
    ['another field besides', desired({ spec: { image: 'a', target_num_containers: 9 } }), live({})],
  ])('not %s', (_, wish, seen) => {
    expect(key(wish, seen)).not.toBe(key(image('a'), live({})));
  });
  test('not a replace instead of a PATCH', () => {
    expect(key(image('a'), live({}), REPLACES)).not.toBe(key(image('a'), live({})));
  });
  test('a replace from another live value is another one', () => {
    expect(key(image('a'), live({}), REPLACES)).not.toBe(
      key(image('a'), live({ image: 'nginx:9' }), REPLACES),
    );
  });
  test('a replace to another wanted value is another one, as the manifest changed', () => {
    const replace = (to: string) => {
      const wished = image(to);
      const { operation, why } = act(wished, live({}), REPLACES);
      return differenceKey(operation, why, live({}), wished.spec);
    };
    expect(replace('a')).toBe(replace('a'));
    expect(replace('b')).not.toBe(replace('a'));
    const stuck = (to: string) => {
      const wished = image(to);
      const { operation, why } = act(wished, observed('Not running'), REPLACES);
      return differenceKey(operation, why, observed('Not running'), wished.spec);
    };
    expect(stuck('b')).not.toBe(stuck('a'));
  });
  test('a replace out of a state is not one for a field', () => {
    expect(key(desired(), observed('Not running'), REPLACES)).not.toBe(key(image('a'), live({}), REPLACES));
    expect(key(desired(), observed('Not running'), REPLACES)).toBeDefined();
  });
  test.each<readonly [string, Desired, Observed, Policy]>([
    ['a start', desired(), observed('Stopped'), policy()],
    ['a stop', desired({ want: 'stopped' }), observed('Running'), policy()],
    ['a redeploy', desired(), observed('Not running'), policy()],
    ['healing', desired(), observed('Partly running'), policy()],
    ['a create', desired(), { exists: false, deployedBefore: false, redeployToken: undefined }, policy()],
    ['a delete', { want: 'absent', name: 'web' }, observed('Running'), policy()],
  ])('%s is never counted', (_, wish, seen, given) => {
    expect(key(wish, seen, given)).toBeUndefined();
  });
});

describe('the quarantine', () => {
  const seen = live({});
  const move = act(image('a'), seen);
  const remembered = (
    times: number,
    verb: 'update' | 'terminate' = 'update',
    difference = key(image('a'), seen),
  ) =>
    quarantineOf(
      { ...NO_MEMORY, repeats: new Map([['web', { verb, difference: hash(difference ?? ''), times }]]) },
      hash,
    );
  test.each([
    [1, undefined],
    [2, { code: 'quarantined', verb: 'update', times: 2 }],
    [5, { code: 'quarantined', verb: 'update', times: 5 }],
  ])('after %i accepted times', (times, expected) => {
    expect(remembered(times)('web', move, seen)).toEqual(expected);
  });
  test('is nothing to another name, another operation, another difference, or one that is not counted', () => {
    expect(remembered(2)('db', move, seen)).toBeUndefined();
    expect(remembered(2, 'terminate')('web', move, seen)).toBeUndefined();
    expect(remembered(2, 'update', key(image('b'), seen))('web', move, seen)).toBeUndefined();
    expect(remembered(2)('web', act(desired({ want: 'stopped' }), seen), seen)).toBeUndefined();
    expect(quarantineOf(NO_MEMORY, hash)('web', move, seen)).toBeUndefined();
  });
});
