/**
 * Refusals as values that any depth may throw and one place words as HTTP: always JSON, `{"error": …}`, with
 * `{"service": {field: […]}}` beside it for validation (design §4).
 */
import type { FieldMessages } from '../input/request.ts';

export class Problem extends Error {
  override readonly name: string = 'Problem';
  readonly status: number;
  readonly fields: FieldMessages | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    status: number,
    message: string,
    more: { readonly fields?: FieldMessages; readonly retryAfterSeconds?: number } = {},
  ) {
    super(message);
    this.status = status;
    this.fields = more.fields;
    this.retryAfterSeconds = more.retryAfterSeconds;
  }

  body(): object {
    return this.fields === undefined
      ? { error: this.message }
      : { error: this.message, service: this.fields };
  }
}

/** Nothing is known at the moment; ask again. */
export class Unavailable extends Problem {
  override readonly name = 'Unavailable';
  constructor(message: string) {
    super(503, message, { retryAfterSeconds: 5 });
  }
}

/** The state does not allow what was asked for. */
export class WrongState extends Problem {
  override readonly name = 'WrongState';
  constructor(message: string) {
    super(400, message);
  }
}

export function invalid(fields: FieldMessages): Problem {
  const names = Object.keys(fields);
  const detail = Object.entries(fields).map(([field, messages]) => `${field}: ${messages.join('; ')}`);
  const shown = detail.slice(0, 10).join(' | ');
  return new Problem(400, `invalid value${names.length === 1 ? '' : 's'}: ${shown}`, { fields });
}

export function notFound(what = 'there is no such service'): Problem {
  return new Problem(404, what);
}
