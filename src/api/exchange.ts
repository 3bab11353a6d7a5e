/**
 * One request through the pace: headers, deadline, patience, classification. Everything the client sends goes through
 * `read` or `write` here.
 */
import { EXTENSIONS_HEADER, type Extension, parseExtensions } from '../service/extensions.ts';
import type { ApiFailure, Result } from '../service/failure.ts';
import type { Clock, Http, HttpOutcome, HttpRequest, Priority, Random } from '../service/ports.ts';
import { deadline } from './abort.ts';
import { failureOf, type Kind } from './classify.ts';
import type { Credentials } from './credentials.ts';
import { parseJson } from './json.ts';
import type { Pace } from './pace.ts';
import { Patience, retryAfter } from './retry-after.ts';
import { createScrub } from './words.ts';

export interface ExchangeOptions {
  readonly http: Http;
  readonly clock: Clock;
  readonly random: Random;
  readonly credentials: Credentials;
  readonly pace: Pace;
  /** For a whole exchange, from its sending to the last byte of the body. */
  readonly deadlineMs: number;
  /** Of a decompressed body. */
  readonly maxBytes: number;
  readonly userAgent: string;
}

export interface Call {
  readonly kind: Kind;
  readonly method: HttpRequest['method'];
  readonly path: string;
  readonly body?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** Values of environment variables in the body: masked in what the server says about it. */
  readonly secrets?: readonly string[];
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  /** undefined = not JSON. */
  readonly json: () => unknown;
  /** Declared as `application/json`. */
  readonly isJson: boolean;
  readonly offered: readonly Extension[];
  /** Monotonic time of its sending. */
  readonly startedAt: number;
}

/** A read is repeated once by itself when the pause before it is no longer than this. */
const SHORT_PATIENCE_MS = 5000;

export function createExchanges(options: ExchangeOptions) {
  const { http, clock, random, credentials, pace } = options;
  const patience = new Patience(random);

  /** Holds everybody back when the server asks for it; how long, or undefined. */
  const heed = (outcome: HttpOutcome): number | undefined => {
    if (outcome.kind === 'error') return undefined;
    const asked = [429, 503].includes(outcome.status) ? retryAfter(outcome.headers) : undefined;
    if (outcome.status !== 429) patience.reset();
    const ms = asked ?? (outcome.status === 429 ? patience.next() : undefined);
    if (ms !== undefined) pace.pause(ms);
    return ms;
  };

  const send = async (call: Call, signal: AbortSignal): Promise<Result<Answer>> => {
    const asked = `${call.method} ${call.path}`;
    const startedAt = clock.monotonic();
    const held = pace.pausedFor();
    if (held > 0)
      return failed({ kind: 'wait', status: undefined, retryAfterMs: held, message: `${asked}: held back` });
    if (signal.aborted) return failed({ kind: 'not-sent', message: `${asked}: cancelled` });
    const limit = deadline(clock, options.deadlineMs, signal);
    const { body } = call;
    const outcome = await http.exchange({
      method: call.method,
      path: call.path,
      headers: {
        Authorization: credentials.authorization(),
        Accept: 'application/json',
        'User-Agent': options.userAgent,
        ...(call.method === 'GET' ? { 'Cache-Control': 'no-cache' } : {}),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...call.headers,
      },
      body,
      signal: limit.signal,
      maxBytes: options.maxBytes,
    });
    limit.end();
    const late = outcome.kind === 'error' && limit.passed();
    const told = late
      ? { ...outcome, message: `no complete answer in ${options.deadlineMs / 1000} s` }
      : outcome;
    const pausedFor = heed(outcome);
    const scrub = createScrub(credentials.secrets(), call.secrets);
    const keyFrom = credentials.source;
    const failure = failureOf({ kind: call.kind, asked, outcome: told, pausedFor, keyFrom, scrub });
    if (failure !== undefined) return failed(failure);
    if (outcome.kind === 'error') return failed({ kind: 'ambiguous', status: undefined, message: asked });
    return { ok: true, value: answerOf(outcome, startedAt) };
  };

  const once = async (call: Call, signal: AbortSignal): Promise<Result<Answer>> =>
    (await pace.run(
      'read',
      () => call,
      (placed) => send(placed, signal),
      signal,
    )) ?? failed({ kind: 'not-sent', message: `${call.method} ${call.path}: cancelled` });

  return {
    /** A GET; repeated once, through the pace again, after a fault that may pass by itself. */
    async read(kind: 'read' | 'look', path: string, signal: AbortSignal): Promise<Result<Answer>> {
      const call: Call = { kind, method: 'GET', path };
      const first = await once(call, signal);
      if (first.ok || !mayPass(first.failure) || signal.aborted) return first;
      await clock.sleep(100 + random.next() * 400, signal);
      return signal.aborted ? first : once(call, signal);
    },
    /** Waits for a place, asks `placed`, sends what it says: once. undefined = it had nothing to send. */
    write(
      priority: Priority,
      placed: () => Promise<Call | undefined>,
      signal: AbortSignal,
    ): Promise<Result<Answer> | undefined> {
      return pace.run(priority, placed, (call) => send(call, signal), signal);
    },
  };
}

const failed = (failure: ApiFailure): { readonly ok: false; readonly failure: ApiFailure } => ({
  ok: false,
  failure,
});

/** A second try at once may help: the connection broke, or a server behind a proxy was away. Not after a deadline. */
function mayPass(failure: ApiFailure): boolean {
  if (failure.kind === 'wait') return (failure.retryAfterMs ?? 0) <= SHORT_PATIENCE_MS;
  if (failure.kind === 'not-sent') return true;
  return failure.kind === 'ambiguous' && !failure.message.includes('no complete answer');
}

function answerOf(outcome: Extract<HttpOutcome, { kind: 'response' }>, startedAt: number): Answer {
  const type = (outcome.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  return {
    status: outcome.status,
    text: outcome.body,
    json: () => parseJson(outcome.body),
    isJson: type === 'application/json',
    offered: parseExtensions(outcome.headers[EXTENSIONS_HEADER]),
    startedAt,
  };
}
