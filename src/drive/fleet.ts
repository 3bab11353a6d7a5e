/**
 * The fleet in motion: a keyed set of names, at most one convergence each, one shared look at the world.
 *
 * It holds what is known, what is wished and what was refused, wakes whom a change may concern, and turns outcomes
 * into journal records and events. `apply.ts` gives it a permit and waits for the ends; `daemon.ts` gives it new
 * wishes and never ends. Longer than its neighbours because it is the one place where all rooms of drive/ meet.
 */
import { capabilitiesFrom, makePlan, type PlanInput, type Planned } from '../decide/plan.ts';
import type { Doing } from '../decide/status.ts';
import type { ApiFailure } from '../service/failure.ts';
import type { Load } from '../service/ports.ts';
import type { Wish } from '../service/service.ts';
import { type Authority, LOOK_ONLY } from './authority.ts';
import type { Bench, Target, Verdict } from './bench.ts';
import { converge, type World } from './converge.ts';
import { Ages } from './deadlines.ts';
import { DriftNews } from './drift-news.ts';
import { Ears } from './ears.ts';
import { History } from './history.ts';
import { Keeping } from './keeping.ts';
import { Keyed } from './keyed.ts';
import { Knowledge } from './knowledge.ts';
import { lookAtOthers, lookAtWished } from './look.ts';
import { describe } from './news.ts';
import { Observer } from './observer.ts';
import { Outcomes } from './outcomes.ts';
import type { FleetParts } from './parts.ts';
import { NO_SOURCE, Past, type Source } from './past.ts';
import { type Performed, perform } from './perform.ts';
import { steady } from './steady.ts';
import { Stopping } from './stopping.ts';
import { Suspensions } from './suspensions.ts';
import { Uncertain } from './uncertain.ts';
import { judge } from './verdict.ts';
import { Wishes } from './wishes.ts';

export class Fleet implements World {
  readonly knowledge = new Knowledge();
  readonly observer: Observer;
  /** How long the API may be out of reach before everything is given up; `run` never does. */
  patienceMs = Number.POSITIVE_INFINITY;
  /** Called when everything has come to rest, with how many services that are. */
  onRest: (services: number, blocked: () => number) => void = () => {};
  #atRest = false;
  readonly #parts: FleetParts;
  readonly suspensions: Suspensions;
  readonly drift: DriftNews;
  readonly #past: Past;
  readonly #ages = new Ages();
  readonly #outcomes: Outcomes;
  readonly #uncertain: Uncertain;
  readonly #wishes = new Wishes();
  readonly #keyed: Keyed;
  readonly #keeping: Keeping;
  readonly #history: History;
  readonly #bench: Bench;
  readonly #ears: Ears;
  readonly #stopping: Stopping;
  #authority: Authority;
  #writes = 0;
  #fatal: ApiFailure | undefined;

  constructor(parts: FleetParts, authority: Authority = LOOK_ONLY) {
    const clock = steady(parts.clock);
    this.#parts = { ...parts, clock };
    this.#authority = authority;
    const { api, journal, settings } = parts;
    this.suspensions = new Suspensions(parts.clock, journal, parts.listen);
    this.drift = new DriftNews(this.#parts);
    this.#past = new Past(this.#parts, this.suspensions, this.knowledge, (name) => this.#wishes.get(name));
    this.#keyed = new Keyed(clock);
    this.#stopping = new Stopping(clock);
    this.#history = new History(parts.clock);
    this.#keeping = new Keeping(journal, parts.listen);
    this.#outcomes = new Outcomes(this.#parts, (error, id) => this.#journalFailed(error, id));
    this.#uncertain = new Uncertain(this.#parts, this.knowledge, (record) => this.#keeping.record(record));
    this.#ears = new Ears(parts, {
      knowledge: this.knowledge,
      keyed: this.#keyed,
      keeping: this.#keeping,
      uncertain: this.#uncertain,
      look: (uuid, name) => void this.observer.look(uuid, name, this.#stopping.stop),
      wakeAround: (name) => this.#wakeAround({ kind: 'wish', id: name, name }),
      patience: () => this.patienceMs,
      giveUp: (failure) => this.#giveUp(failure),
    });
    this.observer = new Observer(api, clock, settings.pace.rate, this.#ears);
    this.#bench = {
      knowledge: this.knowledge,
      journal,
      settings,
      ages: this.#ages,
      wish: (name) => this.#wishes.get(name),
      claims: (name) => this.#keeping.claimsOf(name),
      ended: (id) => {
        const end = this.#keyed.endOf(id);
        return end === undefined ? undefined : end.kind === 'in-sync' ? 'in-sync' : 'failed';
      },
      isBlocked: (name) => this.#keyed.verdictOf(name)?.kind === 'blocked',
      held: (...asked) => this.#past.held()(...asked),
      suspended: (name) => this.#past.suspended(name),
      whyUnwanted: (name) => this.#past.whyUnwanted(name),
      pause: (id) => this.#outcomes.pauseLeft(id),
      permits: (target, operation) => this.#authority.permits(target, operation),
      before: (target) => this.#authority.before(target),
      isLeaving: (name) => this.#authority.isLeaving(name),
      duplicates: (name) => this.#uncertain.twice(name),
      canResend: (wish, operation) => this.#uncertain.canResend(wish.name, operation),
      maxAge: () => this.observer.maxAge(),
      now: () => ({ monotonic: clock.monotonic(), wall: clock.wall() }),
    };
  }

  /** Aborted when no new write may leave. */
  get stopSignal(): AbortSignal {
    return this.#stopping.stop;
  }

  get writes(): number {
    return this.#writes;
  }

  /** Why everything was given up, if it was. */
  get fatal(): ApiFailure | undefined {
    return this.#fatal;
  }

  setAuthority(authority: Authority): void {
    this.#authority = authority;
  }

  // ── wishes ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** A newer set of wishes replaces the old one at once; only a request already sent is waited for. */
  setWishes(wishes: readonly Wish[], source: Source = NO_SOURCE): void {
    this.#past.source = source;
    this.#wishes.replace(wishes);
    this.wakeAll();
  }

  /** Keeps which names are protected, for when their manifests are gone. */
  rememberProtection(): void {
    this.#keeping.protection(this.#wishes.all());
  }

  /** Keeps which removals are approved. `seen`: the fleet was seen since, so that what is not there is gone. */
  rememberApprovals(load: Load, seen: boolean): void {
    const isThere = (name: string) => this.knowledge.named(name).some((live) => live.state !== 'Terminated');
    this.#keeping.approvals(load, seen ? isThere : undefined);
    if (seen && load.complete) this.#keeping.forget((name) => this.#wishes.get(name) !== undefined, isThere);
  }

  wish(name: string): Wish | undefined {
    return this.#wishes.get(name);
  }

  // ── plan ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Looks once, at `everything` or at what the wishes need. False when not all of it could be had and trusted. */
  async look(everything: boolean, signal: AbortSignal): Promise<boolean> {
    return (await this.glance(everything, signal)) === 'seen';
  }

  /**
   * As `look`; `unseen`: there is no list that can be trusted. `partly`: a single service could not be looked at, so
   * that the others can be judged and what is shown of this one would be a guess.
   */
  async glance(everything: boolean, signal: AbortSignal): Promise<'seen' | 'partly' | 'unseen'> {
    if (!(await this.observer.list(signal))) return 'unseen';
    const claimsOf = (name: string) => this.#keeping.claimsOf(name);
    const looker = { knowledge: this.knowledge, observer: this.observer, claimsOf };
    let all = await lookAtWished(this.#wishes.all(), looker, signal);
    const isWished = (name: string) => this.#wishes.get(name) !== undefined;
    if (everything) all = (await lookAtOthers(isWished, looker, signal)) && all;
    return signal.aborted ? 'unseen' : all ? 'seen' : 'partly';
  }

  /** The plan of what is known now. */
  plan(load: Load, safety: PlanInput['safety'], inGrace: ReadonlySet<string>): Planned {
    const { clock, settings } = this.#parts;
    const memory = this.#keeping.memory();
    const { commit } = load;
    const { removedBy } = this.#past.source;
    return makePlan({
      ...(commit === undefined ? {} : { commit }),
      ...(removedBy === undefined ? {} : { removedBy }),
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
      quarantine: this.#past.held(),
      suspended: (name) => this.#past.suspended(name),
      changed: (wish, live) =>
        live !== undefined && this.#keeping.isAsBefore(wish, live)
          ? undefined
          : this.#past.changed(wish, live),
      wallNow: clock.wall(),
      pace: settings.pace,
    });
  }

  // ── motion ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** Starts a convergence for `target` unless there is one. */
  start(target: Target): void {
    const ended = () => {
      this.#authority.ended(target);
      this.#wakeAround(target);
    };
    this.#keyed.start(target, () => converge(target, this), ended);
  }

  /** Resolves when every convergence has come to its end. */
  ends(): Promise<ReadonlyMap<string, Verdict>> {
    return this.#keyed.ends();
  }

  /** Resolves when what was to be kept is on disk, or cannot be. */
  kept(): Promise<void> {
    return this.#keeping.idle();
  }

  isRunning(id: string): boolean {
    return this.#keyed.isRunning(id);
  }

  /** The latest verdict about a target, its end included. */
  verdictOf(id: string): Verdict | undefined {
    return this.#keyed.verdictOf(id) ?? this.#keyed.endOf(id);
  }

  /** What a running target is at, and since when; `nextPass` in monotonic time. */
  doing(id: string, nextPass: number | undefined): Doing | undefined {
    return this.#history.doing(id, this.#keyed.verdictOf(id), nextPass);
  }

  /** Forgets what was refused, failed or quarantined, and tries again (`retry NAME`). */
  retry(name: string): void {
    this.#outcomes.forget(name);
    this.#keeping.record({ type: 'retried', name });
    this.#keyed.wake(name);
  }

  /** No new write leaves from now on; what is under way is finished or is in the journal. */
  stop(): void {
    if (!this.#stopping.ask()) return;
    this.wakeAll();
    this.observer.nudge();
  }

  stopped(): boolean {
    return this.#stopping.asked;
  }

  /** What would be decided now, without a word or a trace. */
  peek(target: Target): Verdict {
    return judge(target, this.#bench);
  }

  decide(target: Target): Verdict {
    const verdict = this.peek(target);
    if (this.#keyed.isRunning(target.id)) this.#note(target, verdict);
    return verdict;
  }

  isEnd(target: Target, verdict: Verdict): boolean {
    return this.#authority.isEnd(target, verdict);
  }

  async change(target: Target, ms: number | undefined): Promise<void> {
    const verdict = this.#keyed.verdictOf(target.id);
    if (verdict?.kind === 'wait' && verdict.for.code === 'look') {
      const look = this.observer.look(verdict.for.uuid, verdict.for.name, this.#stopping.stop);
      void look.then((answered) => (answered ? undefined : this.#keyed.wake(target.id)));
    }
    if (this.#keyed.waits()) this.observer.nudge();
    // `stop` wakes everybody, so a sleep need not listen to its signal.
    if (!this.stopped()) await this.#keyed.sleep(target, ms);
  }

  wakeAll(): void {
    this.#keyed.wakeAll();
  }

  #wakeAround(target: Target): void {
    this.#keyed.wakeAround(target, this.#wishes.dependantsOf(target.name));
  }

  async perform(target: Target, verdict: Extract<Verdict, { kind: 'act' }>): Promise<void> {
    this.#keyed.queue(target.id, true);
    const { api, journal, clock, random, settings } = this.#parts;
    // What it was decided from; newer wishes may come while it is under way.
    let { wish, source } = { wish: this.#wishes.get(target.name), source: this.#past.source };
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
          this.#keyed.queue(asked.id, false);
          const now = this.stopped() ? undefined : judge(asked, this.#bench);
          ({ wish, source } = { wish: this.#wishes.get(target.name), source: this.#past.source });
          return now?.kind === 'act' ? now : undefined;
        },
        wish: () => wish,
        approvedBy: (name) => this.#past.approved().get(name),
        journalFailed: (error) => this.#journalFailed(error, target.id),
        underWay: (change) => this.#stopping.underWay(change),
      },
      this.#stopping.leave,
    );
    this.#keyed.queue(target.id, false);
    if (done === undefined) return;
    this.observer.hurry();
    if (done.result.ok) {
      const { live } = done.result.value;
      this.#writes += 1;
      if (done.act.operation.verb === 'create' && live !== undefined)
        this.#keeping.claim(target.name, live.uuid);
      this.#authority.accepted(target, done.act.operation);
      this.#outcomes.accepted(target, done, source.revision);
    } else await this.#notDone(target, done, done.result.failure, wish);
    this.#wakeAround(target);
  }

  async #notDone(
    target: Target,
    done: NonNullable<Performed>,
    failure: ApiFailure,
    wish: Wish | undefined,
  ): Promise<void> {
    const { name } = target;
    if (failure.kind === 'auth' && failure.status === 401) this.#giveUp(failure);
    if (failure.kind === 'not-sent') this.#ears.failed(failure);
    if (done.intent !== undefined && this.#parts.journal.memory().intents.has(name)) {
      this.#uncertain.open(name, done.intent.attempt);
    }
    await this.#outcomes.failed(target, done, failure, wish);
  }

  #journalFailed(error: unknown, id: string): void {
    this.#outcomes.pause(id, JOURNAL_PAUSE);
    this.#keeping.failed(error);
  }

  #giveUp(failure: ApiFailure): void {
    if (this.patienceMs === Number.POSITIVE_INFINITY) return;
    this.#fatal ??= failure;
    this.stop();
  }

  // ── bookkeeping ─────────────────────────────────────────────────────────────────────────────────────────────

  /** Said once for each time that everything that runs has come to rest. */
  #tellSettled(): void {
    const { unsettled } = this.#keyed.counts();
    if (unsettled > 0) this.#atRest = false;
    if (unsettled > 0 || this.#atRest) return;
    this.#atRest = true;
    this.onRest([...this.#wishes.all()].length, () => this.#keyed.blocked());
  }

  /** Says what is new about a target, and keeps what only the journal can keep. */
  #note(target: Target, verdict: Verdict): void {
    const news = describe(target, this.#keyed.verdictOf(target.id), verdict);
    this.#keyed.note(target.id, verdict);
    this.#history.note(target.id, verdict);
    if (news !== undefined) this.#parts.listen(news);
    this.#tellSettled();
    if (verdict.kind !== 'in-sync' || target.kind !== 'wish') return;
    this.#keeping.inSync(target.name, verdict.live, verdict.remember);
    const wish = this.#wishes.get(target.name);
    const isAsWished = !verdict.notes.some(({ code }) => code === 'listed' || code === 'frozen');
    if (wish !== undefined && verdict.live !== undefined && isAsWished)
      this.#keeping.applied(wish, verdict.live, this.#past.looking);
  }
}

/** Milliseconds. */
const JOURNAL_PAUSE = 5_000;
