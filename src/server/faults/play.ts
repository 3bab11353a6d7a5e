/**
 * Carrying faults out on real sockets. Before the request is handled: reset, never answered, another answer, late. After
 * it was carried out: the answer is lost, replaced, slow or cut off.
 */
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../service/ports.ts';
import type { Fault } from './rules.ts';

export interface Stage {
  readonly clock: Clock;
  /** Aborts when the server closes: nothing is held longer. */
  readonly closing: AbortSignal;
}

const HTML = '<!DOCTYPE html><html><head><title>Gateway</title></head><body><h1>It works!</h1></body></html>';

/** Resolves when the client has gone away or the server closes. */
export function clientGone(request: FastifyRequest, closing: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const { socket } = request.raw;
    if (socket.destroyed || closing.aborted) return resolve();
    socket.once('close', () => resolve());
    closing.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** The socket is held until the client gives up, or the server closes. */
async function hold(request: FastifyRequest, stage: Stage): Promise<void> {
  await clientGone(request, stage.closing);
  request.raw.socket.destroy();
}

function reset(request: FastifyRequest): void {
  const { socket } = request.raw;
  if (typeof socket.resetAndDestroy === 'function') socket.resetAndDestroy();
  else socket.destroy();
}

/** `handled`: the request goes no further. */
export async function playBefore(
  fault: Fault,
  request: FastifyRequest,
  reply: FastifyReply,
  stage: Stage,
): Promise<'handled' | 'go-on'> {
  switch (fault.kind) {
    case 'refuse':
      reply.hijack();
      reset(request);
      return 'handled';
    case 'timeout_before':
      reply.hijack();
      await hold(request, stage);
      return 'handled';
    case 'error_before':
      await reply
        .code(fault.status ?? 503)
        .send({ error: 'a fault of the rehearsal, before anything was done' });
      return 'handled';
    case 'too_many':
      if (fault.retry_after !== undefined) reply.header('retry-after', String(fault.retry_after));
      await reply.code(429).send({ error: 'too many requests (a fault of the rehearsal)' });
      return 'handled';
    case 'html':
      if (fault.when === 'after') return 'go-on';
      await reply
        .code(fault.status ?? 200)
        .type('text/html; charset=utf-8')
        .send(HTML);
      return 'handled';
    case 'delay':
      await stage.clock.sleep(fault.ms, stage.closing);
      return 'go-on';
    case 'late_commit':
      await clientGone(request, stage.closing);
      await stage.clock.sleep(fault.ms, stage.closing);
      return stage.closing.aborted ? 'handled' : 'go-on';
    default:
      return 'go-on';
  }
}

/** The payload to send instead, or `lost` when no answer leaves. */
export async function playAfter(
  fault: Fault,
  request: FastifyRequest,
  reply: FastifyReply,
  payload: string,
  stage: Stage,
): Promise<string | Readable | 'lost'> {
  switch (fault.kind) {
    case 'timeout_after':
      await hold(request, stage);
      return 'lost';
    case 'late_commit':
    case 'reset_after':
      reset(request);
      return 'lost';
    case 'error_after':
      reply.code(fault.status ?? 502);
      return JSON.stringify({ error: 'a fault of the rehearsal, after it was done' });
    case 'html':
      reply.code(fault.status ?? 200).type('text/html; charset=utf-8');
      return HTML;
    case 'slow_body':
      return Readable.from(drip(payload, fault.chunk ?? 64, fault.every_ms ?? 100, stage));
    case 'truncated_body':
      reply.raw.writeHead(reply.statusCode, {
        ...(reply.getHeaders() as Record<string, string>),
        'content-length': Buffer.byteLength(payload),
      });
      await new Promise<void>((resolve) => {
        reply.raw.write(payload.slice(0, Math.floor(payload.length / 2)), () => resolve());
      });
      request.raw.socket.destroy();
      return 'lost';
    default:
      return payload;
  }
}

async function* drip(payload: string, chunk: number, everyMs: number, stage: Stage): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(payload);
  for (let at = 0; at < bytes.length; at += chunk) {
    await stage.clock.sleep(everyMs, stage.closing);
    if (stage.closing.aborted) return;
    yield bytes.subarray(at, at + chunk);
  }
}
