/** Every resting state × every operation, and the moving states: the reference's table, written out once more. */
import { expect } from 'vitest';
import type { ServiceObject } from '../../../src/service/wire.ts';
import { servicePath } from '../../support/server.ts';
import type { Case, CaseApi } from '../case.ts';

type Operation = 'start' | 'stop' | 'redeploy' | 'terminate' | 'PATCH';

/** What the reply shows, or `refused`. With the extensions start-partly and redeploy-idle. */
const TABLE: Readonly<Record<string, Readonly<Record<Operation, string>>>> = {
  Init: { start: 'Starting', stop: 'refused', redeploy: 'refused', terminate: 'Terminating', PATCH: 'Init' },
  Running: {
    start: 'refused',
    stop: 'Stopping',
    redeploy: 'Redeploying',
    terminate: 'Terminating',
    PATCH: 'Scaling',
  },
  'Partly running': {
    start: 'Starting',
    stop: 'Stopping',
    redeploy: 'Redeploying',
    terminate: 'Terminating',
    PATCH: 'Scaling',
  },
  Stopped: {
    start: 'Starting',
    stop: 'refused',
    redeploy: 'Redeploying',
    terminate: 'Terminating',
    PATCH: 'Stopped',
  },
  'Not running': {
    start: 'refused',
    stop: 'refused',
    redeploy: 'Redeploying',
    terminate: 'Terminating',
    PATCH: 'Scaling',
  },
  Terminated: {
    start: 'refused',
    stop: 'refused',
    redeploy: 'refused',
    terminate: 'refused',
    PATCH: 'refused',
  },
};

/** Where it rests in the end, by what the reply showed. */
const RESTS: Readonly<Record<string, string>> = {
  Starting: 'Running',
  Stopping: 'Stopped',
  Redeploying: 'Running',
  Terminating: 'Terminated',
  Scaling: 'Running',
  Init: 'Init',
  Stopped: 'Stopped',
};

/** A service of two containers in the wanted resting state. */
async function inState(api: CaseApi, state: string): Promise<ServiceObject> {
  if (state === 'Init') return api.create({ target_num_containers: 2 });
  if (state === 'Terminated') {
    const made = await api.create();
    await api.call('DELETE', servicePath(made.uuid));
    return api.settle(made);
  }
  const service = await api.running({ target_num_containers: 2 });
  if (state === 'Stopped') {
    await api.act(service, 'stop');
    return api.settle(service);
  }
  if (state === 'Not running') {
    await api.patch(service, { target_num_containers: 0 });
    return api.settle(service);
  }
  if (state === 'Partly running') {
    await api.traits.kill(service, 2);
    return api.until(service, (now) => now.state === 'Partly running');
  }
  return service;
}

const ask = (api: CaseApi, service: ServiceObject, operation: Operation) => {
  if (operation === 'PATCH') return api.patch(service, { target_num_containers: 3 });
  if (operation === 'terminate') return api.call('DELETE', servicePath(service.uuid));
  return api.act(service, operation);
};

const resting = Object.entries(TABLE).flatMap(([state, row]) =>
  (Object.entries(row) as [Operation, string][]).map(
    ([operation, expected]): Case => ({
      name: `${operation} in ${state} ${expected === 'refused' ? 'is refused' : `shows ${expected}`}`,
      async run(api) {
        const before = await inState(api, state);
        expect(before.state).toBe(state);
        const reply = await ask(api, before, operation);
        if (expected === 'refused') {
          expect(reply.status, reply.text).toBe(400);
          expect(reply.json['error']).toContain(`'${state}'`);
          expect(reply.json).not.toHaveProperty('service');
          expect((await api.get(before)).state).toBe(state);
          return;
        }
        expect(reply.status, reply.text).toBe(202);
        expect(reply.json['state']).toBe(expected);
        const after = await api.settle(before);
        // A stopped container stays so when the service is scaled.
        const partly = state === 'Partly running' && expected === 'Scaling';
        const idle = state === 'Not running' && expected === 'Redeploying';
        expect(after.state).toBe(partly ? 'Partly running' : idle ? 'Not running' : RESTS[expected]);
      },
    }),
  ),
);

const MOVING: readonly (readonly [string, readonly Operation[], Operation])[] = [
  ['Starting', [], 'start'],
  ['Redeploying', ['start'], 'redeploy'],
  ['Stopping', ['start'], 'stop'],
  ['Terminating', ['start'], 'terminate'],
];

const moving = MOVING.map(
  ([state, way, last]): Case => ({
    name: `nothing is allowed in ${state}`,
    async run(api) {
      const service = await api.create({ target_num_containers: 8, sequential_deployment: true });
      for (const operation of way) {
        expect((await ask(api, service, operation)).status).toBe(202);
        await api.settle(service);
      }
      const release = api.traits.hold(service);
      expect((await ask(api, service, last)).json['state']).toBe(state);
      for (const operation of ['PATCH', 'start', 'stop', 'redeploy', 'terminate'] as const) {
        const reply = await ask(api, service, operation);
        expect(reply.status, `${operation}: ${reply.text}`).toBe(400);
        expect(reply.json['error']).toContain(`'${state}'`);
        expect(reply.json['error']).toContain('nothing');
      }
      release();
      await api.settle(service);
    },
  }),
);

const scaling: Case = {
  name: 'nothing is allowed in Scaling, up and down',
  async run(api) {
    const service = await api.running({ sequential_deployment: true });
    for (const [target, next] of [
      [9, 2],
      [1, 5],
    ] as const) {
      const release = api.traits.hold(service);
      expect((await api.patch(service, { target_num_containers: target })).json['state']).toBe('Scaling');
      expect((await api.patch(service, { target_num_containers: next })).status).toBe(400);
      release();
      const now = await api.settle(service);
      expect(now).toMatchObject({
        state: 'Running',
        current_num_containers: target,
        running_num_containers: target,
      });
    }
  },
};

export const stateCases: readonly Case[] = [...resting, ...moving, scaling];
