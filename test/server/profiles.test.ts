import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/cli/system.ts';
import { createSimulatedEngine } from '../../src/engine/simulated/engine.ts';
import { INSTANT } from '../../src/engine/simulated/options.ts';
import { memoryStore } from '../../src/server/store/memory.ts';
import type { Engine } from '../../src/service/engine.ts';
import {
  call,
  createOne,
  getOne,
  type StartOptions,
  servicePath,
  startServer,
  type TestServer,
} from '../support/server.ts';

let server: TestServer;
afterEach(() => server.close());

const begin = async (options: StartOptions) => {
  server = await startServer(options);
  return server.url;
};
const act = (uuid: string, action: string) => call(server.url, 'POST', servicePath(uuid, `${action}/`));
const patch = (uuid: string, body: unknown) => call(server.url, 'PATCH', servicePath(uuid), { body });

async function started(body: object = {}) {
  const made = await createOne(server.url, body as Record<string, unknown>);
  await act(made.uuid, 'start');
  await server.idle();
  return made;
}

describe('--strict', () => {
  it('refuses start in Partly running and redeploy in Not running, and announces neither', async () => {
    await begin({ settings: { strict: true } });
    const web = await started({ target_num_containers: 2 });
    await server.engine.crash(web.uuid, 1, 1);
    const start = await act(web.uuid, 'start');
    expect([start.status, start.json['error']]).toEqual([
      400,
      "'start' is not allowed in state 'Partly running'; it allows: stop, redeploy, terminate, PATCH",
    ]);
    await patch(web.uuid, { target_num_containers: 0 });
    await server.idle();
    expect((await getOne(server.url, web.uuid)).state).toBe('Not running');
    expect((await act(web.uuid, 'redeploy')).status).toBe(400);
    const said = start.headers.get('x-api-extensions')?.split(', ');
    expect(said).toEqual([
      'patch=all',
      'full-list',
      'labels',
      'idempotency-key',
      'redeploy-token',
      'bindings',
      'limits',
    ]);
    expect(server.requests().filter((one) => one.forbidden)).toHaveLength(2);
  });
});

describe('the reference profile', () => {
  it('announces nothing, takes a PATCH of the target only, and names what it refuses', async () => {
    const url = await begin({ settings: { profile: 'reference' } });
    const web = await started();
    const good = await patch(web.uuid, { target_num_containers: 2 });
    expect([good.status, good.json['state'], good.headers.get('x-api-extensions')]).toEqual([
      202,
      'Scaling',
      null,
    ]);
    await server.idle();
    const bad = await patch(web.uuid, { image: 'httpd', labels: {} });
    expect(bad.status).toBe(400);
    expect(Object.keys(bad.json['service'] as object)).toEqual(['image', 'labels']);
    expect((await getOne(url, web.uuid)).image_name).toBe('nginx:latest');
  });

  it('lists objects without links, environment and roles, and shows them in the detail', async () => {
    const url = await begin({ settings: { profile: 'reference' } });
    const web = await createOne(url, { container_envvars: [{ key: 'A', value: '1' }] });
    const [row = {}] = (await call(url, 'GET', '/api/v1/service/')).json['objects'] as object[];
    for (const key of [
      'container_envvars',
      'linked_to_service',
      'roles',
      'actions',
      'labels',
      'redeploy_token',
    ])
      expect(row).not.toHaveProperty(key);
    expect(row).toMatchObject({ uuid: web.uuid, container_ports: [{ inner_port: 80 }], synchronized: true });
    const detail = await getOne(url, web.uuid);
    expect(detail.container_envvars).toEqual([{ key: 'A', value: '1' }]);
    expect(detail).not.toHaveProperty('labels');
  });

  it('knows no labels, tokens and keys: two keyed creates make two services', async () => {
    const url = await begin({ settings: { profile: 'reference' } });
    const post = (body: object) =>
      call(url, 'POST', '/api/v1/service/', {
        headers: { 'idempotency-key': 'k' },
        body: { image: 'nginx', ...body },
      });
    expect((await post({})).json['uuid']).not.toBe((await post({})).json['uuid']);
    for (const extra of [{ labels: { a: 'b' } }, { redeploy_token: 'x' }, { bindings: [] }])
      expect((await post(extra)).status).toBe(400);
    expect((await post({ memory: 64, cpu_shares: 2 })).status).toBe(201);
  });

  it("keeps to the reference's state table", async () => {
    await begin({ settings: { profile: 'reference' } });
    const web = await started({ target_num_containers: 2 });
    await server.engine.crash(web.uuid, 1, 1);
    expect((await act(web.uuid, 'start')).status).toBe(400);
    expect((await act(web.uuid, 'redeploy')).status).toBe(202);
  });
});

describe('an engine without bindings and limits', () => {
  it('does not announce them, refuses them by name, and takes what asks for nothing', async () => {
    const probe = await startServer();
    const engine = { ...probe.engine, extensions: [] };
    const url = await begin({ engine });
    const post = (body: object) =>
      call(url, 'POST', '/api/v1/service/', { body: { image: 'nginx', ...body } });
    const reply = await post({
      memory: 64,
      bindings: [{ volume: 'v', container_path: '/x' }],
      cpu_shares: 0,
    });
    expect(reply.status).toBe(400);
    expect(Object.keys(reply.json['service'] as object).toSorted()).toEqual(['bindings', 'memory']);
    expect(reply.headers.get('x-api-extensions')).not.toMatch(/bindings|limits/);
    expect((await post({ memory: 0, bindings: [] })).status).toBe(201);
    await probe.close();
  });
});

describe('the global role', () => {
  it('is granted where the server allows it, and gives its variables to the containers', async () => {
    const api = 'http://api.example:8800';
    const environments: Readonly<Record<string, string>>[] = [];
    const store = memoryStore();
    const engine = createSimulatedEngine({ ...INSTANT, clock: systemClock, store, seed: 1 });
    const watched: Engine = {
      ...engine,
      run(job, signal) {
        environments.push(job.environment);
        return engine.run(job, signal);
      },
    };
    const url = await begin({
      settings: { globalRole: { url: `${api}/`, scope: 'read' } },
      engine: watched,
      store,
    });
    const lb = await createOne(url, { roles: ['global'] });
    expect(lb.roles).toEqual(['global']);
    await call(url, 'POST', servicePath(lb.uuid, 'start/'));
    await server?.idle();
    const given = environments.at(-1) ?? {};
    expect(given).toMatchObject({
      TUTUM_REST_HOST: api,
      TUTUM_SERVICE_API_URI: lb.resource_uri,
      TUTUM_SERVICE_API_URL: `${api}${lb.resource_uri}`,
    });
    const authorization = given['TUTUM_AUTH'] ?? '';
    const asContainer = (method: string, path: string, body?: object) =>
      call(url, method, path, { authorization, body });
    // Its own scope and its own user, no more.
    expect((await asContainer('GET', servicePath(lb.uuid))).status).toBe(200);
    expect((await asContainer('PATCH', servicePath(lb.uuid), { target_num_containers: 2 })).status).toBe(403);
    const asBob = { authorization: authorization.replace('alice', 'bob') };
    expect((await call(url, 'GET', '/api/v1/service/', asBob)).status).toBe(401);
    // Nobody is shown it.
    const key = authorization.split(':')[1] ?? 'none';
    for (const path of [servicePath(lb.uuid), '/api/v1/service/', '/api/v1/action/'])
      expect((await call(url, 'GET', path)).text).not.toContain(key);
    // It is the same after a redeploy, and ends with the role; another one is another.
    await call(url, 'POST', servicePath(lb.uuid, 'redeploy/'));
    await server?.idle();
    expect(environments.at(-1)?.['TUTUM_AUTH']).toBe(authorization);
    await call(url, 'PATCH', servicePath(lb.uuid), { body: { roles: [] } });
    await server?.idle();
    expect(environments.at(-1)).not.toHaveProperty('TUTUM_AUTH');
    expect((await asContainer('GET', servicePath(lb.uuid))).status).toBe(401);
    await call(url, 'PATCH', servicePath(lb.uuid), { body: { roles: ['global'] } });
    await server?.idle();
    const again = environments.at(-1)?.['TUTUM_AUTH'] ?? '';
    expect(again).not.toBe(authorization);
    await call(url, 'DELETE', servicePath(lb.uuid));
    await server?.idle();
    expect((await call(url, 'GET', '/api/v1/service/', { authorization: again })).status).toBe(401);
  });

  it('may write where the operator says so', async () => {
    const store = memoryStore();
    const url = await begin({ settings: { globalRole: { url: 'http://x', scope: 'write' } }, store });
    const { uuid } = await createOne(url, { roles: ['global'] });
    const authorization = `ApiKey alice:${(await store.definition(uuid))?.roleKey}`;
    expect((await call(url, 'POST', servicePath(uuid, 'start/'), { authorization })).status).toBe(202);
  });
});
