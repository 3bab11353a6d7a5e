/** POST /service/: what is filled in, what is taken in which spelling, what is refused and by which name. */
import { expect } from 'vitest';
import { servicePath } from '../../support/server.ts';
import type { Case, CaseApi } from '../case.ts';

const UUID4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

const defaults: Case = {
  name: 'a create with an image alone is filled in with the defaults of the reference',
  async run(api) {
    const reply = await api.call('POST', 'service/', { body: { image: api.traits.image } });
    expect(reply.status).toBe(201);
    expect(reply.headers.get('location')).toBe(reply.json['resource_uri']);
    expect(reply.json).toMatchObject({
      state: 'Init',
      target_num_containers: 1,
      current_num_containers: 0,
      running_num_containers: 0,
      stopped_num_containers: 0,
      autorestart: 'OFF',
      autoreplace: 'OFF',
      autodestroy: 'OFF',
      sequential_deployment: false,
      roles: [],
      linked_to_service: [],
      container_envvars: [],
      deployed_datetime: null,
      started_datetime: null,
      stopped_datetime: null,
      destroyed_datetime: null,
      redeploy_token: null,
      labels: {},
    });
    expect(reply.json['uuid']).toMatch(UUID4);
    expect(reply.json['resource_uri']).toBe(servicePath(reply.json['uuid']));
    expect(reply.json['image_name']).toBe(api.traits.image);
    expect(await api.get({ uuid: String(reply.json['uuid']) })).toEqual(reply.json);
    await api.call('DELETE', servicePath(reply.json['uuid']));
    await api.settle({ uuid: String(reply.json['uuid']) });
  },
};

const taken = (name: string, body: object, shown: object): Case => ({
  name: `create takes ${name}`,
  async run(api) {
    const service = await api.create(body as Record<string, unknown>);
    expect(service).toMatchObject(shown);
    expect(await api.get(service)).toMatchObject(shown);
  },
});

const refused = (name: string, body: unknown, field: string): Case => ({
  name: `create refuses ${name} and names ${field}`,
  async run(api) {
    const whole = typeof body === 'object' && body !== null ? { image: api.traits.image, ...body } : body;
    const reply = await api.call('POST', 'service/', { body: whole });
    expect(reply.status, reply.text).toBe(400);
    expect(Object.keys((reply.json['service'] ?? {}) as object)).toContain(field);
    expect(reply.json['error']).toContain(field);
    expect((await api.call('GET', 'service/')).json['meta']).toMatchObject({ total_count: 0 });
  },
});

const port = (inner_port: number, outer_port: number | null = null) => ({
  protocol: 'tcp',
  inner_port,
  outer_port,
});

const takes: readonly Case[] = [
  taken('a name', { name: 'my-web_1.x' }, { name: 'my-web_1.x', unique_name: 'my-web_1.x' }),
  taken(
    'numbers as text',
    { target_num_containers: '2', sequential_deployment: 'true' },
    {
      target_num_containers: 2,
      sequential_deployment: true,
    },
  ),
  taken(
    'null for what is not given',
    { name: null, run_command: null, memory: null, privileged: null },
    { run_command: expect.any(String) },
  ),
  taken(
    'what old clients always send',
    {
      memory_swap: 0,
      cpu_shares: 0,
      linked_to_container: [],
      autoredeploy: false,
      tags: ['a', { name: 'b' }],
    },
    {
      tags: [{ name: 'a' }, { name: 'b' }],
      memory_swap: 0,
    },
  ),
  taken(
    'a command and an entrypoint',
    { run_command: 'sleep 1000', entrypoint: '/bin/sh' },
    { run_command: 'sleep 1000', entrypoint: '/bin/sh' },
  ),
  taken(
    'ports with numbers as text, read-only keys and no protocol',
    {
      container_ports: [
        { inner_port: '80', outer_port: '', container: '', endpoint_uri: null, port_name: 'http' },
      ],
    },
    { container_ports: [port(80)] },
  ),
  taken(
    'an udp port',
    { container_ports: [{ protocol: 'UDP', inner_port: 53 }] },
    {
      container_ports: [{ protocol: 'udp', inner_port: 53 }],
    },
  ),
  taken('no port at all', { container_ports: [] }, { container_ports: [] }),
  taken(
    'variables, a number among them',
    {
      container_envvars: [
        { key: 'A', value: 'x=y z' },
        { key: 'N', value: 7 },
      ],
    },
    {
      container_envvars: [
        { key: 'A', value: 'x=y z' },
        { key: 'N', value: '7' },
      ],
    },
  ),
  taken('labels', { labels: { 'com.example/x': 'y' } }, { labels: { 'com.example/x': 'y' } }),
  taken(
    'the policies',
    { autorestart: 'ON_FAILURE', autoreplace: 'ALWAYS', autodestroy: 'ON_SUCCESS' },
    {
      autorestart: 'ON_FAILURE',
      autoreplace: 'ALWAYS',
      autodestroy: 'ON_SUCCESS',
    },
  ),
  taken('a redeploy token', { redeploy_token: '2026-11-23' }, { redeploy_token: '2026-11-23' }),
  taken('a target of 0', { target_num_containers: 0 }, { target_num_containers: 0, state: 'Init' }),
  taken(
    'an image that nobody has yet',
    { image: 'missing/later:1' },
    { image_name: 'missing/later:1', name: 'later' },
  ),
];

const refusals: readonly Case[] = [
  refused('no image', { image: undefined }, 'image'),
  refused('an empty image', { image: '' }, 'image'),
  refused('an image that is none', { image: 'a b' }, 'image'),
  refused('a number as image', { image: 7 }, 'image'),
  refused('a field nobody knows', { target_num_container: 2 }, 'target_num_container'),
  refused('a field that is read-only', { state: 'Running' }, 'state'),
  refused('a negative target', { target_num_containers: -1 }, 'target_num_containers'),
  refused('a target with a fraction', { target_num_containers: 1.5 }, 'target_num_containers'),
  refused('a target without measure', { target_num_containers: 1e9 }, 'target_num_containers'),
  refused('true as a target', { target_num_containers: true }, 'target_num_containers'),
  refused('a list as a target', { target_num_containers: [2] }, 'target_num_containers'),
  refused('a name with a space', { name: 'my web' }, 'name'),
  refused('a port out of range', { container_ports: [{ inner_port: 70_000 }] }, 'container_ports'),
  refused('a port without number', { container_ports: [{ protocol: 'tcp' }] }, 'container_ports'),
  refused(
    'a protocol nobody speaks',
    { container_ports: [{ protocol: 'sctp', inner_port: 1 }] },
    'container_ports',
  ),
  refused('the same port twice', { container_ports: [port(80), port(80, 8080)] }, 'container_ports'),
  refused(
    'the same outer port twice',
    { container_ports: [port(80, 8080), port(81, 8080)] },
    'container_ports',
  ),
  refused('a variable without value', { container_envvars: [{ key: 'A' }] }, 'container_envvars'),
  refused(
    'a variable with "=" in its name',
    { container_envvars: [{ key: 'A=B', value: 'x' }] },
    'container_envvars',
  ),
  refused(
    'the same variable twice',
    {
      container_envvars: [
        { key: 'A', value: '1' },
        { key: 'A', value: '2' },
      ],
    },
    'container_envvars',
  ),
  refused('variables as an object', { container_envvars: { A: '1' } }, 'container_envvars'),
  refused('a policy that is none', { autorestart: 'always' }, 'autorestart'),
  refused(
    'a link to nothing',
    { linked_to_service: [{ to_service: 'nobody', name: 'db' }] },
    'linked_to_service',
  ),
  refused('the global role', { roles: ['global'] }, 'roles'),
  refused('a role nobody knows', { roles: ['root'] }, 'roles'),
  refused('a label that is no text', { labels: { a: 1 } }, 'labels'),
  refused('a host path', { bindings: [{ host_path: '/etc', container_path: '/x' }] }, 'bindings'),
  refused('privileged containers', { privileged: true }, 'privileged'),
];

const secret: Case = {
  name: 'a refusal never says the value of a variable',
  async run(api) {
    const value = 'hunter2-hunter2';
    const body = {
      image: api.traits.image,
      container_envvars: [{ key: 'A', value }, { key: 'A', value }, { value }],
    };
    expect((await api.call('POST', 'service/', { body })).text).not.toContain(value);
  },
};

const all: Case = {
  name: 'a create with several errors is told all of them',
  async run(api) {
    const reply = await api.call('POST', 'service/', {
      body: { target_num_containers: 'x', autorestart: 1, nonsense: 1 },
    });
    expect(Object.keys(reply.json['service'] as object).toSorted()).toEqual([
      'autorestart',
      'image',
      'nonsense',
      'target_num_containers',
    ]);
  },
};

const namesakes: Case = {
  name: 'names need not be unique; unique names are, and free again after a terminate',
  async run(api) {
    const one = await api.create({ name: 'twin' });
    const two = await api.create({ name: 'twin' });
    expect([one.unique_name, two.unique_name]).toEqual(['twin', 'twin-2']);
    await api.call('DELETE', servicePath(one.uuid));
    await api.settle(one);
    expect((await api.create({ name: 'twin' })).unique_name).toBe('twin');
  },
};

const defaultName: Case = {
  name: 'the name is the image without registry, namespace and tag',
  async run(api) {
    for (const image of [
      'tutum/hello-world',
      'registry.example:5000/a/hello-world:2',
      `hello-world@sha256:${'ab'.repeat(32)}`,
    ])
      expect((await api.create({ image })).name).toBe('hello-world');
  },
};

const keyed = (name: string, run: (api: CaseApi, post: Post) => Promise<void>): Case => ({
  name,
  run: (api) =>
    run(api, (key, body) => {
      const request = { headers: { 'idempotency-key': key }, body: { image: api.traits.image, ...body } };
      return api.call('POST', 'service/', request);
    }),
});
type Post = (key: string, body?: object) => ReturnType<CaseApi['call']>;

const total = async (api: CaseApi) =>
  ((await api.call('GET', 'service/')).json['meta'] as { total_count: number }).total_count;

const keys: readonly Case[] = [
  keyed('the same Idempotency-Key makes one service, and shows it as it is now', async (api, post) => {
    const first = await post('k1', { name: 'once' });
    const uuid = String(first.json['uuid']);
    expect(uuid).toMatch(UUID4);
    await api.act({ uuid }, 'start');
    await api.settle({ uuid });
    const again = await post('k1', { name: 'once' });
    expect(again.status).toBe(201);
    expect(again.json).toMatchObject({ uuid, state: 'Running' });
    expect(await total(api)).toBe(1);
    await api.call('DELETE', servicePath(uuid));
    await api.settle({ uuid });
    expect((await post('k1', { name: 'once' })).json).toMatchObject({ uuid, state: 'Terminated' });
  }),
  keyed('ten requests at once with one Idempotency-Key make one service', async (api, post) => {
    const replies = await Promise.all(Array.from({ length: 10 }, () => post('k2', { name: 'once' })));
    expect(new Set(replies.map((reply) => reply.json['uuid'])).size).toBe(1);
    expect(replies.every((reply) => reply.status === 201)).toBe(true);
    expect(await total(api)).toBe(1);
  }),
  keyed('an Idempotency-Key with another body is a 409 and changes nothing', async (api, post) => {
    await post('k3', { name: 'a' });
    const other = await post('k3', { name: 'b' });
    expect([other.status, Object.keys(other.json)]).toEqual([409, ['error']]);
    expect(await total(api)).toBe(1);
  }),
  keyed('a refused create does not use its Idempotency-Key up', async (_api, post) => {
    expect((await post('k4', { target_num_containers: -1 })).status).toBe(400);
    expect((await post('k4', { target_num_containers: 1 })).status).toBe(201);
  }),
  keyed('an Idempotency-Key counts per key', async (_api, post) => {
    const mine = await post('k5');
    expect((await post('k5')).json['uuid']).toBe(mine.json['uuid']);
    expect((await post('k6')).json['uuid']).not.toBe(mine.json['uuid']);
  }),
];

export const createCases: readonly Case[] = [
  defaults,
  ...takes,
  ...refusals,
  secret,
  all,
  namesakes,
  defaultName,
  ...keys,
];
