/**
 * The service API on loopback for tests, with the truth about every request, and the questions one asks that truth.
 */
import { expect } from 'vitest';
import { systemClock, systemRandom } from '../../src/cli/system.ts';
import { createSimulatedEngine, type SimulatedEngine } from '../../src/engine/simulated/engine.ts';
import { INSTANT } from '../../src/engine/simulated/options.ts';
import { createServer, type Server } from '../../src/server/app.ts';
import { createUsers, type UserEntry } from '../../src/server/auth/users.ts';
import { createFaults, type Rule } from '../../src/server/faults/rules.ts';
import { neighboursOf, serviceObject } from '../../src/server/object.ts';
import type { AuditEvent, ObservedRequest } from '../../src/server/observe.ts';
import { memoryStore } from '../../src/server/store/memory.ts';
import type { Settings } from '../../src/server/types.ts';
import type { Engine } from '../../src/service/engine.ts';
import type { Clock, Random } from '../../src/service/ports.ts';
import type { Simulation } from '../../src/service/simulation.ts';
import type { Store } from '../../src/service/store.ts';
import type { ServiceObject } from '../../src/service/wire.ts';
import { seededRandom } from './clock.ts';

export const USER = 'alice';
export const KEY = 'alice-key-0123456789';
export const USERS: readonly UserEntry[] = [
  { name: USER, key: KEY },
  { name: 'bob', key: 'bob-key-0123456789' },
  { name: 'reader', key: 'reader-key-0123456789', scope: 'read' },
  { name: USER, key: 'alice-reads-0123456789', scope: 'read' },
];
export const AUTHORIZATION = `ApiKey ${USER}:${KEY}`;

export interface StartOptions {
  readonly settings?: Partial<Settings>;
  /** Default: no delay, no chance. */
  readonly simulation?: Simulation;
  readonly rules?: readonly Rule[];
  readonly seed?: number;
  /** Give the one of a former server to restart it. */
  readonly store?: Store;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly users?: readonly UserEntry[];
  /** Instead of the simulated engine. Uuids are then new in each run: what an earlier one left behind is not met again. */
  readonly engine?: Engine;
  readonly port?: number;
}

export interface TestServer {
  readonly url: string;
  readonly port: number;
  readonly server: Server;
  readonly store: Store;
  /** Throws where another engine was given. */
  readonly engine: SimulatedEngine;
  /** Every request that has ended, in the order of arrival. */
  requests(): readonly ObservedRequest[];
  writes(): readonly ObservedRequest[];
  audit(): readonly AuditEvent[];
  logged(): readonly string[];
  /** Live services of the first user as the API shows them, past any fault. */
  services(): Promise<readonly ServiceObject[]>;
  /** Resolves when no operation is in flight. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

let restarts = 0;

export async function startServer(options: StartOptions = {}): Promise<TestServer> {
  const clock = options.clock ?? systemClock;
  const store = options.store ?? memoryStore();
  const seed = options.seed ?? 1;
  const simulated = createSimulatedEngine({ ...INSTANT, ...options.simulation, clock, store, seed });
  const engine = options.engine ?? simulated;
  const requests: ObservedRequest[] = [];
  const audit: AuditEvent[] = [];
  const logged: string[] = [];
  const parts = {
    engine,
    store,
    clock,
    users: createUsers(options.users ?? USERS),
    random: options.random ?? (options.engine ? systemRandom : seededRandom(seed + 1_000 * ++restarts)),
    options: options.settings ?? {},
    log: (level: string, message: string) => void logged.push(`${level}: ${message}`),
  };
  const server = await createServer({
    ...parts,
    faults: createFaults(options.rules ?? [], seed),
    observe: (request) => void requests.push(request),
    audit: (event) => void audit.push(event),
  });
  const url = await server.listen({ host: '127.0.0.1', port: options.port ?? 0 });
  const truth = async () => {
    const live = await store.definitions();
    const views = await engine.inspect(live.filter((one) => one.destroyedAt === null));
    if (!views.ok) throw new Error(views.failure.message);
    const neighbours = neighboursOf(live);
    return live
      .filter((one) => one.user === USER && one.destroyedAt === null)
      .map((one) => serviceObject(one, views.value.get(one.uuid) ?? [], neighbours))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  };
  return {
    url,
    port: Number(new URL(url).port),
    server,
    store,
    get engine() {
      if (options.engine !== undefined) throw new Error('this server has an engine of its own');
      return simulated;
    },
    requests: () => requests.toSorted((a, b) => a.number - b.number),
    writes: () => requests.filter((one) => one.method !== 'GET').toSorted((a, b) => a.number - b.number),
    audit: () => audit,
    logged: () => logged,
    services: () => truth(),
    idle: () => server.idle(),
    close: () => server.close(),
  };
}

// ── speaking to it ────────────────────────────────────────────────────────────────────────────────────────────

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed body; undefined when it is not JSON. */
  readonly json: Record<string, unknown>;
}

export interface CallOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly authorization?: string | null;
  readonly signal?: AbortSignal;
}

/** A client without cleverness: what is given is sent. */
export async function call(
  url: string,
  method: string,
  path: string,
  { body, headers, authorization = AUTHORIZATION, signal }: CallOptions = {},
): Promise<Reply> {
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(authorization === null ? {} : { authorization }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  });
  const text = await response.text();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  return { status: response.status, headers: response.headers, text, json: json as Record<string, unknown> };
}

export const servicePath = (uuid: unknown, rest = '') => `/api/v1/service/${String(uuid)}/${rest}`;

/** Creates a service and expects that to work. */
export async function createOne(
  url: string,
  body: Readonly<Record<string, unknown>> = {},
): Promise<ServiceObject> {
  const reply = await call(url, 'POST', '/api/v1/service/', { body: { image: 'nginx', ...body } });
  expect(reply.status, reply.text).toBe(201);
  return reply.json as unknown as ServiceObject;
}

export async function getOne(url: string, uuid: string): Promise<ServiceObject> {
  const reply = await call(url, 'GET', servicePath(uuid));
  expect(reply.status, reply.text).toBe(200);
  return reply.json as unknown as ServiceObject;
}

// ── asking the truth ──────────────────────────────────────────────────────────────────────────────────────────

/**
 * No window of time saw more requests arrive than the bound of design §8 allows: at most `burst + rate × window`, over
 * sockets with `slackMs` more. `rate` per second.
 */
export function assertRate(
  requests: readonly Pick<ObservedRequest, 'arrivedAt' | 'number'>[],
  rate: number,
  burst: number,
  slackMs = 50,
): void {
  const times = requests.map((one) => one.arrivedAt).toSorted((a, b) => a - b);
  for (let first = 0; first < times.length; first++) {
    for (let last = first; last < times.length; last++) {
      const window = ((times[last] ?? 0) - (times[first] ?? 0) + slackMs) / 1_000;
      const count = last - first + 1;
      const most = burst + rate * window;
      if (count > most + 1e-6) {
        throw new Error(
          `${count} requests within ${Math.round(window * 1_000)} ms, at most ${most.toFixed(2)} allowed`,
        );
      }
    }
  }
}

/** No request asked for what the state table forbids, but those that somebody else's change excuses. */
export function assertNoForbidden(
  requests: readonly ObservedRequest[],
  excused: (request: ObservedRequest) => boolean = () => false,
): void {
  const wrong = requests.filter((one) => one.forbidden && !excused(one));
  if (wrong.length === 0) return;
  const said = wrong.map((one) => `${one.method} ${one.path} in ${one.stateBefore}`);
  throw new Error(`requests that break the state table: ${said.join('; ')}`);
}
