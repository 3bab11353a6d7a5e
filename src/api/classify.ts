/**
 * How an exchange ended → a typed failure, or undefined when it ended well (design §4 "refusals", reliability N1–N30).
 *
 * Reads and writes differ in one thing: a write of which it is not known whether it was carried out is *ambiguous*, and
 * only an answer that says so, or no byte sent, makes it a definite no. A create has no uuid to look at, so it is the
 * strictest.
 */
import type { ApiFailure } from '../service/failure.ts';
import type { HttpOutcome } from '../service/ports.ts';
import { readRefusal } from './refusal.ts';
import type { Scrub } from './words.ts';

/** `look`: a GET of one service, which may be gone. */
export type Kind = 'read' | 'look' | 'create' | 'write';

export interface Exchange {
  readonly kind: Kind;
  /** What was asked, for messages: `PATCH /api/v1/service/…/`. */
  readonly asked: string;
  readonly outcome: HttpOutcome;
  /** How long every request is held now, in milliseconds; undefined = not at all. */
  readonly pausedFor: number | undefined;
  /** Where the credentials came from. */
  readonly keyFrom: string;
  readonly scrub: Scrub;
}

const GOOD: Readonly<Record<Kind, readonly number[]>> = {
  read: [200],
  look: [200, 404, 410],
  create: [200, 201, 202, 204],
  write: [200, 201, 202, 204],
};

export function failureOf(exchange: Exchange): ApiFailure | undefined {
  const { kind, asked, outcome, scrub } = exchange;
  if (outcome.kind === 'error') {
    const message = `${asked}: ${outcome.message}`;
    return outcome.sent ? { kind: 'ambiguous', status: undefined, message } : { kind: 'not-sent', message };
  }
  const { status } = outcome;
  const reads = kind === 'read' || kind === 'look';
  if (GOOD[kind].includes(status))
    return isPage(outcome) && kind !== 'create' ? broken(exchange, status) : undefined;
  const refusal = readRefusal(outcome, scrub);
  const said = refusal.message === '' ? '' : ` ${refusal.message}`;
  const message = `${asked}: ${status}${said}`;
  if (status === 401)
    return {
      kind: 'auth',
      status,
      message: `${message}: the credentials (${exchange.keyFrom}) are not accepted`,
    };
  if (status === 403)
    return {
      kind: 'auth',
      status,
      message: `${message}: the credentials (${exchange.keyFrom}) do not allow it`,
    };
  if (status === 429 || (status === 503 && reads && exchange.pausedFor !== undefined))
    return { kind: 'wait', status, retryAfterMs: exchange.pausedFor, message };
  if (status >= 500 || status === 408 || (status >= 200 && status < 300))
    return { kind: 'ambiguous', status, message };
  if (reads) return broken(exchange, status);
  if (kind === 'create') return createFailure(exchange, status, message, refusal);
  if (refusal.validation && [400, 409, 422].includes(status))
    return { kind: 'refused', status, message, fields: refusal.fields };
  if ([400, 404, 409, 410, 412].includes(status)) return { kind: 'look-again', status, message };
  if (status === 422) return { kind: 'refused', status, message, fields: refusal.fields };
  return broken(exchange, status);
}

/** A create has no state that could forbid it: 400 speaks of the request. A 303 is how some answer after creating. */
function createFailure(
  exchange: Exchange,
  status: number,
  message: string,
  refusal: { readonly fields: Readonly<Record<string, readonly string[]>> },
): ApiFailure {
  if (status === 400 || status === 422) return { kind: 'refused', status, message, fields: refusal.fields };
  if (status === 409) return { kind: 'look-again', status, message };
  if (status === 303) return { kind: 'ambiguous', status, message };
  return broken(exchange, status);
}

function isPage(outcome: HttpOutcome): boolean {
  return (
    outcome.kind === 'response' && (outcome.headers['content-type'] ?? '').toLowerCase().includes('text/html')
  );
}

const SHAPES: Readonly<Record<number, string>> = {
  404: 'nothing is there',
  405: 'the method is not allowed',
  415: 'the content type is not accepted',
};

function broken(exchange: Exchange, status: number): ApiFailure {
  const { asked, outcome } = exchange;
  const redirect = status >= 300 && status < 400;
  const what = isPage(outcome)
    ? 'an HTML page'
    : (SHAPES[status] ??
      (redirect ? 'a redirect, which is never followed' : 'an answer this API does not give'));
  return {
    kind: 'broken',
    status,
    message: `${asked}: ${status}, ${what}; check that --api-url leads to the service API and not to a proxy or login page`,
  };
}
