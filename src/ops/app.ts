/**
 * The outside face of the daemon: health, metrics, status, and the few things an operator or a forge may ask for. It
 * decides nothing about services; whatever comes in is at most "look now", "hold still", "go on".
 *
 * Everything has an end: bodies are bounded before they are kept, headers and requests have deadlines, connections a
 * number. An answer never holds a stack or a message of our insides.
 */
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import { UserError } from '../service/failure.ts';
import type { Clock } from '../service/ports.ts';
import type { Control } from './control.ts';
import { createGuard, type Guard, isLoopback } from './guard.ts';
import type { Metrics } from './metrics.ts';
import type { Passes } from './passes.ts';
import { Pokes } from './pokes.ts';
import { isProven, isSigned } from './proof.ts';
import { Refusal } from './refusal.ts';
import { reportOf } from './report.ts';
import { resumeRequest, suspendRequest } from './requests.ts';
import type { SecretFile } from './secret-file.ts';

export interface OpsOptions {
  readonly clock: Clock;
  readonly version: string;
  readonly listen: { readonly host: string; readonly port: number };
  /** Names by which it may be asked, beside addresses and localhost. */
  readonly hosts: readonly string[];
  readonly intervalMs: number;
  readonly passes: Passes;
  readonly control: Control;
  readonly metrics: Metrics;
  /** Without a webhook secret there is no webhook, without an operator's token nothing can be asked for. */
  readonly secrets: {
    readonly webhook: SecretFile | undefined;
    readonly operator: SecretFile | undefined;
    readonly viewer: SecretFile | undefined;
  };
  readonly messagesWaiting: () => number;
  /** Masks known secrets in text that others wrote. */
  readonly clean: (text: string) => string;
  readonly toJson: (value: object) => string;
  /** Told what went wrong in an unexpected way. */
  readonly broken: (error: unknown) => void;
}

export interface Ops {
  /** Resolves to the origin. Rejects as the system says it (EADDRINUSE …). */
  listen(): Promise<string>;
  close(): Promise<void>;
}

const MIB = 1024 * 1024;
const SMALL = 16 * 1024;
const MOST_CONNECTIONS = 128;
const GRACE_MS = 1_000;
/** A success older than so many intervals is none. */
const INTERVALS = 3;

/** Throws UserError EK521 where others can reach `host` and nothing says who may come in. */
export function refuseOpen(host: string, { operator, viewer }: OpsOptions['secrets']): void {
  if (isLoopback(host) || operator !== undefined || viewer !== undefined) return;
  throw new UserError(
    'EK521',
    `--ops-listen ${host} can be reached by others, so say who may come in: --viewer-token-file or --ops-token-file`,
    3,
  );
}

/** As `refuseOpen`. */
export function createOps(options: OpsOptions): Ops {
  const { clock, listen: at, secrets } = options;
  const isPublic = !isLoopback(at.host);
  refuseOpen(at.host, secrets);
  const app = fastify({
    bodyLimit: SMALL,
    requestTimeout: 15_000,
    keepAliveTimeout: 10_000,
    // How often the deadlines are looked at, too.
    http: { headersTimeout: 10_000, maxHeaderSize: SMALL, connectionsCheckingInterval: 2_000 },
    routerOptions: { ignoreTrailingSlash: true },
    trustProxy: false,
    forceCloseConnections: 'idle',
  });
  app.server.maxConnections = MOST_CONNECTIONS;
  const guard = createGuard({ ...secrets, clock, hosts: options.hosts, isPublic });
  const pokes = new Pokes(clock, () => options.control.hint());
  const startedAt = Math.round(clock.wall());
  common(app, options);
  healthRoutes(app, options);
  readRoutes(app, options, guard, startedAt);
  operatorRoutes(app, options, guard, pokes);
  if (secrets.webhook !== undefined) webhookRoute(app, options, guard, pokes, secrets.webhook);
  else
    app.post('/hooks/git', () => {
      throw new Refusal(404, 'there is no webhook: start with --webhook-secret-file');
    });
  return {
    listen: () => app.listen(at),
    async close() {
      pokes.close();
      const given = new AbortController();
      void clock.sleep(GRACE_MS, given.signal).then(() => app.server.closeAllConnections());
      await app.close();
      given.abort();
    },
  };
}

function common(app: FastifyInstance, { broken }: OpsOptions): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.addHook('onRequest', async (request, reply) => {
    // Every body is bytes to us, whatever it is called.
    delete request.raw.headers['content-type'];
    reply.header('x-content-type-options', 'nosniff').header('cache-control', 'no-store');
  });
  app.setNotFoundHandler(() => {
    throw new Refusal(404, 'there is nothing at this path for this method');
  });
  app.setErrorHandler((error, _request, reply) => refuse(error, reply, broken));
}

function refuse(error: unknown, reply: FastifyReply, broken: (error: unknown) => void): FastifyReply {
  // What is left of a body nobody wants is not waited for.
  reply.header('connection', 'close');
  if (error instanceof UserError) return reply.code(400).send({ error: error.message });
  if (error instanceof Refusal) {
    if (error.retryAfterSeconds !== undefined) reply.header('retry-after', String(error.retryAfterSeconds));
    if (error.status === 401) reply.header('www-authenticate', 'Bearer');
    return reply.code(error.status).send({ error: error.message });
  }
  const { statusCode } = error as { statusCode?: number };
  if (statusCode === 413) return reply.code(413).send({ error: 'the body is too large' });
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return reply.code(statusCode).send({ error: 'the request cannot be read' });
  broken(error);
  return reply.code(500).send({ error: 'internal error' });
}

/** One of few sentences, and no detail: anybody may ask. */
function healthRoutes(app: FastifyInstance, options: OpsOptions): void {
  app.get('/livez', (_request, reply) => reply.type('text/plain').send('ok\n'));
  app.get('/readyz', (_request, reply) => {
    const why = unready(options);
    return reply
      .code(why === undefined ? 200 : 503)
      .type('text/plain')
      .send(why === undefined ? 'ok\n' : `not ready: ${why}\n`);
  });
}

/** Undefined = ready. */
function unready({ clock, control, intervalMs }: OpsOptions): string | undefined {
  const last = control.lastSuccess();
  if (last === undefined) return 'no pass has seen everything yet';
  if (clock.monotonic() - last < INTERVALS * intervalMs) return undefined;
  return `the last pass that saw everything is more than ${INTERVALS} intervals old`;
}

function readRoutes(app: FastifyInstance, options: OpsOptions, guard: Guard, startedAt: number): void {
  const { clock, control, passes, metrics, version, intervalMs } = options;
  const onRequest = async ({ headers }: FastifyRequest) => guard.mayRead(headers);
  app.get('/metrics', { onRequest }, async (_request, reply) =>
    reply.type('text/plain; version=0.0.4; charset=utf-8').send(await metrics.text()),
  );
  app.get('/api/status', { onRequest }, (_request, reply) => {
    const last = control.lastSuccess();
    const daemon = {
      version,
      startedAt,
      ready: unready(options) === undefined,
      lastSuccessAt: last === undefined ? null : Math.round(clock.wall() - (clock.monotonic() - last)),
      intervalMs,
      messagesWaiting: options.messagesWaiting(),
      passes: passes.recent(),
    };
    const report = reportOf(control.status(), control.suspensions(), daemon, clock.wall(), options.clean);
    return reply.type('application/json; charset=utf-8').send(options.toJson(report));
  });
}

function operatorRoutes(app: FastifyInstance, options: OpsOptions, guard: Guard, pokes: Pokes): void {
  const { control, passes } = options;
  const onRequest = async ({ headers }: FastifyRequest) => guard.mayOperate(headers);
  /** What was changed is looked at in the pass that is named. */
  const accepted = (reply: FastifyReply) => {
    const pass = passes.next;
    pokes.poke();
    return reply.code(202).send({ pass });
  };
  app.post('/api/sync', { onRequest }, (_request, reply) => accepted(reply));
  app.post('/api/suspend', { onRequest }, async (request, reply) => {
    await control.suspend(suspendRequest(request.body));
    return accepted(reply);
  });
  app.post('/api/resume', { onRequest }, async (request, reply) => {
    await control.resume(resumeRequest(request.body));
    return accepted(reply);
  });
}

/** The payload is not looked at: whatever it says, the answer is one look at the source, as the timer does it. */
function webhookRoute(
  app: FastifyInstance,
  { metrics, passes }: OpsOptions,
  guard: Guard,
  pokes: Pokes,
  secret: SecretFile,
): void {
  const refused = () => {
    metrics.count('webhook_requests_total', { result: 'refused' });
    return guard.wrong('unauthorized: the signature is missing or wrong');
  };
  const onRequest = async ({ headers }: FastifyRequest) => {
    if (!isSigned(headers)) throw refused();
  };
  app.post('/hooks/git', { onRequest, bodyLimit: MIB }, (request, reply) => {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    if (!isProven(request.headers, body, secret.values())) throw refused();
    metrics.count('webhook_requests_total', { result: 'accepted' });
    const pass = passes.next;
    pokes.poke();
    return reply.code(202).send({ pass });
  });
}
