/**
 * The same drive, again and again: what is wished may change, what is live may drift, nothing ever ends.
 *
 * It holds no permit. What it may terminate is what the review of the latest pass let go, from a complete load and a
 * trusted list; a name must be absent from two complete loads and for the grace before it is an orphan at all
 * (design §6). A source that cannot be read changes no wish and suspends every delete.
 */

import type { Safety } from '../decide/deletes.ts';
import { fleetStatus } from '../decide/status.ts';
import type { Listen } from '../service/event.ts';
import type { Plan, PlannedService } from '../service/plan.ts';
import type { Clock, Load, Random } from '../service/ports.ts';
import type { Block, Operation } from '../service/service.ts';
import type { FleetStatus, ServiceStatus } from '../service/status.ts';
import { Absences } from './absences.ts';
import type { Authority } from './authority.ts';
import type { Target, Verdict } from './bench.ts';
import { doze } from './doze.ts';
import type { Fleet } from './fleet.ts';
import { OrphanNews } from './orphan-news.ts';
import { permitId } from './permit.ts';
import { sourceNews } from './source-news.ts';

export interface DaemonOptions {
  /** Between passes, in milliseconds; up to a tenth more by chance. */
  readonly intervalMs: number;
  /** How long a name must have been absent, in milliseconds. */
  readonly graceMs: number;
  readonly safety: Safety;
  readonly signal: AbortSignal;
}

export interface DaemonParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly listen: Listen;
  /** Reads the manifests; never throws. A broken file's last good wishes come as `frozen`. */
  readonly load: (signal: AbortSignal) => Promise<Load>;
  /** Calls back when the source may have changed. Returns how to end it. */
  readonly watch: (hint: () => void) => () => void;
}

export class Daemon implements Authority {
  readonly #fleet: Fleet;
  readonly #parts: DaemonParts;
  readonly #options: DaemonOptions;
  readonly #absences = new Absences();
  readonly #orphans = new OrphanNews();
  /** By uuid: what the latest pass's review says of terminating it. */
  #reviewed: ReadonlyMap<string, 'now' | Block> = new Map();
  /** By uuid: the turn of each delete in the latest pass's plan. */
  #deletes: ReadonlyMap<string, number> = new Map();
  #plan: Plan | undefined;
  #load: Load | undefined;
  #nextPass: number | undefined;
  #hinted = true;
  #nudge = new AbortController();
  #lastSuccess: number | undefined;

  constructor(fleet: Fleet, parts: DaemonParts, options: DaemonOptions) {
    this.#fleet = fleet;
    this.#parts = parts;
    this.#options = options;
    fleet.setAuthority(this);
    fleet.onRest = (services, blocked) =>
      parts.listen({ type: 'fleet:converged', services, blocked: blocked() });
  }

  /** How every service is doing; undefined before the first pass that saw the fleet. */
  status(): FleetStatus | undefined {
    const load = this.#load;
    if (load === undefined || this.#fleet.knowledge.lists === 0) return undefined;
    const { plan, survey } = this.#fleet.plan(load, this.#options.safety, this.#inGrace(load));
    const { problems } = load;
    const doing = (service: PlannedService) =>
      this.#fleet.doing(permitId(service.want, service.name, service.uuid), this.#nextPass);
    const suspensions = this.#fleet.suspensions.all();
    const status = fleetStatus(plan, survey, problems, this.#parts.clock.wall(), doing, suspensions);
    return { ...status, services: status.services.map((one) => this.#withCulprit(one)) };
  }

  #withCulprit(one: ServiceStatus): ServiceStatus {
    const changedBy = this.#fleet.drift.culprit(one.name);
    return one.changed === undefined || changedBy === undefined ? one : { ...one, changedBy };
  }

  /** Monotonic time of the last pass that saw a trusted list and a complete load. */
  get lastSuccess(): number | undefined {
    return this.#lastSuccess;
  }

  /** Look at the source and the fleet now rather than at the next interval. */
  hint(): void {
    this.#hinted = true;
    this.#nudge.abort();
  }

  /** Runs until the signal aborts; then what is under way is finished or in the journal. */
  async run(): Promise<void> {
    const { clock, random, watch } = this.#parts;
    const { signal, intervalMs } = this.#options;
    const unwatch = watch(() => this.hint());
    const stop = () => this.#fleet.stop();
    signal.addEventListener('abort', stop);
    const looking = this.#fleet.observer.run(this.#fleet.stopSignal);
    while (!signal.aborted) {
      this.#nudge = new AbortController();
      this.#hinted = false;
      await this.#pass(signal);
      if (this.#hinted) continue;
      const rest = intervalMs * (1 + random.next() / 10);
      this.#nextPass = clock.monotonic() + rest;
      await doze(clock, rest, [signal, this.#nudge.signal]);
    }
    stop();
    unwatch();
    signal.removeEventListener('abort', stop);
    await Promise.all([looking, this.#fleet.ends()]);
    await this.#fleet.kept();
  }

  async #pass(signal: AbortSignal): Promise<void> {
    const { clock, listen } = this.#parts;
    const startedAt = clock.monotonic();
    const before = this.#load;
    const load = await this.#parts.load(signal);
    if (signal.aborted) return;
    for (const event of sourceNews(before, load)) listen(event);
    this.#load = load;
    const { revision, complete, commit } = load;
    listen({
      type: 'pass:start',
      revision,
      services: load.wishes.length,
      complete,
      ...(commit && { commit: commit.sha }),
    });
    // What an earlier review let go waits for the next one; what it held stays held, and is not said again.
    this.#reviewed = new Map([...this.#reviewed].filter(([, answer]) => answer !== 'now'));
    // Also where the fleet cannot be seen: a name that is wished again begins its absence anew.
    this.#absences.wished(load);
    await this.#fleet.suspensions.expire().catch(() => {});
    const removedBy = (name: string) => this.#absences.commitOf(name);
    this.#fleet.setWishes(load.wishes, { revision, commit, removedBy });
    this.#fleet.rememberProtection();
    this.#fleet.rememberApprovals(load, false);
    const seen = await this.#fleet.glance(this.#options.safety.prune === 'owned', signal);
    if (seen === 'unseen') {
      listen({ type: 'pass:failed', revision, tookMs: clock.monotonic() - startedAt });
      return;
    }
    this.#fleet.rememberApprovals(load, true);
    this.#review(load, signal);
    for (const wish of load.wishes) this.#fleet.start({ kind: 'wish', id: wish.name, name: wish.name });
    this.#fleet.wakeAll();
    if (load.complete) this.#lastSuccess = clock.monotonic();
    this.#tellEnd(load, clock.monotonic() - startedAt);
  }

  /** Plans anew; from the plan comes what may be terminated, and which deletes there are. */
  #review(load: Load, signal: AbortSignal): void {
    const { safety } = this.#options;
    const { plan } = this.#fleet.plan(load, safety, this.#inGrace(load));
    this.#fleet.drift.tell(plan, signal);
    const reviewed = new Map<string, 'now' | Block>();
    for (const service of plan.services) {
      if (service.uuid === undefined) continue;
      const terminates = service.course.some(
        (move) => move.kind === 'operation' && move.operation.verb === 'terminate',
      );
      if (terminates) reviewed.set(service.uuid, 'now');
      else if (service.end.kind === 'blocked') reviewed.set(service.uuid, service.end.block);
    }
    this.#reviewed = reviewed;
    const deletes = plan.services.filter((one) => one.want === 'absent');
    this.#deletes = new Map(
      deletes.flatMap((one) => (one.uuid === undefined ? [] : [[one.uuid, firstSeq(one.course)]])),
    );
    for (const objection of plan.objections) {
      if (JSON.stringify(this.#plan?.objections) === JSON.stringify(plan.objections)) break;
      this.#parts.listen({ type: 'deletes:refused', objection });
    }
    this.#plan = plan;
    // Who is in no manifest is known when all of them are read.
    if (load.complete) for (const event of this.#orphans.news(plan.orphans)) this.#parts.listen(event);
    for (const { name, uuid } of deletes) {
      if (uuid !== undefined)
        this.#fleet.start({ kind: 'delete', id: permitId('absent', name, uuid), name, uuid });
    }
  }

  #inGrace(load: Load): ReadonlySet<string> {
    const present = new Set(this.#fleet.knowledge.all().map((live) => live.name));
    return this.#absences.inGrace(load, present, this.#parts.clock.monotonic(), this.#options.graceMs);
  }

  // ── authority ───────────────────────────────────────────────────────────────────────────────────────────────

  permits(target: Target, operation: Operation): 'now' | 'later' | 'no' | Block {
    if (operation.verb !== 'terminate') return 'now';
    if (target.kind === 'delete' && this.#fleet.wish(target.name) !== undefined) return 'no';
    const answer = this.#reviewed.get(operation.uuid);
    if (target.kind !== 'delete') return answer ?? 'later';
    const by = answer === 'now' ? this.#strangersLinkingTo(target.uuid) : [];
    return by.length > 0 ? { code: 'linked-from', by } : (answer ?? 'no');
  }

  accepted(): void {}

  ended(): void {}

  /** Links go by what lives now: nothing here need be as it was shown, and what is held back may stay so for long. */
  isLeaving(): boolean {
    return false;
  }

  /** What is to go first, or to let go first: it was planned to, and may fail. */
  before({ uuid }: Extract<Target, { kind: 'delete' }>): readonly string[] {
    const mine = this.#deletes.get(uuid) ?? 0;
    return this.#fleet.knowledge.linkingTo(uuid).flatMap((other) => {
      const turn = this.#deletes.get(other.uuid);
      if (turn === undefined) return this.#fleet.wish(other.name) === undefined ? [] : [other.name];
      const id = permitId('absent', other.name, other.uuid);
      return turn < mine && this.#fleet.isRunning(id) ? [id] : [];
    });
  }

  /** They came since the plan was made, or began to link since. */
  #strangersLinkingTo(uuid: string): readonly string[] {
    return this.#fleet.knowledge
      .linkingTo(uuid)
      .filter((other) => !this.#deletes.has(other.uuid) && this.#fleet.wish(other.name) === undefined)
      .map(({ name }) => name)
      .sort();
  }

  isEnd(target: Target, verdict: Verdict): boolean {
    if (target.kind === 'wish') return this.#fleet.wish(target.name) === undefined;
    if (verdict.kind === 'off-plan') return true;
    if (verdict.kind !== 'in-sync' && verdict.kind !== 'blocked') return false;
    return verdict.kind === 'in-sync' || this.#reviewed.get(target.uuid) === undefined;
  }

  // ── telling ─────────────────────────────────────────────────────────────────────────────────────────────────

  #tellEnd(load: Load, tookMs: number): void {
    let [inSync, moving, blocked, failing] = [0, 0, 0, 0];
    for (const { name } of load.wishes) {
      const verdict = this.#fleet.peek({ kind: 'wish', id: name, name });
      if (verdict.kind === 'in-sync') inSync += 1;
      else if (verdict.kind === 'blocked') blocked += 1;
      else if (verdict.kind === 'stalled' || (verdict.kind === 'wait' && verdict.for.code === 'backoff'))
        failing += 1;
      else moving += 1;
    }
    const { revision } = load;
    this.#parts.listen({ type: 'pass:end', revision, inSync, moving, blocked, failing, tookMs });
  }
}

function firstSeq(course: Plan['services'][number]['course']): number {
  const first = course.find((move) => move.kind === 'operation');
  return first?.kind === 'operation' ? first.seq : 0;
}
