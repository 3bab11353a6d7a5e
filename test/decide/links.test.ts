/** Names become uuids, and order becomes gates (design §6). */
import { describe, expect, test } from 'vitest';
import { dependencyOrder, gates, isGated, toDesired, unresolvedLinks } from '../../src/decide/links.ts';
import type { Operation, Patch, Reason } from '../../src/service/service.ts';
import type { ServiceState } from '../../src/service/states.ts';
import { observed, wish } from '../support/services.ts';

const DIFFERS: Reason = { code: 'differs', differences: [] };
const UNWANTED: Reason = { code: 'unwanted' };
const CANNOT: Reason = { code: 'cannot-patch', fields: ['image'] };
const NO_WAY: Reason = { code: 'no-way-out', state: 'Not running' };
const STATE: Reason = { code: 'state', state: 'Stopped', want: 'running' };
const update = (patch: Patch): Operation => ({ verb: 'update', uuid: 'u-web', patch });
const on = (verb: 'start' | 'stop' | 'terminate'): Operation => ({ verb, uuid: 'u-web' });
const CREATE: Operation = { verb: 'create', spec: { image: 'nginx' }, redeployToken: undefined };
const REDEPLOY: Operation = { verb: 'redeploy', uuid: 'u-web', token: undefined };

describe('a gate', () => {
  test.each<readonly [string, Operation, Reason, ServiceState, boolean]>([
    ['holds a create', CREATE, { code: 'missing' }, 'Terminated', true],
    ['holds a start', on('start'), STATE, 'Stopped', true],
    ['holds a redeploy', REDEPLOY, STATE, 'Running', true],
    ['holds a PATCH that leads to Redeploying', update({ image: 'a' }), DIFFERS, 'Running', true],
    [
      'holds such a PATCH with the target in it',
      update({ image: 'a', target_num_containers: 2 }),
      DIFFERS,
      'Partly running',
      true,
    ],
    [
      'holds such a PATCH of one whose containers have ended',
      update({ image: 'a' }),
      DIFFERS,
      'Not running',
      true,
    ],
    ['holds the first half of a replace', on('terminate'), CANNOT, 'Running', true],
    ['holds the first half of a replace out of Not running', on('terminate'), NO_WAY, 'Not running', true],
    ['never holds a delete', on('terminate'), UNWANTED, 'Running', false],
    ['never holds a stop', on('stop'), STATE, 'Running', false],
    [
      'never holds a PATCH of the target alone',
      update({ target_num_containers: 9 }),
      DIFFERS,
      'Running',
      false,
    ],
    [
      'not even one that starts containers',
      update({ target_num_containers: 9 }),
      DIFFERS,
      'Not running',
      false,
    ],
    ['does not hold a PATCH of settings', update({ autorestart: 'ALWAYS' }), DIFFERS, 'Running', false],
    ['does not hold a PATCH of the token alone', update({ redeploy_token: 't' }), DIFFERS, 'Running', false],
    ['does not hold what is only stored', update({ image: 'a' }), DIFFERS, 'Stopped', false],
    ['does not hold what is only stored in Init', update({ image: 'a' }), DIFFERS, 'Init', false],
  ])('%s', (_, operation, why, state, held) => {
    expect(isGated(operation, why, observed(state))).toBe(held);
  });

  test.each([
    ['a dependency that is to run gates', wish('db'), true],
    ['one wished Stopped does not', wish('db', { want: 'stopped' }), false],
    ['one wished with 0 containers does not', wish('db', { spec: { target_num_containers: 0 } }), false],
    ['one that leaves the number to the default does', wish('db', { spec: { image: 'x' } }), true],
  ] as const)('%s', (_, dependency, expected) => {
    expect(gates(dependency)).toBe(expected);
  });
});

describe('a link', () => {
  const uuids: Readonly<Record<string, string>> = { db: 'u-db', made: '@made' };
  const resolved = (to_service: string) =>
    toDesired(
      wish('web', { spec: { linked_to_service: [{ name: 'l', to_service }] } }),
      (name) => uuids[name],
    ).spec.linked_to_service;
  test.each([
    ['by name reads the live uuid', 'db', '/api/v1/service/u-db/'],
    ['to nobody yet reads @name', 'mq', '@mq'],
    ['to one that is made in this plan reads @name', 'made', '@made'],
    ['by resource URI stays', '/api/v1/service/u-x/', '/api/v1/service/u-x/'],
    ['by absolute resource URI loses its host', 'http://h/api/v1/service/u-x', '/api/v1/service/u-x/'],
  ])('%s', (_, written, expected) => {
    expect(resolved(written)).toEqual([{ name: 'l', to_service: expected }]);
  });
  test('is not invented where none is declared', () => {
    expect('linked_to_service' in toDesired(wish('web'), () => undefined).spec).toBe(false);
  });
  test('without a uuid is told apart before it is sent', () => {
    const links = [
      { name: 'a', to_service: '@a' },
      { name: 'b', to_service: '/api/v1/service/b/' },
    ];
    expect(unresolvedLinks({ ...CREATE, spec: { linked_to_service: links } } as Operation)).toEqual(['a']);
    expect(unresolvedLinks(update({ linked_to_service: links }))).toEqual(['a']);
    expect(unresolvedLinks(update({ image: '@a' }))).toEqual([]);
    expect(unresolvedLinks(on('start'))).toEqual([]);
  });
});

describe('the order by dependencies', () => {
  const order = (wishes: Record<string, readonly string[]>) =>
    dependencyOrder(Object.entries(wishes).map(([name, dependsOn]) => wish(name, { dependsOn }))).map(
      (one) => one.name,
    );
  test.each([
    ['by name where free', { c: [], a: [], b: [] }, 'a b c'],
    ['dependencies first', { a: ['b'], b: ['c'], c: [] }, 'c b a'],
    [
      'a diamond',
      { top: ['left', 'right'], left: ['base'], right: ['base'], base: [] },
      'base left right top',
    ],
    ['names outside the load are passed over', { a: ['elsewhere'], b: ['a'] }, 'a b'],
    ['nobody waits for itself', { a: ['a'], b: [] }, 'a b'],
    ['a circle is left to the end, by name', { z: ['y'], y: ['z'], free: [] }, 'free y z'],
  ])('%s', (_, wishes, expected) => {
    expect(order(wishes).join(' ')).toBe(expected);
    expect(order(Object.fromEntries(Object.entries(wishes).reverse())).join(' ')).toBe(expected);
  });
});
