/** start, stop, redeploy, terminate and what becomes of the containers; links; policies. */
import { expect } from 'vitest';
import type { ServiceObject } from '../../../src/service/wire.ts';
import { servicePath } from '../../support/server.ts';
import type { Case } from '../case.ts';

const NOBODY = { uuid: '00000000-0000-4000-8000-000000000000' };

export const operationCases: readonly Case[] = [
  {
    name: 'dates are set when an operation completes, in the form of the platform',
    async run(api) {
      const service = await api.create();
      const starting = await api.act(service, 'start');
      expect(starting.json).toMatchObject({ started_datetime: null, deployed_datetime: null });
      const running = await api.settle(service);
      expect(running.started_datetime).toMatch(/^\w{3}, \d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d \+0000$/);
      expect(running.deployed_datetime).not.toBeNull();
      const stopping = await api.act(service, 'stop');
      expect(stopping.json['stopped_datetime']).toBeNull();
      expect((await api.settle(service)).stopped_datetime).not.toBeNull();
    },
  },
  {
    name: 'stop keeps the containers, and start brings the same ones back',
    async run(api) {
      const service = await api.running({ target_num_containers: 2 });
      await api.act(service, 'stop');
      const stopped = await api.settle(service);
      expect(stopped).toMatchObject({
        state: 'Stopped',
        current_num_containers: 2,
        stopped_num_containers: 2,
        running_num_containers: 0,
      });
      await api.act(service, 'start');
      expect(await api.settle(service)).toMatchObject({
        state: 'Running',
        running_num_containers: 2,
        stopped_num_containers: 0,
      });
    },
  },
  {
    name: 'start in Partly running starts the stopped ones only',
    async run(api) {
      const service = await api.running({ target_num_containers: 2 });
      await api.traits.kill(service, 1);
      await api.until(service, (now) => now.state === 'Partly running');
      await api.act(service, 'start');
      const after = await api.settle(service);
      expect(after.state).toBe('Running');
      expect((after['containers'] as string[])[1]).toBe((service['containers'] as string[])[1]);
    },
  },
  {
    name: 'redeploy replaces every container and keeps the number',
    async run(api) {
      const service = await api.running({ target_num_containers: 2 });
      await api.act(service, 'redeploy');
      const after = await api.settle(service);
      expect(after).toMatchObject({ state: 'Running', running_num_containers: 2 });
      const before = new Set(service['containers'] as string[]);
      expect((after['containers'] as string[]).some((one) => before.has(one))).toBe(false);
    },
  },
  {
    name: 'a sequential redeploy ends with every container new',
    async run(api) {
      const service = await api.running({ target_num_containers: 3, sequential_deployment: true });
      await api.act(service, 'redeploy');
      expect(await api.settle(service)).toMatchObject({
        state: 'Running',
        running_num_containers: 3,
        synchronized: true,
      });
    },
  },
  {
    name: 'redeploy with {"tag"} changes the image, {"tag": null} does not',
    async run(api) {
      const service = await api.running();
      const [name = '', tag = ''] = api.traits.image.split(':');
      await api.act(service, 'redeploy', { tag: null });
      expect((await api.settle(service)).image_name).toBe(`${name}:${tag}`);
      expect((await api.act(service, 'redeploy', { tag })).json['image_name']).toBe(`${name}:${tag}`);
      await api.settle(service);
      const reply = await api.act(service, 'redeploy', { tag: 'no-such-tag' });
      expect(reply.json['image_name']).toBe(`${name}:no-such-tag`);
      await api.settle(service);
    },
  },
  {
    name: 'redeploy takes the new content of the image behind the same tag',
    async run(api) {
      const { image, renew } = api.traits.renewed;
      const version = (now: ServiceObject) =>
        (now['calculated_envvars'] as { key: string }[]).find(({ key }) => key === 'VERSION');
      const service = await api.running({ image, target_num_containers: 2 });
      expect(version(service)).toMatchObject({ value: '1' });
      await renew();
      expect(version(await api.get(service))).toMatchObject({ value: '1' });
      await api.act(service, 'redeploy');
      const after = await api.settle(service);
      expect([after.state, version(after)]).toMatchObject(['Running', { value: '2' }]);
      const [before, now] = [service, after].map((one) => one['containers'] as string[]);
      expect(now).toHaveLength(2);
      expect(now?.filter((uri) => before?.includes(uri))).toEqual([]);
    },
  },
  {
    name: 'redeploy with {"token"} stores and shows it',
    async run(api) {
      const service = await api.running({ redeploy_token: 'a' });
      const reply = await api.act(service, 'redeploy', { token: 'b' });
      expect(reply.json).toMatchObject({ state: 'Redeploying', redeploy_token: 'b' });
      expect(await api.settle(service)).toMatchObject({ state: 'Running', redeploy_token: 'b' });
    },
  },
  {
    name: 'redeploy takes reuse_volumes as the old clients write it, and refuses what it cannot read',
    async run(api) {
      const service = await api.running();
      for (const query of ['?reuse_volumes=True', '?reuse_volumes=False', '?reuse_volumes=false']) {
        const reply = await api.call('POST', servicePath(service.uuid, `redeploy/${query}`));
        expect(reply.status, reply.text).toBe(202);
        await api.settle(service);
      }
      expect((await api.act(service, 'redeploy', { reuse_volumes: false })).status).toBe(202);
      await api.settle(service);
      expect((await api.act(service, 'redeploy', { reuse_volumes: 'maybe' })).status).toBe(400);
      expect((await api.act(service, 'redeploy', { tag: 'a b' })).status).toBe(400);
    },
  },
  {
    name: 'terminate shows a target of 0 at once, and the service is Terminated for a while',
    async run(api) {
      const service = await api.running({ target_num_containers: 2 });
      const reply = await api.call('DELETE', servicePath(service.uuid));
      expect(reply.status).toBe(202);
      expect(reply.json).toMatchObject({
        state: 'Terminating',
        target_num_containers: 0,
        current_num_containers: 2,
      });
      const gone = await api.settle(service);
      expect(gone).toMatchObject({ state: 'Terminated', current_num_containers: 0, containers: [] });
      expect(gone.destroyed_datetime).not.toBeNull();
      expect((await api.call('GET', servicePath(service.uuid, 'logs/'))).json).toEqual({ logs: '' });
    },
  },
  ...(['start', 'stop', 'redeploy', 'scale'] as const).map(
    (action): Case => ({
      name: `${action} of a service that is not there is a 404`,
      async run(api) {
        expect((await api.act(NOBODY, action)).status).toBe(404);
      },
    }),
  ),
  {
    name: 'DELETE, GET and logs of a service that is not there, or of no uuid, are 404s',
    async run(api) {
      for (const id of [NOBODY.uuid, 'web', '%2e%2e', 'x'.repeat(90)]) {
        for (const [method, rest] of [
          ['DELETE', ''],
          ['GET', ''],
          ['GET', 'logs/'],
        ] as const) {
          const reply = await api.call(method, servicePath(id, rest));
          expect([reply.status, Object.keys(reply.json)]).toEqual([404, ['error']]);
        }
      }
    },
  },
  {
    name: 'a start with an image that is missing ends where it was, and says why',
    async run(api) {
      const service = await api.create({ image: api.traits.missingImage });
      const reply = await api.act(service, 'start');
      expect(reply.json['state']).toBe('Starting');
      const after = await api.settle(service);
      expect(after).toMatchObject({ state: 'Init', deployed_datetime: null });
      expect(after['note']).toEqual(expect.stringContaining(api.traits.missingImage.split(':')[0] ?? ''));
      const action = await api.call('GET', reply.headers.get('x-tutum-action-uri') ?? '');
      expect(action.json['state']).toBe('Failed');
    },
  },
  {
    name: 'a service whose containers fail ends in what is true',
    async run(api) {
      const service = await api.create({ ...api.traits.failing });
      await api.act(service, 'start');
      const after = await api.until(service, (now) => now.state === api.traits.ended);
      expect(after.running_num_containers).toBe(0);
    },
  },
  {
    name: 'autorestart ON_FAILURE brings a killed container back, OFF does not',
    async run(api) {
      const service = await api.running({ autorestart: 'ON_FAILURE' });
      const back = (now: ServiceObject) => now.state === 'Running' && now.running_num_containers === 1;
      // The second time shows that it came back: there is something to kill.
      for (let times = 0; times < 2; times += 1) {
        await api.traits.kill(service, 1);
        await api.until(service, back);
      }
      await api.patch(service, { autorestart: 'OFF' });
      if (!api.traits.policiesAtOnce) {
        await api.act(service, 'redeploy');
        await api.settle(service);
      }
      await api.traits.kill(service, 1);
      await api.until(service, (now) => now.state === api.traits.ended);
    },
  },
  {
    name: 'autodestroy removes what has ended, and the service is Not running',
    async run(api) {
      const service = await api.create({ ...api.traits.finishing, autodestroy: 'ALWAYS' });
      await api.act(service, 'start');
      const after = await api.until(service, (now) => now.state === 'Not running');
      expect(after.current_num_containers).toBe(0);
      expect(after.deployed_datetime).not.toBeNull();
    },
  },
  {
    name: 'links are taken by URI, uuid and name, and shown as URIs on both sides',
    async run(api) {
      const db = await api.create({ name: 'db' });
      for (const to_service of [db.resource_uri, db.uuid, 'db', `${api.url}${db.resource_uri}`]) {
        const web = await api.create({
          name: 'web',
          linked_to_service: [{ to_service, name: 'database', from_service: '' }],
        });
        const link = { to_service: db.resource_uri, name: 'database' };
        expect(web.linked_to_service).toMatchObject([link]);
        expect((await api.get(db)).linked_from_service).toContainEqual({
          ...link,
          from_service: web.resource_uri,
        });
      }
      expect(
        (await api.create({ linked_to_service: [{ to_service: 'db' }] })).linked_to_service,
      ).toMatchObject([{ name: 'db' }]);
    },
  },
  {
    name: 'a link by a name that two services have is refused',
    async run(api) {
      await api.create({ name: 'db' });
      const other = await api.create({ name: 'db' });
      const body = (to_service: string) => ({
        image: api.traits.image,
        linked_to_service: [{ to_service, name: 'db' }],
      });
      expect((await api.call('POST', 'service/', { body: body('db') })).status).toBe(400);
      expect((await api.create(body(other.unique_name))).linked_to_service).toMatchObject([
        { to_service: other.resource_uri },
      ]);
    },
  },
  {
    name: 'a terminated service is linked to by nobody any more',
    async run(api) {
      const db = await api.create({ name: 'db' });
      const web = await api.create({ name: 'web', linked_to_service: [{ to_service: 'db', name: 'db' }] });
      await api.call('DELETE', servicePath(db.uuid));
      await api.settle(db);
      expect((await api.get(web)).linked_to_service).toEqual([]);
      expect((await api.patch(web, { linked_to_service: [] })).headers.get('x-tutum-action-uri')).toBeNull();
    },
  },
  {
    name: 'link variables hold names and not the secrets of the other service',
    async run(api) {
      const db = await api.running({
        name: 'db',
        container_ports: [{ protocol: 'tcp', inner_port: 80 }],
        container_envvars: [{ key: 'PASSWORD', value: 'hunter2-hunter2' }],
      });
      const web = await api.running({
        name: 'web',
        linked_to_service: [{ to_service: db.uuid, name: 'my-db' }],
      });
      expect(web['link_variables']).toMatchObject({
        MY_DB_PORT: 'tcp://my-db:80',
        MY_DB_PORT_80_TCP_ADDR: 'my-db',
        MY_DB_1_PORT_80_TCP_PORT: '80',
        MY_DB_1_PORT_80_TCP_PROTO: 'tcp',
      });
      expect(JSON.stringify(web)).not.toContain('hunter2');
    },
  },
  {
    name: 'a fixed outer port is shown, and too many containers for it are refused where they cannot share it',
    async run(api) {
      const ports = [{ protocol: 'tcp', inner_port: 80, outer_port: 18_080 }];
      const service = await api.create({ container_ports: ports });
      expect(service.container_ports).toMatchObject(ports);
      const reply = await api.patch(service, { target_num_containers: 5 });
      expect(reply.status).toBe(api.traits.sharesPorts ? 202 : 400);
      if (reply.status === 400) expect(reply.text).toContain('18080');
    },
  },
  {
    name: '/scale/ brings the number to the target, and is no change where it is there',
    async run(api) {
      const service = await api.running();
      const reply = await api.act(service, 'scale');
      expect([reply.status, reply.json['state']]).toEqual([202, 'Running']);
    },
  },
  {
    name: 'while the engine is away nothing is known and nothing is invented; when it is back all is as it was',
    alone: true,
    async run(api) {
      const service = await api.running({ target_num_containers: 2 });
      const back = await api.traits.away();
      try {
        for (const [method, path] of [
          ['GET', 'service/'],
          ['GET', servicePath(service.uuid)],
          ['GET', servicePath(service.uuid, 'logs/')],
          ['POST', servicePath(service.uuid, 'stop/')],
          ['PATCH', servicePath(service.uuid)],
          ['DELETE', servicePath(service.uuid)],
        ] as const) {
          const body = method === 'PATCH' ? { body: { target_num_containers: 3 } } : {};
          const reply = await api.call(method, path, body);
          expect([method, path, reply.status]).toEqual([method, path, 503]);
          expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0);
        }
      } finally {
        await back();
      }
      const deadline = performance.now() + api.traits.patienceMs;
      while ((await api.call('GET', servicePath(service.uuid))).status === 503) {
        if (performance.now() > deadline) throw new Error('the engine does not come back');
      }
      const now = await api.get(service);
      expect([now.state, now['containers']]).toEqual(['Running', service['containers']]);
      expect((await api.act(service, 'stop')).status).toBe(202);
      expect((await api.settle(service)).state).toBe('Stopped');
    },
  },
];
