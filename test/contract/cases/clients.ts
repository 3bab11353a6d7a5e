/** Requests as clients in the wild send them, and as nobody should; who is let in. */
import { expect } from 'vitest';
import { servicePath } from '../../support/server.ts';
import type { Case, CaseApi } from '../case.ts';

const post = (name: string, contentType: string | undefined, body: string, status: number): Case => ({
  name: `a POST with ${name} is a ${status}`,
  async run(api) {
    const headers: Record<string, string> = contentType === undefined ? {} : { 'content-type': contentType };
    const reply = await api.call('POST', 'service/', { body, headers });
    expect(reply.status, reply.text).toBe(status);
    expect(reply.headers.get('content-type')).toContain('application/json');
    if (status !== 201) return;
    await api.call('DELETE', servicePath(reply.json['uuid']));
    await api.settle({ uuid: String(reply.json['uuid']) });
  },
});

const JSON_BODY = '{"image":"nginx"}';
const login = (name: string, authorization: (api: CaseApi) => string | null, status: number): Case => ({
  name: `${name} is a ${status}`,
  async run(api) {
    for (const [method, path] of [
      ['GET', 'service/'],
      ['POST', 'service/'],
      ['GET', 'nothing/'],
    ] as const) {
      const given = authorization(api);
      const reply = await api.call(method, path, { authorization: given });
      if (status === 401) expect([reply.status, Object.keys(reply.json)]).toEqual([401, ['error']]);
      else expect(reply.status).not.toBe(401);
    }
  },
});
const pair = (api: CaseApi) => api.authorization.slice('ApiKey '.length);
const base64 = (text: string) => Buffer.from(text).toString('base64');

export const clientCases: readonly Case[] = [
  post('JSON under its own name', 'application/json', JSON_BODY, 201),
  post('JSON and a charset', 'application/json; charset=utf-8', JSON_BODY, 201),
  post('JSON under no type', '', JSON_BODY, 201),
  post('JSON as plain text', 'text/plain', JSON_BODY, 201),
  post('JSON as a form, as curl -d sends it', 'application/x-www-form-urlencoded', JSON_BODY, 201),
  post('a type with a tab before it', '\tapplication/json', JSON_BODY, 201),
  post('a form', 'application/x-www-form-urlencoded', 'image=nginx', 415),
  post('XML', 'application/xml', '<service/>', 415),
  post('JSON that claims to be XML', 'text/xml', JSON_BODY, 415),
  post('a multipart form', 'multipart/form-data; boundary=x', '--x--', 415),
  post('half of a JSON text', 'application/json', '{"image":', 400),
  post('a list', 'application/json', '[{"image":"nginx"}]', 400),
  post('null', 'application/json', 'null', 400),
  post('a string', 'application/json', '"nginx"', 400),
  post('nothing', 'application/json', '', 400),
  post('a deep list', 'application/json', `{"image":${'['.repeat(50_000)}${']'.repeat(50_000)}}`, 400),
  post('a key __proto__', 'application/json', '{"image":"nginx","__proto__":{"x":1}}', 400),
  post('a key constructor', 'application/json', '{"image":"nginx","constructor":{"prototype":{}}}', 400),
  post('300 KiB', 'application/json', `{"image":"${'x'.repeat(300_000)}"}`, 413),
  login('no Authorization', () => null, 401),
  login('an ApiKey', (api) => api.authorization, 200),
  login('Basic', (api) => `Basic ${base64(pair(api))}`, 200),
  login('a scheme in lower case', (api) => `apikey ${pair(api)}`, 200),
  login('another key', (api) => `ApiKey ${pair(api)}x`, 401),
  login('an empty key', (api) => `ApiKey ${pair(api).split(':')[0]}:`, 401),
  login('a user nobody knows', () => 'ApiKey nobody:case-1-key-0123456789', 401),
  login('Bearer', (api) => `Bearer ${pair(api)}`, 401),
  login('junk', () => 'ApiKey', 401),
  {
    name: 'paths work with and without the slash at the end, and keep their query',
    async run(api) {
      const service = await api.create({ name: 'web' });
      const without = servicePath(service.uuid).slice(0, -1);
      expect((await api.call('GET', without)).json['uuid']).toBe(service.uuid);
      expect((await api.call('GET', '/api/v1/service?name=web')).json['meta']).toMatchObject({
        total_count: 1,
      });
      expect((await api.call('GET', '/api/v1/service?name=other')).json['meta']).toMatchObject({
        total_count: 0,
      });
      expect((await api.call('PATCH', without, { body: { target_num_containers: 2 } })).status).toBe(202);
      expect((await api.call('POST', `${without}/start`)).status).toBe(202);
      await api.settle(service);
      expect((await api.call('DELETE', without)).status).toBe(202);
    },
  },
  {
    name: 'bodies and types on a DELETE and on actions are no obstacle',
    async run(api) {
      const service = await api.create();
      const form = { body: 'a=b', headers: { 'content-type': 'application/x-www-form-urlencoded' } };
      const empty = { body: '', headers: { 'content-type': 'application/json' } };
      expect((await api.call('POST', servicePath(service.uuid, 'start/'), empty)).status).toBe(202);
      await api.settle(service);
      expect((await api.call('DELETE', servicePath(service.uuid), form)).status).toBe(202);
    },
  },
  {
    name: 'a method that a path does not have is a 405, a path that is none a 404; both in JSON',
    async run(api) {
      const service = await api.create();
      for (const [method, path, status] of [
        ['PUT', 'service/', 405],
        ['DELETE', 'service/', 405],
        ['PATCH', 'service/', 405],
        ['POST', servicePath(service.uuid), 405],
        ['PUT', servicePath(service.uuid), 405],
        ['GET', servicePath(service.uuid, 'start/'), 405],
        ['POST', servicePath(service.uuid, 'logs/'), 405],
        ['GET', 'services/', 404],
        ['GET', '/', 404],
        ['POST', servicePath(service.uuid, 'explode/'), 404],
      ] as const) {
        const reply = await api.call(method, path);
        expect([method, path, reply.status, Object.keys(reply.json)]).toEqual([
          method,
          path,
          status,
          ['error'],
        ]);
      }
    },
  },
  {
    name: 'every reply announces the extensions, errors too',
    async run(api) {
      const replies = [
        await api.call('GET', 'service/'),
        await api.call('GET', 'nothing/'),
        await api.call('GET', 'service/', { authorization: null }),
        await api.call('POST', 'service/', { body: '{' }),
        await api.call('PUT', 'service/'),
      ];
      const said = new Set(replies.map((reply) => reply.headers.get('x-api-extensions')));
      expect(said.size).toBe(1);
      const words = ([...said][0] ?? '').split(', ');
      for (const word of [
        'patch=all',
        'start-partly',
        'redeploy-idle',
        'full-list',
        'labels',
        'idempotency-key',
        'redeploy-token',
      ])
        expect(words).toContain(word);
    },
  },
  {
    name: 'the small endpoints of old clients answer: login, stacks',
    async run(api) {
      const auth = await api.call('GET', 'auth/');
      expect(auth.json['objects']).toEqual([
        { username: pair(api).split(':')[0], key: pair(api).split(':')[1] },
      ]);
      expect((await api.call('GET', 'stack/')).json).toMatchObject({ objects: [], meta: { total_count: 0 } });
    },
  },
];
