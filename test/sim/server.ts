/**
 * A server of the service API in memory, under virtual time: the truth that oracles look at.
 *
 * It holds every version of every service with who caused it, so that a stale answer is a real former answer and an
 * oracle can tell what was true at any time. It knows no fault; `network.ts` makes those.
 */
import { chance, uuidFrom } from './chance.ts';
import type { Scheduler } from './scheduler.ts';
import * as truth from './truth.ts';
import { page, render } from './wire.ts';

export type By = 'us' | 'world';

export interface Version {
  readonly at: number;
  readonly by: By | 'time';
  readonly service: truth.Service;
}

export interface Known {
  readonly uuid: string;
  readonly name: string;
  /** Who made it, whatever its mark says. */
  readonly creator: 'us' | 'another';
  /** The oldest first. */
  readonly versions: Version[];
  /** Transitions begun so far. */
  moves: number;
}

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** What it was about, and what came of it: for oracles. */
  readonly verb: truth.Verb | 'create' | 'list' | 'get' | 'other';
  readonly uuid: string | undefined;
  readonly before: truth.Service | undefined;
  readonly committed: boolean;
}

export interface ServerOptions {
  readonly profile: truth.Profile;
  readonly seed: number;
  /** Rows of a page at most. */
  readonly pageSize: number;
  /** Milliseconds of a transition, at most; by chance down to a fifth. */
  readonly moveMs: number;
  /** Of all transitions, how many end in failure, and how many never end. */
  readonly failing: number;
  readonly stuck: number;
}

export const SERVER: ServerOptions = {
  profile: 'ours',
  seed: 1,
  pageSize: 100,
  moveMs: 3_000,
  failing: 0,
  stuck: 0,
};

const TERMINATED_KEPT_MS = 3_600_000;
const WALL = Date.UTC(2026, 0, 1);

export class Server {
  readonly options: ServerOptions;
  readonly scheduler: Scheduler;
  readonly known = new Map<string, Known>();
  readonly #keys = new Map<string, { readonly body: string; readonly uuid: string }>();
  #made = 0;
  /** Called for every new version. */
  onChange: (known: Known, version: Version) => void = () => {};
  /** Overrides how a transition ends: undefined leaves it to chance. */
  outcome: (known: Known, move: number) => 'well' | 'badly' | 'never' | undefined = () => undefined;

  constructor(scheduler: Scheduler, options: ServerOptions) {
    this.scheduler = scheduler;
    this.options = options;
  }

  now(uuid: string): truth.Service | undefined {
    return this.known.get(uuid)?.versions.at(-1)?.service;
  }

  all(): readonly Known[] {
    return [...this.known.values()];
  }

  /** Services that stay, by name. */
  live(name: string): readonly (Known & { readonly service: truth.Service })[] {
    return this.all().flatMap((known) => {
      const service = this.now(known.uuid);
      return known.name === name && service !== undefined && truth.isLive(service)
        ? [{ ...known, service }]
        : [];
    });
  }

  // ── the world's own hand ────────────────────────────────────────────────────────────────────────────────────

  /** Puts a service there as it is. */
  put(
    name: string,
    creator: Known['creator'],
    over: Omit<Partial<truth.Service>, 'spec'> & { readonly spec?: Readonly<Record<string, unknown>> },
  ): string {
    const uuid = over.uuid ?? this.#newUuid(name);
    const state = over.state ?? 'Running';
    const known: Known = { uuid, name, creator, versions: [], moves: 0 };
    this.known.set(uuid, known);
    const spec = { image: 'nginx:1', ...truth.DEFAULTS, ...over.spec } as unknown as truth.Spec;
    const deployedAt = over.deployedAt ?? (state === 'Init' ? null : this.scheduler.now);
    const destroyedAt = state === 'Terminated' ? this.scheduler.now : null;
    this.#set(
      known,
      { uuid, name, state, spec, token: over.token ?? null, deployedAt, destroyedAt },
      'world',
    );
    if (truth.MOVING.includes(state)) this.#move(known);
    return uuid;
  }

  /** Somebody else asks for `verb`; false when the state forbids it. */
  ask(verb: truth.Verb, uuid: string, patch: object = {}): boolean {
    const known = this.known.get(uuid);
    if (known === undefined) return false;
    return this.#act(verb, known, JSON.stringify(patch), 'world').committed;
  }

  /** A state that nobody asked for: a container died, an operator pulled a plug. */
  become(uuid: string, state: string, spec: Partial<truth.Spec> = {}): void {
    const known = this.known.get(uuid);
    const service = this.now(uuid);
    if (known === undefined || service === undefined) return;
    const merged = { ...service.spec, ...spec } as truth.Spec;
    this.#set(known, { ...service, state, spec: merged }, 'world');
    if (truth.MOVING.includes(state)) this.#move(known);
  }

  // ── requests ────────────────────────────────────────────────────────────────────────────────────────────────

  handle(request: Request): Answer {
    const url = new URL(request.path, 'http://api');
    const match = /^\/api\/v1\/service\/(?:([^/]+)\/)?(?:([a-z]+)\/)?$/.exec(url.pathname);
    if (match === null) return this.#answer(404, { error: 'nothing here' }, { verb: 'other' });
    const [, uuid, action] = match;
    const { method } = request;
    if (uuid === undefined) {
      if (method === 'GET') return this.list(url.searchParams, this.scheduler.now);
      return method === 'POST' ? this.#create(request) : this.#answer(405, {}, { verb: 'other' });
    }
    const known = this.known.get(uuid);
    const before = this.now(uuid);
    if (known === undefined || before === undefined || this.#forgotten(before, this.scheduler.now)) {
      return this.#answer(
        404,
        { error: 'no such service' },
        { verb: method === 'GET' ? 'get' : 'other', uuid },
      );
    }
    if (method === 'GET')
      return this.#answer(200, render(before, this.#full(true)), { verb: 'get', uuid, before });
    const verb =
      method === 'PATCH' ? 'update' : method === 'DELETE' ? 'terminate' : (action as truth.Verb | undefined);
    if (verb === undefined || !['update', 'terminate', 'start', 'stop', 'redeploy'].includes(verb)) {
      return this.#answer(405, { error: 'not that' }, { verb: 'other', uuid });
    }
    return this.#act(verb, known, request.body, 'us');
  }

  /** The list as it was at `at`. */
  list(query: URLSearchParams, at: number): Answer {
    const rows = this.all().flatMap((known) => {
      const service = known.versions.findLast((version) => version.at <= at)?.service;
      return service === undefined || this.#forgotten(service, at) ? [] : [service];
    });
    const { pageSize } = this.options;
    const limit = Math.min(Number(query.get('limit') ?? 25), pageSize);
    const offset = Number(query.get('offset') ?? 0);
    const body = page(
      rows.map((service) => render(service, this.#full(false))),
      limit,
      offset,
    );
    return this.#answer(200, body, { verb: 'list' });
  }

  #full(detail: boolean): 'all' | 'reference' | 'row' {
    return this.options.profile === 'ours' ? 'all' : detail ? 'reference' : 'row';
  }

  #forgotten(service: truth.Service, at: number): boolean {
    return service.destroyedAt !== null && at - service.destroyedAt > TERMINATED_KEPT_MS;
  }

  #create(request: Request): Answer {
    const input = parse(request.body);
    const key = request.headers['Idempotency-Key'];
    const keyed = this.options.profile === 'ours' && key !== undefined ? this.#keys.get(key) : undefined;
    if (keyed !== undefined) {
      const service = this.now(keyed.uuid);
      if (keyed.body !== request.body)
        return this.#answer(409, { error: 'the key is used' }, { verb: 'create' });
      return this.#answer(201, render(service as truth.Service, this.#full(true)), {
        verb: 'create',
        uuid: keyed.uuid,
      });
    }
    const { name, image } = input;
    if (typeof name !== 'string' || typeof image !== 'string') {
      return this.#answer(400, { error: 'invalid', service: { image: ['is required'] } }, { verb: 'create' });
    }
    const uuid = this.#newUuid(name);
    const known: Known = { uuid, name, creator: 'us', versions: [], moves: 0 };
    this.known.set(uuid, known);
    if (key !== undefined && this.options.profile === 'ours')
      this.#keys.set(key, { body: request.body ?? '', uuid });
    const given = Object.fromEntries(
      Object.entries(input).filter(([field]) => truth.SETTABLE.includes(field)),
    );
    const spec = { ...truth.DEFAULTS, ...given } as unknown as truth.Spec;
    const token =
      this.options.profile === 'ours' ? ((input['redeploy_token'] as string | undefined) ?? null) : null;
    const made = { uuid, name, state: 'Init', spec, token, deployedAt: null, destroyedAt: null };
    this.#set(known, made, 'us');
    return this.#answer(201, render(made, this.#full(true)), { verb: 'create', uuid, committed: true });
  }

  #act(verb: truth.Verb, known: Known, body: string | undefined, by: By): Answer {
    const { uuid } = known;
    const before = this.now(uuid) as truth.Service;
    const { profile } = this.options;
    if (!truth.isAllowed(profile, before.state, verb)) {
      const error = `${verb} is not possible in state ${before.state}`;
      return this.#answer(400, { error }, { verb, uuid, before });
    }
    const input = parse(body);
    const ours = profile === 'ours';
    if (verb === 'update') {
      const wanted = Object.entries(input).filter(([field]) => truth.SETTABLE.includes(field));
      const strange = wanted.filter(([field]) => !ours && field !== 'target_num_containers');
      if (strange.length > 0) {
        const service = Object.fromEntries(strange.map(([field]) => [field, ['cannot be changed']]));
        return this.#answer(400, { error: 'invalid', service }, { verb, uuid, before });
      }
      const changed = wanted.filter(
        ([field, value]) => JSON.stringify(before.spec[field]) !== JSON.stringify(value),
      );
      const token = ours ? ((input['redeploy_token'] as string | undefined) ?? before.token) : before.token;
      const state = truth.stateAfterPatch(
        before.state,
        changed.map(([field]) => field),
      );
      const spec = { ...before.spec, ...Object.fromEntries(changed) } as truth.Spec;
      this.#set(known, { ...before, spec, token, state }, by);
    } else {
      const token =
        ours && verb === 'redeploy' ? ((input['token'] as string | undefined) ?? before.token) : before.token;
      this.#set(known, { ...before, token, state: truth.LEADS_TO[verb] }, by);
    }
    const after = this.now(uuid) as truth.Service;
    if (truth.MOVING.includes(after.state)) this.#move(known);
    return this.#answer(202, render(after, this.#full(true)), { verb, uuid, before, committed: true });
  }

  // ── time ────────────────────────────────────────────────────────────────────────────────────────────────────

  #move(known: Known): void {
    const { seed, moveMs, failing, stuck } = this.options;
    const number = known.moves++;
    const begun = known.versions.at(-1);
    const luck = chance(seed, known.name, known.uuid, number, 'luck');
    const end =
      this.outcome(known, number) ?? (luck < stuck ? 'never' : luck < stuck + failing ? 'badly' : 'well');
    if (end === 'never') return;
    const ms = moveMs * (0.2 + 0.8 * chance(seed, known.name, number, 'ms'));
    this.scheduler.after(ms, () => {
      const service = this.now(known.uuid);
      if (service === undefined || service.state !== begun?.service.state || known.moves !== number + 1)
        return;
      this.#settle(known, service, end);
    });
  }

  #settle(known: Known, service: truth.Service, end: 'well' | 'badly'): void {
    const { now } = this.scheduler;
    const state = restAfter(service, end, chance(this.options.seed, known.uuid, known.moves, 'rest'));
    const deployedAt = ['Starting', 'Redeploying'].includes(service.state) ? now : service.deployedAt;
    const destroyedAt = state === 'Terminated' ? now : null;
    this.#set(known, { ...service, state, deployedAt, destroyedAt }, 'time');
    if (state === 'Terminated') this.#dropLinks(known.uuid);
  }

  #dropLinks(uuid: string): void {
    for (const known of this.all()) {
      const service = this.now(known.uuid);
      const links = service?.spec['linked_to_service'] as readonly { to_service: string }[] | undefined;
      if (service === undefined || links === undefined) continue;
      const kept = links.filter((link) => !link.to_service.includes(uuid));
      if (kept.length === links.length) continue;
      this.#set(known, { ...service, spec: { ...service.spec, linked_to_service: kept } }, 'time');
    }
  }

  #set(known: Known, service: truth.Service, by: Version['by']): void {
    const version = { at: this.scheduler.now, by, service };
    known.versions.push(version);
    this.onChange(known, version);
  }

  #newUuid(name: string): string {
    return uuidFrom(this.options.seed, name, this.#made++);
  }

  #answer(
    status: number,
    body: object,
    about: { verb: Answer['verb']; uuid?: string; before?: truth.Service; committed?: boolean },
  ): Answer {
    const headers: Record<string, string> = { 'content-type': 'application/json' };
    if (this.options.profile === 'ours') headers['x-api-extensions'] = truth.EXTENSIONS;
    const { verb, uuid, before, committed = false } = about;
    return { status, headers, body: JSON.stringify(body), verb, uuid, before, committed };
  }
}

/** Where a moving service comes to rest. */
function restAfter(service: truth.Service, end: 'well' | 'badly', luck: number): string {
  if (service.state === 'Terminating') return 'Terminated';
  if (service.state === 'Stopping') return 'Stopped';
  if (service.spec.target_num_containers === 0) return 'Not running';
  if (end === 'well') return 'Running';
  return luck < 0.5 ? 'Partly running' : luck < 0.8 ? 'Stopped' : 'Not running';
}

function parse(body: string | undefined): Record<string, unknown> {
  if (body === undefined || body === '') return {};
  const value: unknown = JSON.parse(body);
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

export const wallAt = (now: number): number => WALL + now;
