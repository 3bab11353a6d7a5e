/** What is gathered about a request while it is answered; read by faults, audit, observers and the reply's headers. */
import type { FastifyRequest } from 'fastify';
import type { ServiceState } from '../../service/states.ts';
import type { Identity } from '../auth/users.ts';
import type { Fault } from '../faults/rules.ts';
import type { RequestVerb } from '../observe.ts';

export interface Trace {
  readonly number: number;
  readonly arrivedAt: number;
  readonly contentType: string | undefined;
  identity: Identity | undefined;
  verb: RequestVerb;
  uuid: string | undefined;
  name: string | undefined;
  body: unknown;
  stateBefore: ServiceState | undefined;
  forbidden: boolean;
  committed: boolean;
  action: string | undefined;
  fault: Fault | undefined;
  reported: boolean;
}

const traces = new WeakMap<object, Trace>();

export function beginTrace(request: FastifyRequest, number: number, arrivedAt: number): Trace {
  const trace: Trace = {
    number,
    arrivedAt,
    contentType: request.raw.headers['content-type'],
    identity: undefined,
    verb: 'other',
    uuid: undefined,
    name: undefined,
    body: undefined,
    stateBefore: undefined,
    forbidden: false,
    committed: false,
    action: undefined,
    fault: undefined,
    reported: false,
  };
  traces.set(request.raw, trace);
  return trace;
}

export function traceOf(request: FastifyRequest): Trace {
  const trace = traces.get(request.raw);
  if (trace === undefined) throw new Error('a request without its trace');
  return trace;
}

/** As `traceOf`, where the request may have failed before its first hook. */
export function knownTrace(request: FastifyRequest): Trace | undefined {
  return traces.get(request.raw);
}

/** Without the query, in which old clients may send their key. */
export function pathOf(request: FastifyRequest): string {
  return (request.raw.url ?? '').split('?')[0] ?? '';
}
