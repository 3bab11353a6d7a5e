/** What the API should show next (design §4); the courses' golden file rests on it. */
import { describe, expect, test } from 'vitest';
import { predict, settle, stateAfterUpdate } from '../../src/decide/model.ts';
import type { Operation, Patch } from '../../src/service/service.ts';
import type { ServiceState } from '../../src/service/states.ts';
import { MISSING, observed, REPORTED } from '../support/services.ts';

const update = (patch: Patch): Operation => ({ verb: 'update', uuid: 'u-web', patch });

describe('an accepted operation', () => {
  test('create: Init, nothing deployed, as declared, one container where the number is left open', () => {
    const spec = { image: 'nginx:1' };
    expect(predict(MISSING, { verb: 'create', spec, redeployToken: 't' }, 'web')).toEqual({
      exists: true,
      uuid: '@web',
      state: 'Init',
      fields: { image: 'nginx:1', target_num_containers: 1 },
      deployedBefore: false,
      redeployToken: 't',
    });
    expect(
      predict(MISSING, { verb: 'create', spec, redeployToken: undefined }, 'web').redeployToken,
    ).toBeNull();
  });
  test.each<readonly [string, Operation, ServiceState, object]>([
    [
      'start',
      { verb: 'start', uuid: 'u-web' },
      'Init',
      { state: 'Starting', deployedBefore: true, redeployToken: null },
    ],
    [
      'start that serves a token',
      { verb: 'start', uuid: 'u-web', token: 't' },
      'Init',
      { redeployToken: 't' },
    ],
    ['stop', { verb: 'stop', uuid: 'u-web' }, 'Running', { state: 'Stopping', redeployToken: null }],
    [
      'redeploy',
      { verb: 'redeploy', uuid: 'u-web', token: 't' },
      'Stopped',
      { state: 'Redeploying', redeployToken: 't', deployedBefore: true },
    ],
    [
      'redeploy without a token keeps the last one',
      { verb: 'redeploy', uuid: 'u-web', token: undefined },
      'Running',
      { redeployToken: null },
    ],
    [
      'terminate deploys nothing',
      { verb: 'terminate', uuid: 'u-web' },
      'Init',
      { state: 'Terminating', deployedBefore: false },
    ],
    [
      'PATCH',
      update({ image: 'a', redeploy_token: 't' }),
      'Running',
      { state: 'Redeploying', redeployToken: 't', fields: { ...REPORTED, image: 'a' } },
    ],
    [
      'PATCH that is stored deploys nothing',
      update({ image: 'a' }),
      'Init',
      { state: 'Init', deployedBefore: false },
    ],
  ])('%s', (_, operation, from, expected) => {
    expect(predict(observed(from), operation, 'web')).toMatchObject(expected);
  });
  test('on what does not exist is a mistake of the caller', () => {
    expect(() => predict(MISSING, { verb: 'start', uuid: 'u' }, 'web')).toThrow(
      'cannot start web: it does not exist',
    );
  });
});

describe('a PATCH', () => {
  test.each<readonly [ServiceState, Patch, ServiceState]>([
    ['Running', { target_num_containers: 5 }, 'Scaling'],
    ['Partly running', { target_num_containers: 5 }, 'Scaling'],
    ['Not running', { target_num_containers: 5 }, 'Scaling'],
    ['Running', { image: 'a', target_num_containers: 5 }, 'Redeploying'],
    ['Running', { autorestart: 'ALWAYS', target_num_containers: 5 }, 'Scaling'],
    ['Running', { autorestart: 'ALWAYS', autoreplace: 'OFF', autodestroy: 'OFF', labels: {} }, 'Running'],
    ['Running', { sequential_deployment: true }, 'Running'],
    ['Running', { redeploy_token: 't' }, 'Running'],
    ['Running', {}, 'Running'],
    ['Not running', { redeploy_token: 't' }, 'Not running'],
    ['Stopped', { image: 'a' }, 'Stopped'],
    ['Init', { target_num_containers: 5 }, 'Init'],
    ['Starting', { image: 'a' }, 'Starting'],
    ['Terminated', { image: 'a' }, 'Terminated'],
    ...(
      [
        'run_command',
        'entrypoint',
        'container_ports',
        'container_envvars',
        'linked_to_service',
        'roles',
        'bindings',
        'memory',
        'cpu_shares',
      ] as const
    ).map((field) => ['Running', { [field]: [] } as Patch, 'Redeploying'] as const),
  ])('in %s of %j leads to %s', (state, patch, expected) => {
    expect(stateAfterUpdate(state, patch)).toBe(expected);
  });
});

describe('a moving service comes to rest', () => {
  test.each<readonly [ServiceState, number, string]>([
    ['Starting', 2, 'Running'],
    ['Scaling', 2, 'Running'],
    ['Redeploying', 2, 'Running'],
    ['Scaling', 0, 'Not running'],
    ['Redeploying', 0, 'Not running'],
    ['Stopping', 0, 'Stopped'],
    ['Stopping', 2, 'Stopped'],
    ['Running', 0, 'Running'],
    ['Stopped', 2, 'Stopped'],
  ])('%s with a target of %i: %s', (state, target_num_containers, expected) => {
    const seen = observed(state, { fields: { ...REPORTED, target_num_containers } });
    expect(settle(seen)).toEqual({ ...seen, state: expected });
  });
  test('Terminating: gone, and remembered', () => {
    expect(settle(observed('Terminating', { redeployToken: 't' }))).toEqual({
      exists: false,
      deployedBefore: true,
      redeployToken: 't',
    });
    expect(settle(MISSING)).toEqual(MISSING);
  });
});
