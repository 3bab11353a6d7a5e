/**
 * The fleet in motion: a keyed set of names, at most one convergence each, one shared look at the world.
 *
 * It holds what is known, what is wished and what was refused, wakes whom a change may concern, and turns outcomes
 * into journal records and events. `apply.ts` gives it a permit and waits for the ends; `daemon.ts` gives it new
 * wishes and never ends.
 */
import { capabilitiesFrom, makePlan, type PlanInput, type Planned } from '../decide/plan.ts';
import { quarantineOf } from '../decide/quarantine.ts';
import type { Listen } from '../service/event.ts';
import type { ApiFailure } from '../service/failure.ts';
import type { Claim } from '../service/memory.ts';
import type { Clock, Journal, Listing, Load, Random, ServiceApi } from '../service/ports.ts';
import type { Block, Live, Operation, Wish } from '../service/service.ts';
import { backoffLeft, nextFailure } from './attempts.ts';
import type { Bench, Target, Verdict } from './bench.ts';
import { converge, type World } from './converge.ts';
import { Ages } from './deadlines.ts';
import { Knowledge } from './knowledge.ts';
import { describe } from './news.ts';
import { Observer } from './observer.ts';
import { createRequest, type Performed, perform, written } from './perform.ts';
import type { DriveSettings } from './settings.ts';
import { lookFor, Windows } from './uncertain.ts';
import { judge } from './verdict.ts';

export interface FleetParts {
  readonly api: ServiceApi;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly random: Random;
  readonly listen: Listen;
  readonly settings: DriveSettings;
}

/** What lets an operation go: the permit of an `apply`, or the reviewed plan of a pass. */
export interface Authority {
  permits(target: Target, operation: Operation): 'now' | 'later' | 'no' | Block;
  accepted(target: Target, operation: Operation): void;
  ended(target: Target): void;
  before(id: string): readonly string[];
  /** Whether `verdict` is the end of `target`. */
  isEnd(target: Target, verdict: Verdict, fleet: Fleet): boolean;
}

interface Running {
  readonly target: Target;
  wake: () => void;
  verdict: Verdict | undefined;
  /** Waits for a place. */
  queues: boolean;
  readonly done: Promise<void>;
}

export class Fleet implements World {
  readonly knowledge = new Knowledge();
  readonly observer: Observer;
  readonly #parts: FleetParts;
  readonly #ages = new Ages();
  readonly #windows = new Windows();
  readonly #stop = new AbortController();
  /** Aborted when what is under way is no longer waited for; what was journalled is then *uncertain*. */
  readonly #leave = new AbortController();
  #underWay = 0;
  readonly #wishes = new Map<string, Wish>();
  readonly #dependants = new Map<string, Set<string>>();
  readonly #claims = new Map<string, Set<string>>();
  readonly #running = new Map<string, Running>();
  readonly #ends = new Map<string, Verdict>();
  readonly #refusals = new Map<string, { readonly block: Block; readonly wish: Wish }>();
  readonly #pauses = new Map<string, number>();
  readonly #duplicates = new Map<string, readonly string[]>();
  readonly #bench: Bench;
  #authority: Authority;
  #failingSince: number | undefined;
  #journalBroken = false;
  #writes = 0;
  #fatal: ApiFailure | undefined;
  /** How long the API may be out of reach before everything is given up; `run` never does. */
  #patienceMs = Number.POSITIVE_INFINITY;

  constructor(parts: FleetParts, authority: Authority) {
    this.#parts = parts;
    this.#authority = authority;
    const { api, clock, journal, settings } = parts;
    this.observer = new Observer(api, clock, settings.pace.rate, this);
    for (const claim of journal.memory().claims.values()) this.#claim(claim.name, claim.uuid);
    this.#bench = {
      knowledge: this.knowledge,
      journal,
      settings,
      ages: this.#ages,
      wish: (name) => this.#wishes.get(name),
      claims: (name) => this.#claimsOf(name),
      ended: (id) => {
        const end = this.#ends.get(id);
        return end === undefined ? undefined : end.kind === 'in-sync' ? 'in-sync' : 'failed';
      },
      isBlocked: (name) => this.#running.get(name)?.verdict?.kind === 'blocked',
      refusal: (name) => {
        const refusal = this.#refusals.get(name);
        return refusal !== undefined && refusal.wish === this.#wishes.get(name) ? refusal.block : undefined;
      },
      pause: (id) => Math.max(0, (this.#pauses.get(id) ?? 0) - clock.monotonic()),
      permits: (target, operation) => this.#authority.permits(target, operation),
      before: (id) => this.#authority.before(id),
      duplicates: (name) => this.#duplicates.get(name),
      canResend: (wish, operation) => this.#canResend(wish.name, operation),
      maxAge: () => this.observer.maxAge(),
      now: () => ({ monotonic: clock.monotonic(), wall: clock.wall() }),
    };
  }

  /** Aborted when no new write may leave. */
  get stopSignal(): AbortSignal {
    return this.#stop.signal;
  }

  get writes(): number {
    return this.#writes;
  }

  /** Why everything was given up, if it was. */
  get fatal(): ApiFailure | undefined {
    return this.#fatal;
  }

  setPatience(ms: number): void {
    this.#patienceMs = ms;
  }

  setAuthority(authority: Authority): void {
    this.#authority = authority;
  }

  // ── wishes ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** A newer set of wishes replaces the old one at once; only a request already sent is waited for. */
  setWishes(wishes: readonly Wish[]): void {
    this.#wishes.clear();
    this.#dependants.clear();
    for (const wish of wishes) {
      this.#wishes.set(wish.name, wish);
      for (const name of wish.dependsOn) {
        const same = this.#dependants.get(name);
        if (same === undefined) this.#dependants.set(name, new Set([wish.name]));
        else same.add(wish.name);
      }
    }
    this.wakeAll();
  }

  /** A protected name stays protected when its manifest is gone; only a manifest that says otherwise ends it. */
  rememberProtection(): void {
    const { protectedNames } = this.#parts.journal.memory();
    for (const { name, protect } of this.#wishes.values()) {
      if (protect !== protectedNames.has(name)) this.#record({ type: 'protected', name, on: protect });
    }
  }

  wish(name: string): Wish | undefined {
    return this.#wishes.get(name);
  }

  // ── plan ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Looks once: a trusted list, then whatever single looks the wishes need. False when it cannot be had. */
  async look(signal: AbortSignal): Promise<boolean> {
    if (!(await this.observer.list(signal))) return false;
    const looks: Promise<void>[] = [];
    for (const name of this.#wishes.keys()) {
      const named = this.knowledge.named(name).filter((live) => live.state !== 'Terminated');
      for (const live of named) {
        if (this.knowledge.needsDetail(live.uuid)) looks.push(this.observer.look(live.uuid, name, signal));
      }
      if (named.length > 0) continue;
      for (const claim of this.#claimsOf(name)) {
        if (!claim.gone) looks.push(this.observer.look(claim.uuid, name, signal));
      }
    }
    await Promise.all(looks);
    return !signal.aborted;
  }

  /** Reads the details that only a prune needs: of services that no manifest names. */
  async lookAtOthers(signal: AbortSignal): Promise<void> {
    const others = this.knowledge
      .all()
      .filter(
        (live) =>
          live.state !== 'Terminated' &&
          !this.#wishes.has(live.name) &&
          this.knowledge.needsDetail(live.uuid),
      );
    await Promise.all(others.map((live) => this.observer.look(live.uuid, live.name, signal)));
  }

  /** The plan of what is known now. */
  plan(load: Load, safety: PlanInput['safety'], inGrace: ReadonlySet<string>): Planned {
    const { journal, clock, settings } = this.#parts;
    const memory = journal.memory();
    return makePlan({
      wishes: load.wishes,
      services: this.knowledge.all(),
      memory,
      owner: settings.owner,
      capabilities: capabilitiesFrom(this.knowledge.offered, memory),
      revision: load.revision,
      complete: load.complete,
      documents: load.documents,
      safety,
      inGrace,
      quarantine: quarantineOf(memory, (text) => journal.hash(text)),
      wallNow: clock.wall(),
      pace: settings.pace,
    });
  }

  // ── motion ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** Starts a convergence for `target` unless there is one. */
  start(target: Target): void {
    if (this.#running.has(target.id)) return;
    this.#ends.delete(target.id);
    const running: Running = {
      target,
      wake: () => {},
      verdict: undefined,
      queues: false,
      done: Promise.resolve().then(async () => {
        const end = await converge(target, this);
        this.#running.delete(target.id);
        this.#ends.set(target.id, end);
        this.#authority.ended(target);
        this.wakeAround(target);
      }),
    };
    this.#running.set(target.id, running);
  }

  /** Resolves when every convergence has come to its end. */
  async ends(): Promise<ReadonlyMap<string, Verdict>> {
    while (this.#running.size > 0) await Promise.all([...this.#running.values()].map((one) => one.done));
    return this.#ends;
  }

  endOf(id: string): Verdict | undefined {
    return this.#ends.get(id);
  }

  verdictOf(id: string): Verdict | undefined {
    return this.#running.get(id)?.verdict ?? this.#ends.get(id);
  }

  targets(): readonly Target[] {
    return [...this.#running.values()].map((one) => one.target);
  }

  isRunning(id: string): boolean {
    return this.#running.has(id);
  }

  /** No new write leaves from now on; what is under way is finished or is in the journal. */
  stop(graceMs = GRACE_MS): void {
    if (this.stopped()) return;
    this.#stop.abort();
    this.wakeAll();
    this.observer.nudge();
    if (this.#underWay === 0) this.#leave.abort();
    else void this.#parts.clock.sleep(graceMs, this.#leave.signal).then(() => this.#leave.abort());
  }

  #sending(change: 1 | -1): void {
    this.#underWay += change;
    if (this.#underWay === 0 && this.stopped()) this.#leave.abort();
  }

  stopped(): boolean {
    return this.#stop.signal.aborted;
  }

  decide(target: Target): Verdict {
    const verdict = judge(target, this.#bench);
    const running = this.#running.get(target.id);
    if (running !== undefined) this.#note(running, verdict);
    return verdict;
  }

  isEnd(target: Target, verdict: Verdict): boolean {
    return this.#authority.isEnd(target, verdict, this);
  }

  async change(target: Target, ms: number | undefined): Promise<void> {
    const running = this.#running.get(target.id);
    if (running === undefined) return;
    const woken = new AbortController();
    running.wake = () => woken.abort();
    const { verdict } = running;
    if (verdict?.kind === 'wait' && verdict.for.code === 'look') {
      void this.observer.look(verdict.for.uuid, verdict.for.name, this.#stop.signal);
    }
    if (this.waits()) this.observer.nudge();
    const signal = AbortSignal.any([woken.signal, this.#stop.signal]);
    await this.#parts.clock.sleep(Math.max(1, Math.min(ms ?? LONGEST_SLEEP, LONGEST_SLEEP)), signal);
    running.wake = () => {};
  }

  wake(id: string): void {
    this.#running.get(id)?.wake();
  }

  wakeAll(): void {
    for (const one of this.#running.values()) one.wake();
  }

  /** Wakes whom a change of `target` may concern: itself, its dependants, and all who wait for a turn or a gate. */
  wakeAround(target: Target): void {
    this.wake(target.id);
    for (const name of this.#dependants.get(target.name) ?? []) this.wake(name);
    for (const one of this.#running.values()) {
      const waits = one.verdict?.kind === 'wait' ? one.verdict.for : undefined;
      if (waits?.code === 'turn' || (waits?.code === 'gate' && waits.on === target.id)) one.wake();
    }
  }

  async perform(target: Target, verdict: Extract<Verdict, { kind: 'act' }>): Promise<void> {
    const running = this.#running.get(target.id);
    if (running !== undefined) running.queues = true;
    const { api, journal, clock, random, settings } = this.#parts;
    const done = await perform(
      target,
      verdict,
      {
        api,
        journal,
        knowledge: this.knowledge,
        clock,
        random,
        owner: settings.owner,
        again: (asked) => {
          if (running !== undefined) running.queues = false;
          const now = this.stopped() ? undefined : judge(asked, this.#bench);
          return now?.kind === 'act' ? now : undefined;
        },
        journalFailed: (error) => this.#journalFailed(error, target.id),
        underWay: (change) => this.#sending(change),
      },
      this.#leave.signal,
    );
    if (running !== undefined) running.queues = false;
    if (done === undefined) return;
    this.observer.hurry();
    if (done.result.ok) this.#accepted(target, done);
    else await this.#refused(target, done, done.result.failure);
    this.wakeAround(target);
  }

  #accepted(target: Target, done: NonNullable<Performed>): void {
    const { act, result } = done;
    this.#writes += 1;
    this.#authority.accepted(target, act.operation);
    const live = result.ok ? result.value.live : undefined;
    if (act.operation.verb === 'create' && live !== undefined) this.#claim(target.name, live.uuid);
    const before = act.observed.exists === true ? act.observed : undefined;
    this.#parts.listen({
      type: 'operation:accepted',
      name: target.name,
      uuid: live?.uuid ?? before?.uuid,
      operation: act.operation,
      why: act.why,
      before:
        before === undefined
          ? undefined
          : { state: before.state, target: before.fields.target_num_containers },
      state:
        live === undefined ? undefined : typeof live.state === 'string' ? live.state : live.state.unknown,
    });
  }

  async #refused(target: Target, done: NonNullable<Performed>, failure: ApiFailure): Promise<void> {
    const { journal, clock, random, listen } = this.#parts;
    const { operation } = done.act;
    const { verb } = operation;
    const { name } = target;
    if (failure.kind === 'auth' && failure.status === 401) this.#giveUp(failure);
    if (done.intent !== undefined && journal.memory().intents.has(name)) {
      const { attempt } = done.intent;
      this.#windows.open(attempt, this.knowledge, clock.monotonic());
      listen({ type: 'create:uncertain', name, attempt, untilMs: this.#parts.settings.uncertainMs });
    }
    if (failure.kind === 'wait' || failure.kind === 'not-sent') {
      const rest = failure.kind === 'wait' ? (failure.retryAfterMs ?? 1_000) : 500 + 500 * random.next();
      this.#pauses.set(target.id, clock.monotonic() + rest);
      if (failure.kind === 'not-sent') this.failed(failure);
      listen({ type: 'operation:failed', name, verb, failure, attempts: 0, retryInMs: rest });
      return;
    }
    const wish = this.#wishes.get(name);
    if (failure.kind === 'refused' && wish !== undefined) {
      const field = Object.keys(failure.fields).find((one) => wish.places[one] !== undefined);
      const place = field === undefined ? wish.place : wish.places[field];
      this.#refusals.set(name, { block: { code: 'refused', verb, message: failure.message, place }, wish });
      listen({ type: 'operation:failed', name, verb, failure, attempts: 1, retryInMs: undefined });
      return;
    }
    const next = nextFailure(journal.memory().failures.get(name), failure.message, clock.wall(), random);
    const atOnce = done.intent !== undefined && next.attempts === 1;
    const record = atOnce ? { ...next, notBefore: clock.wall() } : next;
    await written(
      { journal, journalFailed: (error) => this.#journalFailed(error, target.id) },
      { type: 'failed', name, ...record },
    );
    const retryInMs = backoffLeft(record, clock.wall());
    listen({ type: 'operation:failed', name, verb, failure, attempts: record.attempts, retryInMs });
  }

  #journalFailed(error: unknown, id: string): void {
    this.#pauses.set(id, this.#parts.clock.monotonic() + JOURNAL_PAUSE);
    if (this.#journalBroken) return;
    this.#journalBroken = true;
    this.#parts.listen({
      type: 'journal:failed',
      message: error instanceof Error ? error.message : String(error),
    });
  }

  #giveUp(failure: ApiFailure): void {
    if (this.#patienceMs === Number.POSITIVE_INFINITY) return;
    this.#fatal ??= failure;
    this.stop();
  }

  // ── what the observer brings ────────────────────────────────────────────────────────────────────────────────

  waits(): boolean {
    for (const { verdict } of this.#running.values()) {
      if (verdict?.kind === 'stalled') return true;
      if (verdict?.kind === 'wait' && LOOKED_FOR.has(verdict.for.code)) return true;
    }
    return false;
  }

  queues(): boolean {
    for (const one of this.#running.values()) if (one.queues) return true;
    return false;
  }

  listed(listing: Listing): void {
    const { journal, listen } = this.#parts;
    const memory = journal.memory();
    if (this.#failingSince !== undefined) listen({ type: 'observation:recovered' });
    this.#failingSince = undefined;
    const missing = this.knowledge.absorbList(listing, memory);
    for (const uuid of missing) {
      const live = this.knowledge.get(uuid);
      if (live !== undefined) void this.observer.look(uuid, live.name, this.#stop.signal);
    }
    const news = listing.capabilities.filter((one) => !memory.capabilities.includes(one));
    if (news.length > 0) {
      const offered = [...memory.capabilities, ...news];
      this.#record({ type: 'capabilities', offered });
    }
    this.#settleIntents();
    this.wakeAll();
  }

  looked(uuid: string, name: string, live: Live | undefined, startedAt: number): void {
    if (live === undefined || live.state === 'Terminated') {
      const claim = this.#parts.journal.memory().claims.get(uuid);
      if (claim !== undefined && !claim.gone) this.#record({ type: 'gone', uuid });
    }
    if (live === undefined) this.knowledge.absorbGone(uuid, startedAt);
    else {
      this.knowledge.absorbOne(live, startedAt);
      this.knowledge.detailRead(uuid);
    }
    this.#settleIntents();
    this.wakeAround({ kind: 'wish', id: name, name });
    this.wake(`delete ${uuid}`);
  }

  failed(failure: ApiFailure): void {
    const now = this.#parts.clock.monotonic();
    if (this.#failingSince === undefined) {
      this.#failingSince = now;
      this.#parts.listen({ type: 'observation:failed', failure });
    }
    if (failure.kind === 'auth' || now - this.#failingSince >= this.#patienceMs) this.#giveUp(failure);
  }

  #settleIntents(): void {
    const { journal, clock, settings, listen } = this.#parts;
    for (const intent of journal.memory().intents.values()) {
      if (!this.knowledge.isFresh(intent.name, undefined)) continue;
      const outcome = lookFor(intent, this.knowledge, journal.memory());
      const { name, attempt } = intent;
      if (outcome.kind === 'found') {
        const { uuid } = outcome.live;
        this.#claim(name, uuid);
        this.#windows.close(attempt);
        this.#record({ type: 'created', name, uuid, attempt, redeployToken: intent.redeployToken ?? null });
        listen({ type: 'create:found', name, uuid });
      } else if (outcome.kind === 'twice') {
        this.#duplicates.set(name, outcome.uuids);
      } else if (this.#windows.isOver(attempt, this.knowledge, clock.monotonic(), settings.uncertainMs)) {
        this.#windows.close(attempt);
        this.#record({ type: 'abandoned', name, attempt, why: 'not found within the window' });
      }
    }
  }

  /** With an idempotency key the same body may be sent again at once; a body that changed may not (design §7). */
  #canResend(name: string, operation: Extract<Operation, { verb: 'create' }>): boolean {
    const { journal, api, settings } = this.#parts;
    const intent = journal.memory().intents.get(name);
    if (intent === undefined || !this.knowledge.offered.includes('idempotency-key')) return false;
    const request = createRequest(name, operation, intent.attempt, {
      owner: settings.owner,
      knowledge: this.knowledge,
    });
    return journal.hash(api.createBody(request)) === intent.bodyHash;
  }

  // ── bookkeeping ─────────────────────────────────────────────────────────────────────────────────────────────

  /** Says what is new about a target, and keeps what only the journal can keep. */
  #note(running: Running, verdict: Verdict): void {
    const news = describe(running.target, running.verdict, verdict);
    running.verdict = verdict;
    if (news !== undefined) this.#parts.listen(news);
    if (verdict.kind !== 'in-sync' || running.target.kind !== 'wish') return;
    const { name } = running.target;
    const memory = this.#parts.journal.memory();
    if (verdict.remember !== undefined && verdict.live !== undefined) {
      this.#record({ type: 'token', uuid: verdict.live.uuid, token: verdict.remember });
    }
    if (memory.failures.has(name) || memory.repeats.has(name)) this.#record({ type: 'cleared', name });
  }

  #record(record: Parameters<Journal['append']>[0]): void {
    const { journal } = this.#parts;
    const id = 'name' in record ? record.name : '';
    void written({ journal, journalFailed: (error) => this.#journalFailed(error, id) }, record);
  }

  #claim(name: string, uuid: string): void {
    const same = this.#claims.get(name);
    if (same === undefined) this.#claims.set(name, new Set([uuid]));
    else same.add(uuid);
  }

  #claimsOf(name: string): readonly Claim[] {
    const memory = this.#parts.journal.memory();
    return [...(this.#claims.get(name) ?? [])].flatMap((uuid) => memory.claims.get(uuid) ?? []);
  }
}

/** No sleep without a look around, in milliseconds. */
const LONGEST_SLEEP = 60_000;
const JOURNAL_PAUSE = 5_000;
/** How long a stop waits for requests under way: less than the 8 s a stop may take (`research/reliability.md` O11). */
const GRACE_MS = 6_000;
const LOOKED_FOR: ReadonlySet<string> = new Set(['state', 'uncertain', 'list']);
