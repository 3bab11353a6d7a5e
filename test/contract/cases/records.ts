/** What is told afterwards: action records, and logs. */
import { expect } from 'vitest';
import { servicePath } from '../../support/server.ts';
import { listening } from '../../support/stream.ts';
import type { Case, CaseApi } from '../case.ts';

const record = async (api: CaseApi, reply: { readonly headers: Headers }) =>
  (await api.call('GET', reply.headers.get('x-tutum-action-uri') ?? 'none')).json;

export const recordCases: readonly Case[] = [
  {
    name: 'an accepted operation has an action record that says how it ends',
    async run(api) {
      const service = await api.create();
      const reply = await api.act(service, 'start');
      expect((await record(api, reply))['object']).toBe(service.resource_uri);
      await api.settle(service);
      const after = await record(api, reply);
      expect(after).toMatchObject({ action: 'Service Start', state: 'Success', method: 'POST' });
      expect(after['path']).toBe(servicePath(service.uuid, 'start/'));
      expect(after['end_date']).not.toBeNull();
      expect((await api.get(service))['actions']).toContain(after['resource_uri']);
    },
  },
  {
    name: 'action records hold no value of a variable',
    async run(api) {
      const value = 'hunter2-hunter2';
      const body = { image: api.traits.image, container_envvars: [{ key: 'PASSWORD', value }] };
      const made = await api.call('POST', 'service/', { body });
      const all = await api.call('GET', 'action/');
      expect(all.text).toContain('PASSWORD');
      expect(all.text).not.toContain(value);
      await api.call('DELETE', servicePath(made.json['uuid']));
      await api.settle({ uuid: String(made.json['uuid']) });
    },
  },
  {
    name: 'action records belong to their user, and unknown ones are 404s',
    async run(api) {
      const made = await api.act(await api.create(), 'start');
      const path = made.headers.get('x-tutum-action-uri') ?? '';
      const authorization = 'ApiKey alice:alice-key-0123456789';
      expect((await api.call('GET', path, { authorization })).status).toBe(404);
      expect((await api.call('GET', 'action/00000000-0000-4000-8000-000000000000/')).status).toBe(404);
      expect((await api.call('GET', 'action/')).json['meta']).toMatchObject({ total_count: 2 });
    },
  },
  {
    name: 'logs are one text of lines with container and time, cut by tail',
    async run(api) {
      const service = await api.running({ target_num_containers: 2, name: 'web' });
      const read = async (query = '') =>
        String((await api.call('GET', servicePath(service.uuid, `logs/${query}`))).json['logs']);
      await api.act(service, 'stop');
      await api.settle(service);
      const logs = await read();
      for (const line of logs.trimEnd().split('\n').filter(Boolean))
        expect(line).toMatch(/^\[web-[12]\] \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,9}Z .*$/);
      expect((await read('?tail=1')).split('\n').filter(Boolean).length).toBeLessThanOrEqual(1);
      expect(await read('?tail=0')).toBe('');
      expect((await api.call('GET', servicePath(service.uuid, 'logs/?tail=x'))).status).toBe(400);
    },
  },
  {
    name: 'logs can be followed over a WebSocket, through a redeploy and to the end of the service',
    async run(api) {
      const service = await api.running({ name: 'web' });
      const credentials = `auth=${encodeURIComponent(api.authorization)}`;
      const stream = await listening(api.url, `/v1/service/${service.uuid}/logs/?${credentials}&tail=5`);
      const [first] = await stream.heard(1);
      expect(first).toEqual({
        type: 'log',
        source: 'web-1',
        log: expect.stringMatching(/\n$/),
        streamType: expect.stringMatching(/^std(?:out|err)$/),
        timestamp: expect.any(Number),
      });
      const before = stream.messages.length;
      expect((await api.act(service, 'redeploy')).status).toBe(202);
      await api.settle(service);
      await stream.heard(before + 1);
      await api.call('DELETE', servicePath(service.uuid));
      await api.settle(service);
      expect(await stream.closed).toBe(1000);
    },
  },
  {
    name: 'a stream that is not to follow ends with the last line',
    async run(api) {
      const service = await api.create();
      const headers = { authorization: api.authorization };
      const stream = await listening(api.url, servicePath(service.uuid, 'logs/?follow=false'), headers);
      expect([await stream.closed, stream.messages]).toEqual([1000, []]);
    },
  },
  {
    name: 'a service without containers has empty logs',
    async run(api) {
      const service = await api.create();
      expect((await api.call('GET', servicePath(service.uuid, 'logs/'))).json).toEqual({ logs: '' });
    },
  },
];
