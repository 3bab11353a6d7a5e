/**
 * One case of the contract: a sentence about the API, tried over HTTP as a user of its own, on every engine. Nothing in
 * it knows which engine runs; slow transitions are polled for, never slept through.
 */
import { expect } from 'vitest';
import { isMoving, isServiceState } from '../../src/service/states.ts';
import type { ServiceObject } from '../../src/service/wire.ts';
import { type CallOptions, call, type Reply, servicePath } from '../support/server.ts';

/** What a contract engine can be asked for. */
export interface Traits {
  /** Listens on port 80 and runs until it is stopped. */
  readonly image: string;
  /** Another one that does the same. */
  readonly otherImage: string;
  /** No such image. */
  readonly missingImage: string;
  /** Ends by itself with exit code 3 when run with this command. */
  readonly failing: { readonly image: string; readonly run_command: string };
  /** Ends by itself with exit code 0. */
  readonly finishing: { readonly image: string; readonly run_command: string };
  /** What a service is whose containers have all ended by themselves (swarm has no stopped containers). */
  readonly ended: 'Stopped' | 'Not running';
  /** Whether several containers may share a fixed outer port. */
  readonly sharesPorts: boolean;
  /** Whether changed `auto*` values hold for the containers that there are, or (swarm) for the next ones. */
  readonly policiesAtOnce: boolean;
  /** Kills one container's process from outside. */
  kill(service: ServiceObject, ordinal: number): Promise<void>;
  /**
   * Keeps the service's next operation from ending until the returned function is called; where an engine cannot, it
   * returns a function that does nothing, and eight containers one after the other are slow enough to look at.
   */
  hold(service: ServiceObject): () => void;
  /** An image whose environment has VERSION=1; `renew` puts another with VERSION=2 behind the same name. */
  readonly renewed: { readonly image: string; renew(): Promise<void> };
  /** Takes the engine away from the server, until the returned function has resolved. */
  away(): Promise<() => Promise<void>>;
  /** How long a transition may take at most. */
  readonly patienceMs: number;
  readonly pollMs: number;
}

export interface ContractServer {
  readonly url: string;
  readonly traits: Traits;
  /** Credentials of a user that nobody else uses. */
  newUser(): string;
  close(): Promise<void>;
}

export interface Case {
  readonly name: string;
  /** It touches what all services share, so no other case may run beside it. */
  readonly alone?: true;
  readonly run: (api: CaseApi) => Promise<void>;
}

export interface CaseApi {
  readonly traits: Traits;
  readonly url: string;
  readonly authorization: string;
  /** A request; the path may be a whole one or what follows `/api/v1/`. */
  call(method: string, path: string, options?: CallOptions): Promise<Reply>;
  /** A created service, in Init. */
  create(body?: Readonly<Record<string, unknown>>): Promise<ServiceObject>;
  /** A created and started service, at rest. */
  running(body?: Readonly<Record<string, unknown>>): Promise<ServiceObject>;
  get(service: { readonly uuid: string }): Promise<ServiceObject>;
  act(service: { readonly uuid: string }, action: string, body?: unknown): Promise<Reply>;
  patch(service: { readonly uuid: string }, body: unknown): Promise<Reply>;
  /** Waits until it rests. */
  settle(service: { readonly uuid: string }): Promise<ServiceObject>;
  /** Waits until it is as asked. */
  until(service: { readonly uuid: string }, is: (now: ServiceObject) => boolean): Promise<ServiceObject>;
  /** Terminates everything of this case. */
  cleanUp(): Promise<void>;
}

export function caseApi(server: ContractServer): CaseApi {
  const { traits, url } = server;
  const authorization = server.newUser();
  const made = new Set<string>();

  const request = (method: string, path: string, options: CallOptions = {}) =>
    call(url, method, path.startsWith('/') ? path : `/api/v1/${path}`, { authorization, ...options });
  const get = async (service: { readonly uuid: string }) => {
    const reply = await request('GET', servicePath(service.uuid));
    expect(reply.status, reply.text).toBe(200);
    return reply.json as unknown as ServiceObject;
  };
  const until = async (service: { readonly uuid: string }, is: (now: ServiceObject) => boolean) => {
    const deadline = performance.now() + traits.patienceMs;
    for (;;) {
      const now = await get(service);
      if (is(now)) return now;
      if (performance.now() > deadline) throw new Error(`still ${now.state}: ${String(now['note'])}`);
      await new Promise((resolve) => setTimeout(resolve, traits.pollMs));
    }
  };
  const settle = (service: { readonly uuid: string }) =>
    until(service, ({ state }) => !(isServiceState(state) && isMoving(state)));
  const create = async (body: Readonly<Record<string, unknown>> = {}) => {
    const reply = await request('POST', 'service/', { body: { image: traits.image, ...body } });
    expect(reply.status, reply.text).toBe(201);
    const service = reply.json as unknown as ServiceObject;
    made.add(service.uuid);
    return service;
  };
  const act = (service: { readonly uuid: string }, action: string, body?: unknown) =>
    request('POST', servicePath(service.uuid, `${action}/`), body === undefined ? {} : { body });

  return {
    traits,
    url,
    authorization,
    call: request,
    create,
    get,
    act,
    until,
    settle,
    patch: (service, body) => request('PATCH', servicePath(service.uuid), { body }),
    async running(body) {
      const service = await create(body);
      const reply = await act(service, 'start');
      expect(reply.status, reply.text).toBe(202);
      return settle(service);
    },
    async cleanUp() {
      for (const uuid of made) {
        const now = await settle({ uuid });
        if (now.state !== 'Terminated') await request('DELETE', servicePath(uuid));
      }
      for (const uuid of made) await settle({ uuid });
    },
  };
}
