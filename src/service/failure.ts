/**
 * Typed bad news. A failure says what was being done, what was expected and got, and what to do next; never a secret.
 */

/** How a request to the API ended, when it did not end well (`research/reliability.md` §3.1). */
export type ApiFailure =
  /** The server asks for patience (429, 503 with Retry-After) or cannot be reached; nothing was done. */
  | {
      readonly kind: 'wait';
      readonly status: number | undefined;
      readonly retryAfterMs: number | undefined;
      readonly message: string;
    }
  /** The request was understood and refused for what it says: no retry until the manifest changes. */
  | {
      readonly kind: 'refused';
      readonly status: number;
      readonly message: string;
      /** The server's validation messages by field. */
      readonly fields: Readonly<Record<string, readonly string[]>>;
    }
  /** The state did not allow it (400 or 409 without validation messages), or the uuid is not there (404): look again. */
  | { readonly kind: 'look-again'; readonly status: number; readonly message: string }
  /** Nobody knows whether it was carried out: timeout, reset, 5xx, unreadable 2xx (design §7). */
  | { readonly kind: 'ambiguous'; readonly status: number | undefined; readonly message: string }
  /** Certainly not carried out: no byte was sent (refused, DNS, TLS). */
  | { readonly kind: 'not-sent'; readonly message: string }
  /** 401: the credentials are wrong; 403: they do not reach this far. */
  | { readonly kind: 'auth'; readonly status: number; readonly message: string }
  /** An answer that this API does not give (redirect, HTML, 405, wrong shape): misconfiguration or a bug. */
  | { readonly kind: 'broken'; readonly status: number | undefined; readonly message: string };

export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: ApiFailure };

/** An error whose message is fit for the user: expected, got, where, what next. */
export class UserError extends Error {
  override readonly name = 'UserError';
  /** A code documented in docs/errors.md. */
  readonly code: string;
  /** The process exit code it leads to (design §9). */
  readonly exit: 1 | 3;
  constructor(code: string, message: string, exit: 1 | 3 = 1) {
    super(message);
    this.code = code;
    this.exit = exit;
  }
}
