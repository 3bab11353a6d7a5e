/**
 * Tells runs apart by what a process can know: which faults of one request are one and the same to it.
 *
 * A reset, a 502 and a 504 before a list arrives are the same failed look, told in other words. From the fault on, all
 * that the process is shown by its client is kept, with its times, and so are the requests, the draws of chance and the
 * truth in the server. Two runs of one start that agree in all of that, when the call that met the fault has come back,
 * have one future.
 */
import { createHash } from 'node:crypto';
import type { ApiFailure, Result } from '../../src/service/failure.ts';
import type { ServiceApi } from '../../src/service/ports.ts';
import type { Exchange, Network } from './network.ts';
import type { Server } from './server.ts';

export interface Witnessed {
  readonly server: Server;
  readonly network: Network;
  /** Chance drawn so far. */
  readonly draws: number;
}

export class Witness {
  readonly #world: () => Witnessed;
  readonly #differs: (print: string) => void;
  readonly #inFlight = new Set<number>();
  /** Calls that were under way when the fault came; one of them met it. */
  #waiting: Set<number> | undefined;
  #since = 0;
  #calls = 0;
  #done = false;
  readonly #shown: string[] = [];

  /** `differs` is told the print of the run once the fault has had its effect. */
  constructor(world: () => Witnessed, differs: (print: string) => void) {
    this.#world = world;
    this.#differs = differs;
  }

  /** The fault is about to happen to this request. */
  struck(request: number): void {
    this.#waiting = new Set(this.#inFlight);
    this.#since = request;
  }

  watch(api: ServiceApi): ServiceApi {
    const calls = <A extends readonly unknown[], R>(what: string, call: (...args: A) => Promise<R>) => {
      return async (...args: A): Promise<R> => {
        const id = ++this.#calls;
        this.#inFlight.add(id);
        const result = await call(...args);
        this.#inFlight.delete(id);
        this.#returned(id, what, result);
        return result;
      };
    };
    return {
      list: calls('list', (signal) => api.list(signal)),
      get: calls('get', (uuid, signal) => api.get(uuid, signal)),
      logs: (uuid, signal) => api.logs(uuid, signal),
      createBody: (request) => api.createBody(request),
      create: calls('create', (placed, signal) => api.create(placed, signal)),
      write: calls('write', (placed, priority, signal) => api.write(placed, priority, signal)),
    };
  }

  #returned(id: number, what: string, result: unknown): void {
    if (this.#waiting === undefined || this.#done) return;
    const { server } = this.#world();
    const shown = what === 'list' || what === 'get' ? told(result) : result;
    this.#shown.push(JSON.stringify([server.scheduler.now, what, shown], meaning));
    this.#waiting.delete(id);
    if (this.#waiting.size > 0) return;
    this.#done = true;
    this.#differs(this.#print());
  }

  #print(): string {
    const { server, network, draws } = this.#world();
    const requests = network.log.filter((one) => one.number >= this.#since).map(lines);
    const truth = server
      .all()
      .map(({ uuid, moves, versions }) => [uuid, moves, versions.length, versions.at(-1)]);
    const all = [server.scheduler.now, this.#shown, requests, truth, draws];
    return createHash('sha256').update(JSON.stringify(all)).digest('base64');
  }
}

function lines({ number, at, verb, uuid, endedAt, fault, outcome }: Exchange) {
  const response = outcome?.kind === 'response' ? outcome : undefined;
  // What is asked of everybody, and what is still to come.
  const patience = response?.status === 429 ? '429' : '';
  const after = response?.headers['retry-after'] ?? '';
  const late = typeof fault?.arrives === 'number' ? fault.arrives : 0;
  const hand = fault?.meddle === undefined ? '' : fault.name;
  return [number, at, verb, uuid, endedAt, patience, /^\d+$/.test(after) ? after : '', late, hand];
}

/** Words are for people; of a look that failed only a 401 is more than that, and of a status whether it is a no. */
function meaning(this: unknown, key: string, value: unknown): unknown {
  if (key === 'message') return undefined;
  if (key !== 'status' || typeof value !== 'number') return value;
  const { kind } = (this ?? {}) as { kind?: unknown };
  if (kind === 'ambiguous' || kind === 'wait') return undefined;
  return kind === 'broken' ? value >= 400 && value < 500 : value;
}

/** A look that failed tells nothing but that it failed, and whether the credentials did. */
function told(result: unknown): unknown {
  const { ok, failure } = (result ?? {}) as Result<unknown> & { failure?: ApiFailure };
  return ok === false ? { ok, auth: failure?.kind === 'auth' && failure.status === 401 } : result;
}
