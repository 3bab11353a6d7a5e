/** Requests to the server, one after the other by two users, each damaged: answered in JSON, and never by a 500. */
import type { InjectOptions } from 'fastify';
import { call, KEY, startServer, type TestServer, USER } from '../support/server.ts';
import { anyValue, damage, NASTY, Rng, warp } from './rng.ts';
import { bytes, CANARY, mustBePristine, mustHold, type Target, text } from './target.ts';

/** What a server holds grows with its requests; a new one begins with nothing. */
const REQUESTS = 400;

interface Input {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: string;
}

const METHODS = ['GET', 'GET', 'POST', 'POST', 'PATCH', 'PATCH', 'DELETE', 'PUT', 'HEAD', 'OPTIONS'];
const KEYS = [
  `ApiKey ${USER}:${KEY}`,
  'ApiKey bob:bob-key-0123456789',
  'ApiKey reader:reader-key-0123456789',
];
const PATHS = [
  '/api/v1/service/',
  '/api/v1/service/?limit=2&offset=1',
  '/api/v1/service/?state=Running&name=web',
  '/api/v1/service/UUID/',
  '/api/v1/service/UUID/start/',
  '/api/v1/service/UUID/stop/',
  '/api/v1/service/UUID/redeploy/',
  '/api/v1/service/UUID/scale/',
  '/api/v1/service/UUID/logs/?tail=3',
  '/api/v1/action/',
  '/api/v1/auth/',
  '/api/v1/stack/',
  '/livez',
];
const BODY = {
  name: 'web',
  image: 'nginx:1.27',
  target_num_containers: 2,
  run_command: 'sh -c "sleep 5; exit 1"',
  entrypoint: '',
  container_ports: [{ protocol: 'tcp', inner_port: 80, outer_port: '8080' }],
  container_envvars: [{ key: 'TOKEN', value: CANARY }],
  linked_to_service: [{ to_service: 'web', name: 'db' }],
  autorestart: 'ON_FAILURE',
  autoreplace: 'OFF',
  autodestroy: 'OFF',
  sequential_deployment: false,
  roles: ['global'],
  labels: { team: 'a' },
  bindings: [{ volume: 'data', container_path: '/data' }],
  tags: [{ name: 'a' }],
  memory: 64,
  cpu_shares: 2,
  redeploy_token: 't',
  token: 't',
  tag: 'v2',
};

function make(seed: number): Input {
  const rng = new Rng(seed, 4);
  const fields = Object.entries(BODY).filter(([name]) => rng.chance(name === 'image' ? 0.8 : 0.2));
  const small = Object.fromEntries(fields);
  const body = rng.chance(0.1) ? anyValue(rng) : rng.chance(0.5) ? warp(small, rng) : small;
  const json = JSON.stringify(body);
  const payload = rng.chance(0.15) ? damage(json, rng) : rng.chance(0.01) ? '['.repeat(20_000) : json;
  const path = rng.pick(PATHS).replace('UUID', rng.chance(0.9) ? `@${rng.below(6)}` : rng.pick(NASTY));
  const url = rng.chance(0.15) ? damage(path, rng) : path;
  const strange = rng.some(2, () => [
    rng.pick([
      'content-type',
      'accept',
      'idempotency-key',
      'content-encoding',
      'x-forwarded-for',
      'range',
      'if-match',
    ]),
    rng.pick(['application/json', 'text/plain', 'application/x-www-form-urlencoded', 'gzip', ...NASTY]),
  ]);
  const authorization = rng.chance(0.95) ? rng.pick(KEYS) : damage(rng.pick(KEYS), rng);
  const headers = Object.fromEntries([['authorization', authorization], ...strange] as [string, string][]);
  return {
    method: rng.pick(METHODS),
    url: url.startsWith('/') ? url : `/${url}`,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, sendable(value)])),
    payload,
  };
}

/** What Node lets a client send; bytes on the wire are the business of `wire.ts`. */
const sendable = (value: string) => value.replace(/[^\t\x20-\x7e\x80-\xff]/g, '');

export function requests(): Target {
  let server: TestServer | undefined;
  let asked = 0;
  const current = async () => {
    if (server === undefined || asked >= REQUESTS) {
      await server?.close();
      server = await startServer({ seed: 1 });
      asked = 0;
      for (const name of ['web', 'db', 'lb'])
        await call(server.url, 'POST', '/api/v1/service/', {
          body: { ...BODY, name, roles: [], linked_to_service: [] },
        });
    }
    asked += 1;
    return server;
  };
  return {
    name: 'requests',
    make: (seed) => bytes(make(seed)),
    async run(input) {
      const { method, url, headers, payload } = JSON.parse(text(input)) as Input;
      const { server: app, store, logged } = await current();
      const all = await store.definitions();
      const real = url.replace(/@(\d)/, (_, index) => all[Number(index) % all.length]?.uuid ?? 'none');
      // What stands in for the socket wants a URL; on the wire `/\\` is a path like any other.
      if (!URL.canParse(real, 'http://localhost')) return;
      const reply = await app.inject({
        method: method as NonNullable<InjectOptions['method']>,
        url: real,
        headers,
        ...(method === 'GET' || method === 'HEAD' ? {} : { payload }),
      });
      const { statusCode, body } = reply;
      mustHold(statusCode < 500, `a ${statusCode}`, () => [logged().at(-1), body]);
      mustHold(logged().length === 0, 'something unexpected is logged', () => logged());
      if (statusCode >= 400 && method !== 'HEAD') {
        const value = parsed(body);
        mustHold(
          typeof value?.error === 'string' || typeof value?.service === 'object',
          'no error in JSON',
          () => body,
        );
        mustHold(!/\n\s+at |node_modules/.test(body), 'an answer with our insides', () => body);
      }
      if (headers['authorization']?.includes('bob') === true)
        mustHold(
          !all.some(({ user, uuid }) => user === USER && body.includes(uuid) && !real.includes(uuid)),
          "another user's service",
          () => body,
        );
      mustBePristine();
    },
    close: async () => server?.close(),
  };
}

function parsed(body: string): { readonly error?: unknown; readonly service?: unknown } | undefined {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
