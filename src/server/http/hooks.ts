/**
 * What happens around every request: arrival, login, faults, headers of the reply, the record afterwards. In this order,
 * so that nothing of an unknown client's body is read and no fault hides a wrong key.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { EXTENSIONS_HEADER, type Extension } from '../../service/extensions.ts';
import type { Clock } from '../../service/ports.ts';
import { StoreUnavailable } from '../../service/store.ts';
import { credentialsInQuery, readCredentials } from '../auth/credentials.ts';
import type { Throttle } from '../auth/throttle.ts';
import type { Identity, Users } from '../auth/users.ts';
import { playAfter, playBefore } from '../faults/play.ts';
import type { Faults } from '../faults/rules.ts';
import { wantsStream } from '../stream/upgrade.ts';
import { Problem, Unavailable } from './problem.ts';
import { beginTrace, knownTrace, pathOf, traceOf } from './trace.ts';

export interface HookOptions {
  readonly clock: Clock;
  readonly users: Users;
  /** Who else may come in: containers, with the key of their service's role. */
  readonly roles: (user: string, key: string) => Promise<Identity | undefined>;
  readonly throttle: Throttle;
  readonly faults: Faults;
  readonly extensions: readonly Extension[];
  readonly closing: AbortSignal;
  /** Called once for each request, when its answer has left or will never leave. */
  readonly report: (request: FastifyRequest, status: number | undefined) => void;
  /** Fills in the verb and, as far as the path tells, the service. */
  readonly identify: (request: FastifyRequest) => Promise<void>;
}

export const HEALTH_PATH = '/livez';

export function addHooks(app: FastifyInstance, options: HookOptions): void {
  const { clock, closing, extensions, faults } = options;
  let count = 0;

  app.addHook('onRequest', async (request, reply) => {
    count += 1;
    const trace = beginTrace(request, count, clock.monotonic());
    // The type was noted: every body goes to our one parser.
    delete request.raw.headers['content-type'];
    if (closing.aborted) reply.header('connection', 'close');
    if (extensions.length > 0) reply.header(EXTENSIONS_HEADER, extensions.join(', '));
    reply.header('x-content-type-options', 'nosniff').header('cache-control', 'no-store');
    if (pathOf(request) === HEALTH_PATH) return;
    trace.identity = await login(request, options);
  });

  app.addHook('preHandler', async (request, reply) => {
    await options.identify(request);
    const trace = traceOf(request);
    const path = pathOf(request);
    if (path === HEALTH_PATH) return;
    trace.fault = faults.strike({ method: request.method, verb: trace.verb, path, name: trace.name });
    if (trace.fault === undefined) return;
    const outcome = await playBefore(trace.fault, request, reply, { clock, closing });
    if (outcome === 'go-on') return;
    if (!reply.sent || reply.raw.headersSent === false) options.report(request, undefined);
    return reply;
  });

  app.addHook('onSend', async (request, reply, payload: unknown) => {
    if (closing.aborted) reply.header('connection', 'close');
    const fault = knownTrace(request)?.fault;
    if (fault !== undefined && typeof payload === 'string') {
      const changed = await playAfter(fault, request, reply, payload, { clock, closing });
      if (changed === 'lost') {
        options.report(request, undefined);
        reply.hijack();
        return new Promise<never>(() => {});
      }
      reportAtEnd(request, reply, options);
      return changed;
    }
    reportAtEnd(request, reply, options);
    return payload;
  });
}

/** Also when the client went away: then no answer has left, although the request may have been carried out. */
function reportAtEnd(request: FastifyRequest, reply: FastifyReply, { report }: HookOptions): void {
  const { raw } = reply;
  if (raw.destroyed || raw.closed) {
    report(request, undefined);
    return;
  }
  raw.once('finish', () => report(request, reply.statusCode));
  raw.once('close', () => report(request, raw.writableFinished ? reply.statusCode : undefined));
}

async function login(request: FastifyRequest, { users, roles, throttle }: HookOptions): Promise<Identity> {
  const credentials =
    readCredentials(request.headers.authorization) ??
    (wantsStream(request) ? credentialsInQuery(request.raw.url ?? '') : undefined);
  if (credentials !== undefined) {
    const { user, key } = credentials;
    const identity = users.check(user, key) ?? (await roles(user, key));
    if (identity !== undefined) return identity;
  }
  // Without credentials there is nothing to guess with.
  const wait = credentials === undefined ? undefined : throttle.failed(request.ip, credentials.user);
  if (wait !== undefined) {
    throw new Problem(429, 'too many failed logins', { retryAfterSeconds: wait });
  }
  throw new Problem(401, 'unauthorized: give "Authorization: ApiKey <user>:<key>"');
}

/** Sends a Problem, or what fastify itself found wrong; nothing of our insides. */
export function sendError(thrown: unknown, reply: FastifyReply, log: (error: unknown) => void): FastifyReply {
  const error = thrown instanceof StoreUnavailable ? new Unavailable(thrown.message) : thrown;
  if (error instanceof Problem) {
    if (error.retryAfterSeconds !== undefined) reply.header('retry-after', String(error.retryAfterSeconds));
    if (error.status === 401) reply.header('www-authenticate', 'ApiKey');
    return reply.code(error.status).send(error.body());
  }
  const { statusCode, message, code } = error as { statusCode?: number; message?: string; code?: string };
  if (code === 'FST_ERR_HANDLER_TIMEOUT') {
    return sendError(new Unavailable('this takes too long; what was begun goes on, look again'), reply, log);
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return reply.code(statusCode).send({ error: message ?? 'the request cannot be read' });
  }
  log(error);
  return reply.code(500).send({ error: 'internal error' });
}
