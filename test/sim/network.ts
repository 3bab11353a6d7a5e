/**
 * The way between a process and the server: latency, and one fault per request at most.
 *
 * What has been sent arrives, whatever becomes of its sender. A request that was given up may still be carried out,
 * also much later.
 */
import type { HttpOutcome, HttpRequest } from '../../src/service/ports.ts';
import type { Answer, Server } from './server.ts';

export type Kind = 'list' | 'get' | 'create' | 'write';

export interface Exchange {
  /** From 1, over all processes of the world. */
  readonly number: number;
  /** Which incarnation sent it. */
  readonly process: number;
  readonly at: number;
  readonly kind: Kind;
  readonly method: string;
  readonly path: string;
  readonly verb: string;
  readonly uuid: string | undefined;
  /** Of the service it is about; undefined for a list. */
  readonly name: string | undefined;
  readonly body: string | undefined;
  /** Of a create. */
  readonly key: string | undefined;
  readonly fault: Fault | undefined;
  arrivedAt: number | undefined;
  answer: Answer | undefined;
  endedAt: number | undefined;
  outcome: HttpOutcome | undefined;
}

export interface Fault {
  readonly name: string;
  readonly on: 'any' | 'read' | 'list' | 'write';
  /** `never`, or late by so many milliseconds. */
  readonly arrives?: 'never' | number;
  /** The world's hand, right before it arrives. */
  readonly meddle?: (server: Server, exchange: Exchange) => void;
  /** Whether `meddle` would change nothing. */
  readonly idle?: (server: Server, exchange: Exchange) => boolean;
  /** What the sender gets: the answer itself if not said. `nothing`: it waits until it gives up. */
  readonly gets?:
    | 'refused'
    | 'reset'
    | 'nothing'
    | ((answer: Answer, exchange: Exchange, server: Server) => HttpOutcome);
}

export interface Way {
  readonly up: (exchange: Exchange) => number;
  readonly down: (exchange: Exchange) => number;
}

export const STEADY: Way = { up: () => 5, down: () => 5 };

/** What the network tells: to oracles, and to whoever kills processes. */
export interface Tells {
  sent(exchange: Exchange): void;
  arrived(exchange: Exchange): void;
  ended(exchange: Exchange): void;
}

export class Network {
  readonly server: Server;
  readonly #tells: Tells;
  readonly log: Exchange[] = [];
  way: Way = STEADY;
  /** Decides the fault of a request; asked once for each. */
  faultOf: (exchange: Omit<Exchange, 'fault'>) => Fault | undefined = () => undefined;
  /** Keeps the log short in very long runs. */
  keep = Number.POSITIVE_INFINITY;
  /** Shown each exchange when it has been answered and nobody knows yet. */
  onAnswer: (exchange: Exchange) => void = () => {};
  /** Shown each exchange right before it arrives. */
  onArrival: (exchange: Exchange) => void = () => {};
  #number = 0;

  constructor(server: Server, tells: Tells) {
    this.server = server;
    this.#tells = tells;
  }

  get count(): number {
    return this.#number;
  }

  exchange(request: HttpRequest, process: number): Promise<HttpOutcome> {
    const { scheduler } = this.server;
    const bare = {
      number: ++this.#number,
      process,
      at: scheduler.now,
      ...about(request, this.server),
      arrivedAt: undefined,
      answer: undefined,
      endedAt: undefined,
      outcome: undefined,
    };
    const exchange: Exchange = { ...bare, fault: this.faultOf(bare) };
    this.log.push(exchange);
    if (this.log.length > this.keep) this.log.splice(0, this.log.length - this.keep);
    this.#tells.sent(exchange);
    return new Promise((resolve) => {
      const end = (outcome: HttpOutcome) => {
        if (exchange.endedAt !== undefined) return;
        exchange.endedAt = scheduler.now;
        exchange.outcome = outcome;
        request.signal.removeEventListener('abort', onAbort);
        this.#tells.ended(exchange);
        resolve(outcome);
      };
      const onAbort = () => end({ kind: 'error', sent: true, message: 'aborted' });
      if (request.signal.aborted) return onAbort();
      request.signal.addEventListener('abort', onAbort);
      this.#carry(exchange, request, end);
    });
  }

  #carry(exchange: Exchange, request: HttpRequest, end: (outcome: HttpOutcome) => void): void {
    const { scheduler } = this.server;
    const { fault } = exchange;
    const up = this.way.up(exchange);
    const gets = fault?.gets;
    if (gets === 'refused') {
      // The refusal makes the way back, too.
      return void scheduler.after(2 * up, () =>
        end({ kind: 'error', sent: false, message: 'connection refused' }),
      );
    }
    const late = typeof fault?.arrives === 'number' ? fault.arrives : 0;
    if (fault?.arrives === 'never' || late > 0) {
      if (gets === 'reset') {
        scheduler.after(2 * up, () => end({ kind: 'error', sent: true, message: 'connection reset' }));
      }
    }
    if (fault?.arrives === 'never') {
      if (typeof gets === 'function') {
        scheduler.after(2 * up, () => end(gets(NOT_ARRIVED, exchange, this.server)));
      }
      return;
    }
    scheduler.after(up + late, () => {
      this.onArrival(exchange);
      fault?.meddle?.(this.server, exchange);
      exchange.arrivedAt = scheduler.now;
      exchange.answer = this.server.handle(request);
      this.#tells.arrived(exchange);
      if (gets === 'nothing') return;
      scheduler.after(this.way.down(exchange), () => {
        const answer = exchange.answer as Answer;
        this.onAnswer(exchange);
        if (gets === 'reset') end({ kind: 'error', sent: true, message: 'connection reset' });
        else if (gets === undefined) end(whole(answer));
        else end(gets(answer, exchange, this.server));
      });
    });
  }
}

export function whole({ status, headers, body }: Answer): HttpOutcome {
  return { kind: 'response', status, headers, body };
}

/** Whether the sender cannot tell `fault` from none: what it changes is equal to what was there. */
export function isMoot(fault: Fault, exchange: Exchange, server: Server): boolean {
  if (typeof fault.gets !== 'function' || fault.arrives !== undefined || exchange.answer === undefined)
    return false;
  return (
    JSON.stringify(fault.gets(exchange.answer, exchange, server)) === JSON.stringify(whole(exchange.answer))
  );
}

const NOT_ARRIVED: Answer = {
  status: 0,
  headers: {},
  body: '',
  verb: 'other',
  uuid: undefined,
  before: undefined,
  committed: false,
};

function about(
  request: HttpRequest,
  server: Server,
): Pick<Exchange, 'kind' | 'method' | 'path' | 'verb' | 'uuid' | 'name' | 'body' | 'key'> {
  const { method, path, body, headers } = request;
  const key = headers['Idempotency-Key'];
  const [, uuid, action] = /^\/api\/v1\/service\/(?:([0-9a-f-]{36})\/)?(?:([a-z]+)\/)?/.exec(path) ?? [];
  const kind: Kind =
    method === 'GET' ? (uuid === undefined ? 'list' : 'get') : uuid === undefined ? 'create' : 'write';
  const verb =
    kind === 'write'
      ? method === 'PATCH'
        ? 'update'
        : method === 'DELETE'
          ? 'terminate'
          : (action ?? 'other')
      : kind;
  const name =
    kind === 'create'
      ? String((JSON.parse(body ?? '{}') as { name?: string }).name)
      : uuid === undefined
        ? undefined
        : server.known.get(uuid)?.name;
  return { kind, method, path, verb, uuid, name, body, key };
}
