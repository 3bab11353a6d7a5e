/** GET /service/: the envelope, pages, filters, order, and who sees what. */
import { expect } from 'vitest';
import { servicePath } from '../../support/server.ts';
import type { Case, CaseApi } from '../case.ts';

type Listed = { meta: Record<string, unknown>; objects: Record<string, unknown>[] };
const list = async (api: CaseApi, query = '') => {
  const reply = await api.call('GET', `service/${query}`);
  expect(reply.status, reply.text).toBe(200);
  return reply.json as unknown as Listed;
};
const names = (listed: Listed) => listed.objects.map((one) => one['name']);
const fill = async (api: CaseApi, count: number) => {
  for (let index = 0; index < count; index++) await api.create({ name: `s${index}` });
};

const filter = (name: string, query: (uuid: string) => string, expected: readonly string[]): Case => ({
  name: `the list filters by ${name}`,
  async run(api) {
    const a = await api.create({ name: 'a' });
    await api.create({ name: 'b' });
    await api.create({ name: 'a' });
    expect((await list(api, query(a.uuid))).objects.map((one) => one['unique_name'])).toEqual(expected);
  },
});

const refused = (query: string): Case => ({
  name: `the list refuses ${query}`,
  async run(api) {
    const reply = await api.call('GET', `service/${query}`);
    expect([reply.status, Object.keys(reply.json)]).toEqual([400, ['error']]);
  },
});

export const listCases: readonly Case[] = [
  {
    name: 'an empty list has the envelope',
    async run(api) {
      expect(await list(api)).toEqual({
        meta: { limit: 25, next: null, offset: 0, previous: null, total_count: 0 },
        objects: [],
      });
    },
  },
  {
    name: 'pages hold 25 unless asked otherwise, with paths to the next and the previous one',
    async run(api) {
      await fill(api, 27);
      const first = await list(api);
      expect(first.meta).toEqual({
        limit: 25,
        next: '/api/v1/service/?limit=25&offset=25',
        offset: 0,
        previous: null,
        total_count: 27,
      });
      const second = (await api.call('GET', String(first.meta['next']))).json as unknown as Listed;
      expect(second.meta).toEqual({
        limit: 25,
        next: null,
        offset: 25,
        previous: '/api/v1/service/?limit=25&offset=0',
        total_count: 27,
      });
      expect([...names(first), ...names(second)]).toEqual(
        Array.from({ length: 27 }, (_, index) => `s${index}`),
      );
      expect((await list(api, '?limit=100')).objects).toHaveLength(27);
      expect((await list(api, '?limit=0')).objects).toHaveLength(27);
      expect((await list(api, '?limit=5000')).meta['limit']).toBe(1_000);
    },
  },
  {
    name: 'a page keeps its filters, and one past the end is empty',
    async run(api) {
      await fill(api, 4);
      const page = await list(api, '?limit=1&state=Init&offset=1');
      expect(page.meta['next']).toBe('/api/v1/service/?limit=1&offset=2&state=Init');
      expect(await list(api, '?offset=50')).toMatchObject({
        objects: [],
        meta: { next: null, offset: 50, total_count: 4 },
      });
    },
  },
  {
    name: 'the list holds complete objects, equal to the detail',
    async run(api) {
      const db = await api.create({ name: 'db' });
      const web = await api.create({
        name: 'web',
        container_envvars: [{ key: 'A', value: '1' }],
        linked_to_service: [{ to_service: 'db', name: 'db' }],
      });
      expect((await list(api)).objects).toEqual([await api.get(db), await api.get(web)]);
    },
  },
  {
    name: 'live services come before terminated ones',
    async run(api) {
      const gone = await api.create({ name: 'gone' });
      await api.create({ name: 'live' });
      await api.call('DELETE', servicePath(gone.uuid));
      await api.settle(gone);
      expect(names(await list(api))).toEqual(['live', 'gone']);
      expect(names(await list(api, '?state=Terminated'))).toEqual(['gone']);
    },
  },
  filter('name', () => '?name=a', ['a', 'a-2']),
  filter('unique name', () => '?unique_name=a-2', ['a-2']),
  filter('state', () => '?state=Init', ['a', 'b', 'a-2']),
  filter('a state with a space, as + and as %20', () => '?state=Not+running&state=Partly%20running', []),
  filter('uuid', (uuid) => `?uuid=${uuid}`, ['a']),
  filter('the start of a uuid', (uuid) => `?uuid__startswith=${uuid.slice(0, 8)}`, ['a']),
  filter('the start of a uuid that is a name', () => '?uuid__startswith=my-app', []),
  filter('all that are given', () => '?name=a&unique_name=a', ['a']),
  filter(
    'nothing, where clients send what has no meaning here',
    () => '?format=json&order_by=name&username=x&api_key=y',
    ['a', 'b', 'a-2'],
  ),
  filter('nothing, without the slash before the query', () => '', ['a', 'b', 'a-2']),
  refused('?nickname=web'),
  refused('?limit=-1'),
  refused('?limit=ten'),
  refused('?offset=1.5'),
  {
    name: 'containers can be looked at: which there are, of which service, with which ports',
    async run(api) {
      const service = await api.running({
        name: 'web',
        target_num_containers: 2,
        container_ports: [{ protocol: 'tcp', inner_port: 80 }],
      });
      const list = await api.call('GET', `container/?service=${service.resource_uri}`);
      const rows = list.json['objects'] as Record<string, unknown>[];
      expect(rows).toMatchObject(
        ['web-1', 'web-2'].map((name) => ({
          name,
          service: service.resource_uri,
          state: 'Running',
          exit_code: null,
          container_ports: [{ protocol: 'tcp', inner_port: 80, outer_port: expect.any(Number) }],
        })),
      );
      expect(rows.map((row) => row['resource_uri'])).toEqual(service['containers']);
      const [first = {}] = rows;
      expect((await api.call('GET', String(first['resource_uri']))).json).toEqual(first);
      expect((await api.call('GET', 'container/?name=web-2')).json['meta']).toMatchObject({ total_count: 1 });
      expect((await api.call('GET', 'container/?node=x')).status).toBe(400);
      const nobody = 'container/00000000-0000-4000-8000-000000000000/';
      expect((await api.call('GET', nobody)).status).toBe(404);
      const other = 'ApiKey alice:alice-key-0123456789';
      expect((await api.call('GET', String(first['resource_uri']), { authorization: other })).status).toBe(
        404,
      );
    },
  },
  {
    name: 'a user sees and touches only services of that user',
    async run(api) {
      const mine = await api.create({ name: 'mine' });
      const authorization = 'ApiKey alice:alice-key-0123456789';
      const theirs = async (method: string, path: string) =>
        (await api.call(method, path, { authorization })).status;
      expect(await theirs('GET', servicePath(mine.uuid))).toBe(404);
      expect(await theirs('DELETE', servicePath(mine.uuid))).toBe(404);
      expect(await theirs('POST', servicePath(mine.uuid, 'start/'))).toBe(404);
      expect(await theirs('GET', servicePath(mine.uuid, 'logs/'))).toBe(404);
      expect((await api.call('GET', 'service/?name=mine', { authorization })).json['objects']).toEqual([]);
      const body = { image: 'x', linked_to_service: [{ to_service: mine.resource_uri, name: 'x' }] };
      expect((await api.call('POST', 'service/', { authorization, body })).status).toBe(400);
      expect((await api.get(mine)).state).toBe('Init');
    },
  },
];
