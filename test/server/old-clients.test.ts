/**
 * The requests of clients that were written for the platform, as they send them: headers, bodies, slashes and all
 * (`research/api.md` §1.5 and §3). Each test is one command of one of them, from its first request to its last.
 */
import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KEY, startServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeEach(async () => {
  server = await startServer();
});
afterEach(() => server.close());

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly json: Record<string, unknown>;
}

/** Sends exactly these headers (and what HTTP itself needs). */
function send(method: string, path: string, headers: Record<string, string>, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
    const outgoing = request(
      server.url + path,
      { method, headers: { ...headers, ...length } },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, json: JSON.parse(text) }),
        );
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

const objects = ({ json }: Answer) => json['objects'] as Record<string, unknown>[];
const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('the tutum command line of 2014, on python-tutum', () => {
  const headers = {
    Authorization: `ApiKey alice:${KEY}`,
    'Content-Type': 'application/json',
    'User-Agent': 'tutum/0.9.1.4 python-tutum/0.9.8',
    'Accept-Encoding': 'gzip, deflate',
  };
  const python = (method: string, path: string, body?: string) =>
    send(method, `/api/v1/${path}`, headers, body);
  const web = JSON.stringify({
    image: 'tutum/hello-world',
    name: 'my-web-app',
    target_num_containers: 2,
    memory: 0,
    cpu_shares: 0,
    container_ports: [{ protocol: 'tcp', inner_port: '80', outer_port: '8080' }],
    container_envvars: [{ key: 'A', value: 'b' }],
    linked_to_service: [],
    autorestart: 'OFF',
    autoreplace: 'OFF',
    autodestroy: 'OFF',
    roles: [],
    sequential_deployment: false,
  });
  /** How the command line finds a service: by the begin of its uuid, then by its unique name. */
  const find = async (identifier: string): Promise<string> => {
    const byUuid = await python('GET', `service/?uuid__startswith=${identifier}`);
    const found =
      byUuid.status === 200 && objects(byUuid).length > 0
        ? byUuid
        : await python('GET', `service/?unique_name=${identifier}`);
    expect(objects(found)).toHaveLength(1);
    return String(objects(found)[0]?.['uuid']);
  };

  it('login: a password for a key', async () => {
    const { Authorization: _, ...bare } = headers;
    const basic = { ...bare, Authorization: `Basic ${base64(`alice:${KEY}`)}` };
    const { status, json } = await send('GET', '/api/v1/auth', basic);
    expect([status, json]).toMatchObject([200, { objects: [{ username: 'alice', key: KEY }] }]);
    expect(
      (await send('GET', '/api/v1/auth', { ...bare, Authorization: `Basic ${base64('alice:no')}` })).status,
    ).toBe(401);
  });

  it('service run, ps, inspect, scale, set, redeploy, stop, start, logs, terminate', async () => {
    const made = await python('POST', 'service/', web);
    expect([made.status, made.json['state']]).toEqual([201, 'Init']);
    const uuid = String(made.json['uuid']);
    const started = await python('POST', `service/${uuid}/start/`);
    expect([started.status, started.json['state']]).toEqual([202, 'Starting']);
    await server.idle();

    // ps: reads these from the rows of the list; a missing one would be a crash.
    const [row = {}] = objects(await python('GET', 'service/?state=Running'));
    for (const key of [
      'unique_name',
      'uuid',
      'state',
      'image_name',
      'deployed_datetime',
      'synchronized',
      'current_num_containers',
      'public_dns',
      'stack',
      'name',
    ])
      expect(row).toHaveProperty(key);
    expect(row['deployed_datetime']).toMatch(/^\w{3}, \d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d \+0000$/);

    // By a short uuid and by name.
    expect(await find(uuid.slice(0, 8))).toBe(uuid);
    expect(await find('my-web-app')).toBe(uuid);
    expect(objects(await python('GET', 'service/?uuid__startswith=my-web-app'))).toEqual([]);
    const inspected = await python('GET', `service/${uuid}/`);
    expect(inspected.json['container_ports']).toMatchObject([
      { protocol: 'tcp', inner_port: 80, outer_port: 8080 },
    ]);

    const scaled = await python('PATCH', `service/${uuid}/`, '{"target_num_containers": 3}');
    expect([scaled.status, scaled.json['state'], scaled.json['target_num_containers']]).toEqual([
      202,
      'Scaling',
      3,
    ]);
    await server.idle();
    const set = await python('PATCH', `service/${uuid}/`, '{"autorestart": "ALWAYS"}');
    expect([set.status, set.json['autorestart'], set.json['state']]).toEqual([202, 'ALWAYS', 'Running']);
    // Falsy values are left out by the library: a change to 0 arrives without a body.
    const nothing = await python('PATCH', `service/${uuid}/`);
    expect([nothing.status, nothing.json['target_num_containers']]).toEqual([202, 3]);

    const redeployed = await python('POST', `service/${uuid}/redeploy/`, '{"tag": null}');
    expect([redeployed.status, redeployed.json['state'], redeployed.json['image_name']]).toEqual([
      202,
      'Redeploying',
      'tutum/hello-world:latest',
    ]);
    await server.idle();
    expect((await python('POST', `service/${uuid}/redeploy/`, '{"tag": "v2"}')).json['image_name']).toBe(
      'tutum/hello-world:v2',
    );
    await server.idle();
    expect((await python('GET', `service/${uuid}/logs/`)).json['logs']).toMatch(
      /^\[my-web-app-1\] \d{4}-.*\n/,
    );
    expect((await python('POST', `service/${uuid}/stop/`)).json['state']).toBe('Stopping');
    await server.idle();
    expect((await python('POST', `service/${uuid}/start/`)).json['state']).toBe('Starting');
    await server.idle();
    const gone = await python('DELETE', `service/${uuid}/`);
    expect([gone.status, gone.json['state'], gone.json['target_num_containers']]).toEqual([
      202,
      'Terminating',
      0,
    ]);
    await server.idle();
    expect(objects(await python('GET', 'service/?state=Terminated'))).toHaveLength(1);
  });

  it('service create with links by name, and an error where the platform had it', async () => {
    await python('POST', 'service/', '{"image": "redis", "name": "redis"}');
    const body = { image: 'nginx', linked_to_service: [{ to_service: 'redis', name: 'db' }] };
    const made = await python('POST', 'service/', JSON.stringify(body));
    expect(made.json['linked_to_service']).toMatchObject([
      { name: 'db', to_service: expect.stringMatching(/^\/api\/v1\/service\//) },
    ]);
    const wrong = await python('POST', 'service/', '{"image": "nginx", "target_num_containers": "many"}');
    expect([wrong.status, wrong.json]).toMatchObject([
      400,
      { service: { target_num_containers: [expect.any(String)] } },
    ]);
  });

  it('an old filter that nobody knows does not hit the wrong service', async () => {
    await python('POST', 'service/', web);
    expect((await python('GET', 'service/?nickname=my-web-app')).status).toBe(400);
    expect((await python('GET', 'service/?name=my-web-app&limit=25&offset=0&format=json')).status).toBe(200);
  });
});

describe('the later command lines', () => {
  const headers = {
    Authorization: `Basic ${base64(`alice:${KEY}`)}`,
    'Content-Type': 'application/json',
    'User-Agent': 'docker-cloud/1.0.9 python-dockercloud/1.0.12',
  };
  it('scale in two steps, look for stacks, follow the action to its end', async () => {
    const made = await send('POST', '/api/v1/service/', headers, '{"image": "nginx", "name": "web"}');
    const path = String(made.json['resource_uri']);
    await send('POST', `${path}start/`, headers);
    await server.idle();
    expect((await send('GET', '/api/v1/stack/?name=web', headers)).json['objects']).toEqual([]);
    await send('PATCH', path, headers, '{"target_num_containers": 2}');
    await server.idle();
    const scaled = await send('POST', `${path}scale/`, headers, '{}');
    expect([scaled.status, scaled.json['current_num_containers']]).toEqual([202, 2]);
    const redeployed = await send('POST', `${path}redeploy/?reuse_volumes=False`, headers, '{}');
    const action = String(redeployed.headers['x-tutum-action-uri']);
    await server.idle();
    expect((await send('GET', action, headers)).json).toMatchObject({
      state: 'Success',
      action: 'Service Redeploy',
    });
  });
});

describe('go-tutum', () => {
  const headers = {
    Authorization: `ApiKey alice:${KEY}`,
    Accept: 'application/json',
    'User-Agent': 'go-tutum/0.20.0',
  };

  it('sends {} with every request, and no type', async () => {
    const sent =
      '{"image":"nginx","name":"web","container_ports":[{"protocol":"tcp","inner_port":80,"outer_port":8080,"container":""}],"tags":["a"]}';
    const made = await send('POST', '/api/v1/service/', headers, sent);
    expect([made.status, made.json['tags']]).toEqual([201, [{ name: 'a' }]]);
    const path = String(made.json['resource_uri']);
    expect((await send('POST', `${path}start/`, headers, '{}')).status).toBe(202);
    await server.idle();
    expect((await send('GET', path, headers, '{}')).json['state']).toBe('Running');
    expect((await send('PATCH', path, headers, '{}')).status).toBe(202);
    expect((await send('DELETE', path, headers, '{}')).status).toBe(202);
  });

  it('cuts /api/v1/ off the address of the next page', async () => {
    for (let count = 0; count < 30; count += 1)
      await send('POST', '/api/v1/service/', headers, '{"image":"nginx"}');
    const first = await send('GET', '/api/v1/service/', headers, '{}');
    const next = String((first.json['meta'] as Record<string, unknown>)['next']);
    const second = await send('GET', `/api/v1/${next.slice(8)}`, headers, '{}');
    expect([objects(first).length, objects(second).length]).toEqual([25, 5]);
    expect(second.json['meta']).toMatchObject({ next: null, total_count: 30 });
  });
});

describe('others', () => {
  it('leave the slash out, and delete with a form', async () => {
    const headers = { Authorization: `ApiKey alice:${KEY}`, Accept: 'application/json' };
    const json = { ...headers, 'Content-Type': 'application/json; charset=UTF-8' };
    const made = await send('POST', '/api/v1/service', json, '{"image":"nginx","name":"web"}');
    const path = String(made.json['resource_uri']).replace(/\/$/, '');
    expect(objects(await send('GET', '/api/v1/service?name=web', headers))).toHaveLength(1);
    expect((await send('GET', path, headers)).status).toBe(200);
    expect((await send('POST', `${path}/start`, json, '')).status).toBe(202);
    await server.idle();
    const form = { ...headers, 'Content-Type': 'application/x-www-form-urlencoded' };
    expect((await send('DELETE', path, form, '')).status).toBe(202);
  });

  it('inside a container send TUTUM_AUTH as it is', async () => {
    for (const auth of [`ApiKey alice:${KEY}`, `Basic ${base64(`alice:${KEY}`)}`])
      expect((await send('GET', '/api/v1/service/', { Authorization: auth })).status).toBe(200);
  });
});
