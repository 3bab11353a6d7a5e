/** A request on its way through the proxy, and what may become of it there. */

/** One request on its way. */
export interface Passage {
  /** From 1, in the order of arrival. */
  readonly number: number;
  /** Monotonic milliseconds at which its first byte came. */
  readonly at: number;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** What the target answered, once it has. */
  answer: Answer | undefined;
  /** What was delivered instead or as it was; undefined while, or because, nothing whole was. */
  delivered: Answer | undefined;
  /** What was done to it. */
  played: Play['do'] | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type Play =
  /** Milliseconds on the way there and back. */
  | { readonly do: 'pass'; readonly up?: number; readonly down?: number }
  /** The connection is reset, and for `ms` nobody listens. */
  | { readonly do: 'refuse'; readonly ms: number }
  | { readonly do: 'reset-before' }
  | { readonly do: 'reset-after' }
  /** The other half goes away politely, without an answer. */
  | { readonly do: 'close-before' }
  /** Half-open: nothing comes, ever. */
  | { readonly do: 'hang-before' }
  | { readonly do: 'hang-after' }
  /** Reset at once, and handed on `ms` later. */
  | { readonly do: 'late'; readonly ms: number }
  /** Answered here; the target hears nothing of it. */
  | { readonly do: 'answer'; readonly answer: Answer }
  | { readonly do: 'change'; readonly change: (answer: Answer) => Answer }
  | { readonly do: 'slow'; readonly chunk: number; readonly everyMs: number }
  /** This share of the bytes, then the end (or a reset). */
  | { readonly do: 'truncate'; readonly share: number; readonly reset?: boolean };
