/**
 * The service API as one object: give it an engine, a store, users, time and chance. Nothing is global, so a test can
 * run several, and restart one over the store of another.
 */
import { type FastifyInstance, fastify, type InjectOptions, type LightMyRequestResponse } from 'fastify';
import type { Engine } from '../service/engine.ts';
import { offers as isOffered } from '../service/extensions.ts';
import type { Clock, Random } from '../service/ports.ts';
import type { Store } from '../service/store.ts';
import { roleIdentity } from './auth/role-keys.ts';
import { createThrottle } from './auth/throttle.ts';
import type { Users } from './auth/users.ts';
import { createHistory } from './faults/history.ts';
import { type Faults, NO_FAULTS } from './faults/rules.ts';
import { userOf } from './http/answer.ts';
import { offered } from './http/extensions.ts';
import { addHooks, sendError } from './http/hooks.ts';
import { createIdentify } from './http/identify.ts';
import { notFound, Problem } from './http/problem.ts';
import { createReport } from './http/report.ts';
import type { Api } from './http/server.ts';
import { trackSockets } from './http/sockets.ts';
import { definitionsOf, look } from './life/look.ts';
import { createServices } from './life/services.ts';
import type { AuditEvent, ObservedRequest } from './observe.ts';
import { actionRoutes } from './routes/actions.ts';
import { containerRoutes } from './routes/containers.ts';
import { createRoute } from './routes/create.ts';
import { detailRoutes } from './routes/detail.ts';
import { listRoute } from './routes/list.ts';
import { logRoutes } from './routes/logs.ts';
import { operationRoutes } from './routes/operations.ts';
import { smallRoutes } from './routes/small.ts';
import { createPlaces } from './stream/places.ts';
import { takeUpgrades } from './stream/upgrade.ts';
import { DEFAULT_SETTINGS, type Log, type Settings, type World } from './types.ts';

export interface ServerOptions {
  readonly engine: Engine;
  /** Stays open when the server closes: it is the caller's. */
  readonly store: Store;
  readonly users: Users;
  readonly clock: Clock;
  readonly random: Random;
  readonly log?: Log;
  /** One line per write, for the record. */
  readonly audit?: (event: AuditEvent) => void;
  /** The truth about every request, for tests. Holds secrets. */
  readonly observe?: (request: ObservedRequest) => void;
  readonly faults?: Faults;
  readonly options?: Partial<Settings>;
}

export interface Server {
  /** What the engine has to say to the operator. */
  readonly remarks: readonly string[];
  /** Resolves to the origin, for example `http://127.0.0.1:8800`. Port 0 = any free one. */
  listen(at: { readonly host: string; readonly port: number }): Promise<string>;
  /** A request without a socket. */
  inject(request: InjectOptions): Promise<LightMyRequestResponse>;
  /** Resolves when no operation is in flight. */
  idle(): Promise<void>;
  /** Finishes the requests in flight, leaves operations to the next start, closes the engine. Takes at most seconds. */
  close(): Promise<void>;
}

const BODY_LIMIT = 256 * 1024;
const REQUEST_TIMEOUT_MS = 15_000;
const GRACE_MS = 2_000;

/** Starts the engine, takes up what was left unfinished, and is ready to listen. */
export async function createServer(options: ServerOptions): Promise<Server> {
  const settings: Settings = { ...DEFAULT_SETTINGS, ...options.options };
  const { clock, engine, store, random, faults = NO_FAULTS, log = () => {} } = options;
  const world: World = { clock, engine, store, random, log, settings };
  const services = createServices(world);
  const closing = new AbortController();
  const extensions = offered(settings, engine);
  const report = createReport(options);
  const app = fastify({
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_TIMEOUT_MS,
    handlerTimeout: settings.deadlineMs,
    http: { headersTimeout: 10_000, maxHeaderSize: 16 * 1024 },
    routerOptions: { ignoreTrailingSlash: true },
    trustProxy: false,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
  });
  addHooks(app, {
    clock,
    users: options.users,
    roles: (user, key) => roleIdentity(world, user, key),
    throttle: createThrottle(clock),
    faults,
    extensions,
    closing: closing.signal,
    report,
    identify: createIdentify(world),
  });
  const routes = collectRoutes(app);
  const upgrades = takeUpgrades(app, clock);
  addRoutes({
    app,
    report,
    streams: { upgrades, places: createPlaces() },
    services,
    settings,
    offers: (extension) => isOffered({ offered: extensions, lost: [] }, extension),
    history: faults.keepsHistory ? createHistory() : undefined,
  });
  addFallbacks(app, routes(), log);

  const sockets = trackSockets(app.server);
  const remarks = await services.boot();
  await app.ready();
  return {
    remarks,
    listen: (at) => app.listen(at),
    inject: (request) => app.inject(request),
    idle: () => services.idle(),
    async close() {
      closing.abort();
      await upgrades.close();
      sockets.closeIdle();
      const given = new AbortController();
      void clock.sleep(GRACE_MS, given.signal).then(() => app.server.closeAllConnections());
      await app.close();
      given.abort();
      await services.close();
    },
  };
}

/** Notes which methods each path gets. The result holds what was noted when it is called. */
function collectRoutes(app: FastifyInstance): () => ReadonlyMap<string, readonly string[]> {
  const methods = new Map<string, string[]>();
  app.addHook('onRoute', ({ url, method }) => {
    const more = Array.isArray(method) ? method : [method];
    methods.set(url, [...(methods.get(url) ?? []), ...more]);
  });
  return () => new Map(methods);
}

function addRoutes(api: Api): void {
  api.app.removeAllContentTypeParsers();
  api.app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  if (api.history !== undefined) keepHistory(api);
  listRoute(api);
  createRoute(api);
  detailRoutes(api);
  operationRoutes(api);
  logRoutes(api);
  containerRoutes(api);
  actionRoutes(api);
  smallRoutes(api);
}

/** For `stale_list`: the list as it is before each request. */
function keepHistory({ app, history, services }: Api): void {
  const { world } = services;
  app.addHook('preHandler', async (request) => {
    const user = userOf(request);
    const rows = await look(await definitionsOf(user, world), world).catch(() => undefined);
    if (rows !== undefined) history?.record(user, world.clock.monotonic(), rows);
  });
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

/** 405 where the path is one of ours, else 404: in JSON like everything. */
function addFallbacks(app: FastifyInstance, offered: ReadonlyMap<string, readonly string[]>, log: Log): void {
  for (const [url, methods] of offered) {
    app.route({
      method: METHODS.filter((method) => !methods.includes(method)),
      url,
      handler: (request, reply) => {
        reply.header('allow', methods.join(', '));
        throw new Problem(405, `${request.method} is not offered here; there is: ${methods.join(', ')}`);
      },
    });
  }
  app.setNotFoundHandler(() => {
    throw notFound('there is nothing at this path');
  });
  app.setErrorHandler((error, _request, reply) =>
    sendError(error, reply, (unknown) => {
      const text = unknown instanceof Error ? (unknown.stack ?? unknown.message) : String(unknown);
      log('error', 'a request failed in an unexpected way', { error: text });
    }),
  );
}
