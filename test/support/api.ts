/**
 * A client against scripted answers: no socket, virtual time. `answer` sees each request and says how it ends.
 */
import { type ClientOptions, createClient } from '../../src/api/client.ts';
import { Credentials } from '../../src/api/credentials.ts';
import type { HttpOutcome, HttpRequest } from '../../src/service/ports.ts';
import { seededRandom, virtualClock } from './clock.ts';

export const CANARY = 'canary-key-4711+/=';

export const json = (
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): HttpOutcome => ({
  kind: 'response',
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

export const html = (status: number): HttpOutcome => ({
  kind: 'response',
  status,
  headers: { 'content-type': 'text/html; charset=utf-8' },
  body: '<html><body>Please log in</body></html>',
});

export interface SentRequest extends HttpRequest {
  /** Monotonic. */
  readonly at: number;
}

type Script = (request: HttpRequest, number: number) => HttpOutcome | Promise<HttpOutcome>;

export function scriptedClient(answer: Script, options: Partial<ClientOptions> = {}) {
  const clock = virtualClock();
  const sent: SentRequest[] = [];
  const client = createClient({
    clock,
    random: seededRandom(1),
    credentials: new Credentials(`ApiKey me:${CANARY}`, [CANARY], 'the test'),
    origin: 'http://api.test',
    pace: { rate: 10, burst: 10, concurrency: 4 },
    userAgent: 'evenkeel/test',
    http: {
      exchange: async (request) => {
        sent.push({ ...request, at: clock.monotonic() });
        return answer(request, sent.length);
      },
    },
    ...options,
  });
  const signal = new AbortController().signal;
  return {
    clock,
    client,
    sent,
    signal,
    list: () => clock.runUntil(client.list(signal)),
    get: (uuid: string) => clock.runUntil(client.get(uuid, signal)),
  };
}

/** A service object as the API sends it. */
export function row(uuid: string, more: Readonly<Record<string, unknown>> = {}) {
  return {
    uuid,
    resource_uri: `/api/v1/service/${uuid}/`,
    name: uuid,
    unique_name: uuid,
    state: 'Running',
    image_name: 'nginx:latest',
    target_num_containers: 1,
    current_num_containers: 1,
    ...more,
  };
}

export const page = (objects: readonly unknown[], meta: Readonly<Record<string, unknown>> = {}) => ({
  meta: { limit: 100, next: null, offset: 0, previous: null, total_count: objects.length, ...meta },
  objects,
});
