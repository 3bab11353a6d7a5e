/**
 * What the server knows about each request, for tests and rehearsals that need the truth and not the client's view of
 * it: when it arrived, what it met, whether it was carried out, and whether an answer left.
 */
import type { ServiceState } from '../service/states.ts';

export type RequestVerb =
  | 'list'
  | 'get'
  | 'create'
  | 'update'
  | 'start'
  | 'stop'
  | 'redeploy'
  | 'scale'
  | 'terminate'
  | 'logs'
  | 'other';

export interface ObservedRequest {
  /** Counts from 1 in the order of arrival. */
  readonly number: number;
  /** Monotonic milliseconds; arrival of the head of the request. */
  readonly arrivedAt: number;
  readonly endedAt: number;
  readonly method: string;
  /** Path and query as sent. */
  readonly path: string;
  readonly verb: RequestVerb;
  readonly user: string | undefined;
  readonly uuid: string | undefined;
  readonly name: string | undefined;
  /** Parsed JSON, secrets and all: never log it. */
  readonly body: unknown;
  readonly idempotencyKey: string | undefined;
  readonly userAgent: string;
  readonly ip: string;
  readonly stateBefore: ServiceState | undefined;
  /** It asked for what the state table forbids in that state, and was refused for it. */
  readonly forbidden: boolean;
  /** A change was stored, whether or not the client was told. */
  readonly committed: boolean;
  readonly action: string | undefined;
  /** undefined = no answer left the server. */
  readonly status: number | undefined;
  /** The kind of fault that was played on it. */
  readonly fault: string | undefined;
}

/** One line of the record of writes: who did what to which service, from where, with what outcome. No body, no secret. */
export interface AuditEvent {
  /** Wall-clock milliseconds. */
  readonly at: number;
  readonly user: string | undefined;
  readonly ip: string;
  readonly userAgent: string;
  readonly method: string;
  readonly path: string;
  readonly service: string | undefined;
  readonly name: string | undefined;
  readonly status: number | undefined;
  readonly committed: boolean;
  readonly action: string | undefined;
}
