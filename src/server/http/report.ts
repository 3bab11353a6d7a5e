/** The end of a request, told once: to the audit (writes) and to whoever observes. */
import type { FastifyRequest } from 'fastify';
import type { Clock } from '../../service/ports.ts';
import type { AuditEvent, ObservedRequest } from '../observe.ts';
import { knownTrace, pathOf } from './trace.ts';

export interface Listeners {
  readonly clock: Clock;
  readonly audit?: ((event: AuditEvent) => void) | undefined;
  readonly observe?: ((request: ObservedRequest) => void) | undefined;
}

export function createReport({ clock, audit, observe }: Listeners) {
  return (request: FastifyRequest, status: number | undefined): void => {
    const trace = knownTrace(request);
    if (trace === undefined || trace.reported) return;
    trace.reported = true;
    const about = {
      method: request.method,
      path: pathOf(request),
      user: trace.identity?.user,
      ip: request.ip,
      userAgent: request.headers['user-agent'] ?? '',
      name: trace.name,
      status,
      committed: trace.committed,
      action: trace.action,
    };
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      audit?.({ ...about, at: clock.wall(), service: trace.uuid });
    }
    const key = request.headers['idempotency-key'];
    observe?.({
      ...about,
      path: request.raw.url ?? '',
      number: trace.number,
      arrivedAt: trace.arrivedAt,
      endedAt: clock.monotonic(),
      verb: trace.verb,
      uuid: trace.uuid,
      body: trace.body,
      idempotencyKey: typeof key === 'string' ? key : undefined,
      stateBefore: trace.stateBefore,
      forbidden: trace.forbidden,
      fault: trace.fault?.kind,
    });
  };
}
