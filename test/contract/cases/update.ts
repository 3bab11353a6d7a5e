/** PATCH: what it leads to, what is compared, what is refused. */
import { expect } from 'vitest';
import type { Case, CaseApi } from '../case.ts';

const dates = (service: Awaited<ReturnType<CaseApi['get']>>) => [
  service.deployed_datetime,
  service['containers'],
];

const same = (name: string, body: (api: CaseApi) => object): Case => ({
  name: `a PATCH ${name} changes nothing, in the reply and in the containers`,
  async run(api) {
    const service = await api.running({
      name: 'same',
      labels: { a: '1' },
      container_envvars: [
        { key: 'A', value: '1' },
        { key: 'B', value: '2' },
      ],
    });
    const reply = await api.patch(service, body(api));
    expect(reply.status, reply.text).toBe(202);
    expect(reply.headers.get('x-tutum-action-uri')).toBeNull();
    expect(reply.json).toEqual(service);
  },
});

const refused = (name: string, body: unknown, field: string): Case => ({
  name: `a PATCH of ${name} is refused and names ${field}`,
  async run(api) {
    const service = await api.create({ name: 'web', target_num_containers: 2 });
    const reply = await api.patch(service, body);
    expect(reply.status, reply.text).toBe(400);
    expect(Object.keys((reply.json['service'] ?? {}) as object)).toContain(field);
    expect(await api.get(service)).toEqual(service);
  },
});

const redeploys = (
  name: string,
  body: (api: CaseApi) => Record<string, unknown>,
  shown: (api: CaseApi) => object,
): Case => ({
  name: `a PATCH of ${name} redeploys: new containers that have it`,
  async run(api) {
    const before = await api.running();
    const reply = await api.patch(before, body(api));
    expect([reply.status, reply.json['state']]).toEqual([202, 'Redeploying']);
    expect(reply.json).toMatchObject(shown(api));
    const after = await api.settle(before);
    expect(after).toMatchObject({ ...shown(api), state: 'Running', synchronized: true });
    expect(after['containers']).not.toEqual(before['containers']);
  },
});

const keeps = (name: string, body: Record<string, unknown>): Case => ({
  name: `a PATCH of ${name} alone leaves state and containers as they are`,
  async run(api) {
    const before = await api.running();
    const reply = await api.patch(before, body);
    expect([reply.status, reply.json['state']]).toEqual([202, 'Running']);
    const after = await api.get(before);
    expect(after).toMatchObject(body);
    expect(dates(after)).toEqual(dates(before));
  },
});

export const updateCases: readonly Case[] = [
  same('without a body', () => ({})),
  same('with the same target as text', () => ({ target_num_containers: '1' })),
  same('with the same image in full', (api) => ({ image: `docker.io/library/${api.traits.image}` })),
  same('with the same variables in another order', () => ({
    container_envvars: [
      { key: 'B', value: '2' },
      { key: 'A', value: '1' },
    ],
  })),
  same('with the same labels', () => ({ labels: { a: '1' } })),
  refused('null as a target', { target_num_containers: null }, 'target_num_containers'),
  refused('a name', { name: 'other' }, 'name'),
  refused('a field nobody knows', { targetNumContainers: 1 }, 'targetNumContainers'),
  refused('a read-only field', { uuid: 'x' }, 'uuid'),
  refused('a state', { state: 'Stopped' }, 'state'),
  refused('null as variables', { container_envvars: null }, 'container_envvars'),
  refused('a good and a bad field', { target_num_containers: 5, autorestart: 'NEVER' }, 'autorestart'),
  refused(
    'a link to itself',
    { linked_to_service: [{ to_service: 'web', name: 'me' }] },
    'linked_to_service',
  ),
  redeploys(
    'the image',
    (api) => ({ image: api.traits.otherImage }),
    (api) => ({ image_name: api.traits.otherImage }),
  ),
  redeploys(
    'variables',
    () => ({ container_envvars: [{ key: 'A', value: '1' }] }),
    () => ({
      container_envvars: [{ key: 'A', value: '1' }],
    }),
  ),
  redeploys(
    'ports',
    () => ({ container_ports: [{ protocol: 'tcp', inner_port: 81 }] }),
    () => ({
      container_ports: [{ inner_port: 81 }],
    }),
  ),
  redeploys(
    'target and variables together',
    () => ({ target_num_containers: 2, container_envvars: [], container_ports: [] }),
    () => ({
      target_num_containers: 2,
      container_ports: [],
    }),
  ),
  keeps('labels', { labels: { team: 'x' } }),
  keeps('a policy', { autorestart: 'ON_FAILURE' }),
  keeps('sequential_deployment', { sequential_deployment: true }),
  keeps('the redeploy token', { redeploy_token: 'again' }),
  {
    name: 'a PATCH of the target shows the new target and the old number at once',
    async run(api) {
      const service = await api.running();
      const reply = await api.patch(service, { target_num_containers: 3 });
      expect(reply.json).toMatchObject({ state: 'Scaling', target_num_containers: 3 });
      expect(reply.json['current_num_containers']).toBeLessThan(3);
      const after = await api.settle(service);
      expect(after, String(after['note'])).toMatchObject({
        state: 'Running',
        running_num_containers: 3,
        current_num_containers: 3,
      });
      expect(after.deployed_datetime).toBe(service.deployed_datetime);
      expect((after['containers'] as string[]).slice(0, 1)).toEqual(service['containers']);
    },
  },
  {
    name: 'scaling to 0 ends in Not running, and a PATCH above 0 leads back',
    async run(api) {
      const service = await api.running({ target_num_containers: 2 });
      await api.patch(service, { target_num_containers: 0 });
      expect(await api.settle(service)).toMatchObject({ state: 'Not running', current_num_containers: 0 });
      await api.patch(service, { target_num_containers: 1 });
      const after = await api.settle(service);
      expect(after, String(after['note'])).toMatchObject({ state: 'Running', running_num_containers: 1 });
    },
  },
  {
    name: 'a PATCH in Init is stored and the start makes it so',
    async run(api) {
      const service = await api.create();
      const reply = await api.patch(service, { target_num_containers: 2, image: api.traits.otherImage });
      expect(reply.json).toMatchObject({
        state: 'Init',
        target_num_containers: 2,
        image_name: api.traits.otherImage,
      });
      await api.act(service, 'start');
      expect(await api.settle(service)).toMatchObject({
        state: 'Running',
        running_num_containers: 2,
        synchronized: true,
      });
    },
  },
  {
    name: 'a PATCH in Stopped is stored, and the next start makes the containers anew where it must',
    async run(api) {
      const service = await api.running();
      await api.act(service, 'stop');
      const stopped = await api.settle(service);
      const reply = await api.patch(service, {
        target_num_containers: 2,
        container_envvars: [{ key: 'A', value: '1' }],
      });
      expect(reply.json).toMatchObject({ state: 'Stopped', synchronized: false, current_num_containers: 1 });
      expect((await api.get(service))['containers']).toEqual(stopped['containers']);
      await api.act(service, 'start');
      const after = await api.settle(service);
      expect(after).toMatchObject({ state: 'Running', running_num_containers: 2, synchronized: true });
      expect(after['containers']).not.toContain((stopped['containers'] as string[])[0]);
    },
  },
  {
    name: 'a PATCH of the target to 0 in Stopped is stored, and a start then ends in Not running',
    async run(api) {
      const service = await api.running();
      await api.act(service, 'stop');
      await api.settle(service);
      expect((await api.patch(service, { target_num_containers: 0 })).json['state']).toBe('Stopped');
      await api.act(service, 'start');
      expect(await api.settle(service)).toMatchObject({ state: 'Not running', current_num_containers: 0 });
    },
  },
  {
    name: 'a PATCH of a service that is not there is a 404',
    async run(api) {
      const reply = await api.patch(
        { uuid: '00000000-0000-4000-8000-000000000000' },
        { target_num_containers: 1 },
      );
      expect([reply.status, Object.keys(reply.json)]).toEqual([404, ['error']]);
    },
  },
];
