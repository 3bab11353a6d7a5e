/** Answers of the service API: statuses, headers and bodies damaged → the client's every method. */
import type { Result } from '../../src/service/failure.ts';
import type { HttpOutcome } from '../../src/service/ports.ts';
import { CANARY, page, row, scriptedClient } from '../support/api.ts';
import { anyValue, damage, NASTY, Rng, warp } from './rng.ts';
import { bytes, mustBeClean, mustBePristine, mustHold, type Target, text } from './target.ts';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface Input {
  readonly ask: 'list' | 'get' | 'logs' | 'create' | 'update' | 'terminate';
  readonly answers: readonly Answer[];
}

const UUIDS = ['u1', 'u2', 'u3'];
const ASKS: readonly Input['ask'][] = [
  'list',
  'list',
  'list',
  'get',
  'logs',
  'create',
  'update',
  'terminate',
];
const STATUSES = [
  200, 200, 200, 200, 200, 201, 202, 204, 206, 301, 400, 401, 403, 404, 409, 422, 429, 500, 503, 599, 0,
];
const ECHOES = [
  CANARY,
  Buffer.from(CANARY).toString('base64'),
  Buffer.from(`me:${CANARY}`).toString('base64'),
  Buffer.from(CANARY).toString('hex'),
  encodeURIComponent(CANARY),
  JSON.stringify(CANARY),
];
/** What must not come back of it, however it was spelt. */
const SECRETS = [CANARY, ...ECHOES.slice(1, 5)];
const ENV = 'value-of-an-environment-variable';

function full(uuid: string) {
  return row(uuid, {
    container_envvars: [
      { key: 'A', value: 'b' },
      { key: 'EVENKEEL_OWNER', value: `default/${uuid}/a1` },
    ],
    container_ports: [{ protocol: 'tcp', inner_port: 80, outer_port: 8080, endpoint_uri: null }],
    linked_to_service: [{ to_service: '/api/v1/service/u2/', name: 'db' }],
    linked_from_service: [{ from_service: '/api/v1/service/u3/', name: 'web' }],
    roles: [],
    labels: { team: 'a' },
    bindings: [{ volume: 'data', container_path: '/data' }],
    deployed_datetime: 'Tue, 30 Sep 2014 16:07:36 +0000',
  });
}

function bodyOf(ask: Input['ask'], rng: Rng): unknown {
  if (ask === 'logs') return { logs: '[web-1] 2026-11-24T10:00:00.000000000Z text\n' };
  if (ask !== 'list' || rng.chance(0.1)) return full(rng.pick(UUIDS));
  const rows = rng.some(3, () => full(rng.pick(UUIDS)));
  const next = rng.chance(0.3) ? rng.pick(['/api/v1/service/?limit=100&offset=1', ...NASTY]) : null;
  return page(rows, { next, total_count: rng.chance(0.8) ? rows.length : rng.below(5) });
}

function answer(ask: Input['ask'], rng: Rng): Answer {
  const refusal = { error: `no ${rng.pick(ECHOES)} ${ENV}`, service: { image: [rng.pick(NASTY)] } };
  const base = rng.chance(0.2) ? refusal : bodyOf(ask, rng);
  const whole = JSON.stringify(rng.chance(0.6) ? warp(base, rng) : rng.chance(0.1) ? anyValue(rng) : base);
  const body = rng.chance(0.25) ? damage(whole, rng, [...NASTY, ...ECHOES]) : whole;
  const strange = rng.some(2, () => [
    rng.pick(['retry-after', 'date', 'location', 'content-type', 'x-api-extensions', 'content-length']),
    rng.pick([
      ...NASTY,
      '5',
      '99999999999',
      'Wed, 21 Oct 2026 07:28:00 GMT',
      'patch=all, labels',
      'full-list',
    ]),
  ]);
  return {
    status: rng.pick(STATUSES),
    headers: { 'content-type': 'application/json', ...Object.fromEntries(strange) },
    body,
  };
}

export function answers(): Target {
  return {
    name: 'answers',
    make(seed) {
      const rng = new Rng(seed, 2);
      const ask = rng.pick(ASKS);
      return bytes({ ask, answers: [answer(ask, rng), ...rng.some(2, () => answer(ask, rng))] });
    },
    async run(input) {
      const { ask, answers: told } = JSON.parse(text(input)) as Input;
      const { clock, client, sent, signal } = scriptedClient((_, number): HttpOutcome => {
        const { status, headers, body } = told[(number - 1) % told.length] as Answer;
        return status === 0
          ? { kind: 'error', sent: number % 2 === 0, message: 'connection reset' }
          : { kind: 'response', status, headers, body };
      });
      const result = await clock.runUntil(call(ask, client, signal));
      for (const { path } of sent)
        mustHold(path.startsWith('/api/v1/service/'), 'a request to a path that an answer chose', () => path);
      if (result === undefined) return;
      if (result.ok) {
        if (ask === 'list')
          mustBeTrusted(result.value as { services?: readonly { uuid: string }[] }, sent, told);
      } else {
        const { message } = result.failure;
        // Of values that were not sent nobody here knows; cli/secrets.ts masks those.
        const known = ask === 'create' || ask === 'update' ? [...SECRETS, ENV] : SECRETS;
        mustBeClean(message, known, 'a failure');
        mustHold(!message.includes('\n') && message.length < 700, 'a failure of many words', () => message);
      }
      mustBePristine();
    },
    close: async () => {},
  };
}

async function call(
  ask: Input['ask'],
  client: ReturnType<typeof scriptedClient>['client'],
  signal: AbortSignal,
): Promise<Result<unknown> | undefined> {
  const mark = { in: 'container_envvars', owner: 'default', name: 'web', attempt: 'a1' } as const;
  const spec = { image: 'nginx', container_envvars: [{ key: 'A', value: ENV }] };
  switch (ask) {
    case 'list':
      return client.list(signal);
    case 'get':
      return client.get('u1', signal);
    case 'logs':
      return client.logs('u1', signal);
    case 'create':
      return client.create(
        async () => ({ name: 'web', operation: { verb: 'create', spec }, mark }) as never,
        signal,
      );
    case 'update':
      return client.write(
        async () => ({ operation: { verb: 'update', uuid: 'u1', patch: spec }, mark }) as never,
        'write',
        signal,
      );
    case 'terminate':
      return client.write(
        async () => ({ operation: { verb: 'terminate', uuid: 'u1' }, mark: undefined }) as never,
        'delete',
        signal,
      );
  }
}

/** T1–T8 a second time: a list that is believed had only whole pages, each row once, and as many as were said. */
function mustBeTrusted(
  { services = [] }: { readonly services?: readonly { readonly uuid: string }[] },
  sent: readonly unknown[],
  told: readonly Answer[],
): void {
  mustHold(new Set(services.map(({ uuid }) => uuid)).size === services.length, 'a list with a row twice');
  const last = told[(sent.length - 1) % told.length] as Answer;
  mustHold(last.status === 200, 'a list that ends with no 200', () => last);
  mustHold(
    (last.headers['content-type'] ?? '').trim().toLowerCase().startsWith('application/json'),
    'a list of no JSON',
    () => last,
  );
  const value = JSON.parse(last.body) as { meta?: { total_count?: unknown } };
  const total = Array.isArray(value) ? undefined : value.meta?.total_count;
  mustHold(
    total === undefined || total === null || Number(total) === services.length,
    'a list of fewer than there are',
    () => [last, services.length],
  );
}
