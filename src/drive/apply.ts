/**
 * A plan, once: every course that was shown is driven to its end, and nothing that was not shown is done.
 */
import type { ApiFailure } from '../service/failure.ts';
import type { Plan, PlannedService } from '../service/plan.ts';
import type { Clock } from '../service/ports.ts';
import type { Block, Operation } from '../service/service.ts';
import type { Authority } from './authority.ts';
import type { Target, Verdict } from './bench.ts';
import type { Fleet } from './fleet.ts';
import { Permit, permitId } from './permit.ts';

/** How long the API may be out of reach, in milliseconds (design §9). */
const PATIENCE_MS = 30_000;

export interface ApplyOptions {
  /** For the whole of it, in milliseconds. */
  readonly deadlineMs: number;
  /** One operation at a time, in the order of `seq`. */
  readonly inOrder: boolean;
  /** Aborts on SIGINT or SIGTERM: no new write, what is under way is finished or journalled. */
  readonly signal: AbortSignal;
}

export interface ApplyResult {
  /** By name (`delete <uuid>` for what was only to go). */
  readonly ends: ReadonlyMap<string, Verdict>;
  /** Not at the end that was planned, by name. */
  readonly undone: readonly string[];
  readonly writes: number;
  readonly stoppedBy: 'signal' | 'deadline' | 'api' | undefined;
  readonly failure: ApiFailure | undefined;
  /** Design §9; the first that fits. */
  readonly exitCode: 0 | 1 | 4 | 5 | 6 | 130;
}

export async function apply(
  fleet: Fleet,
  plan: Plan,
  clock: Clock,
  options: ApplyOptions,
): Promise<ApplyResult> {
  const authority = new PermitAuthority(fleet, plan, options.inOrder);
  fleet.setAuthority(authority);
  fleet.patienceMs = PATIENCE_MS;
  let stoppedBy: ApplyResult['stoppedBy'];
  const over = new AbortController();
  const stop = (why: 'signal' | 'deadline') => {
    stoppedBy ??= why;
    fleet.stop();
  };
  const onSignal = () => stop('signal');
  options.signal.addEventListener('abort', onSignal);
  void clock.sleep(options.deadlineMs, over.signal).then(() => {
    if (!over.signal.aborted) stop('deadline');
  });
  fleet.rememberProtection();
  for (const target of authority.targets()) fleet.start(target);
  const looking = fleet.observer.run(AbortSignal.any([over.signal, fleet.stopSignal]));
  if (options.signal.aborted) onSignal();
  const ends = await fleet.ends();
  over.abort();
  await looking;
  await fleet.kept();
  options.signal.removeEventListener('abort', onSignal);
  const failure = fleet.fatal;
  if (failure !== undefined) stoppedBy ??= 'api';
  const undone = authority.undone(ends);
  const facts = { writes: fleet.writes, stoppedBy, undone, plan, ends };
  return { ends, undone, writes: fleet.writes, stoppedBy, failure, exitCode: exitCode(facts) };
}

function exitCode(facts: {
  readonly writes: number;
  readonly stoppedBy: ApplyResult['stoppedBy'];
  readonly undone: readonly string[];
  readonly plan: Plan;
  readonly ends: ReadonlyMap<string, Verdict>;
}): ApplyResult['exitCode'] {
  const { writes, stoppedBy, undone, plan, ends } = facts;
  if (stoppedBy === 'signal') return 130;
  if (stoppedBy === 'api') return writes === 0 ? 1 : 5;
  if (plan.exitCode === 4) return 4;
  const failed = undone.some((name) => {
    const kind = ends.get(name)?.kind;
    return kind === 'blocked' || kind === 'off-plan' || kind === 'stalled';
  });
  if (failed) return 5;
  return stoppedBy === 'deadline' && undone.length > 0 ? 6 : 0;
}

class PermitAuthority implements Authority {
  readonly #fleet: Fleet;
  readonly #permit: Permit;
  readonly #services = new Map<string, PlannedService>();

  constructor(fleet: Fleet, plan: Plan, inOrder: boolean) {
    this.#fleet = fleet;
    this.#permit = new Permit(plan, inOrder, (uuid) => fleet.knowledge.get(uuid)?.name);
    for (const service of plan.services) this.#services.set(idOf(service), service);
  }

  targets(): readonly Target[] {
    return [...this.#services.entries()]
      .filter(([, service]) => service.course.length > 0)
      .map(([id, { name, want, uuid }]): Target => {
        if (want !== 'absent') return { kind: 'wish', id, name };
        return { kind: 'delete', id, name, uuid: uuid ?? '' };
      });
  }

  permits(target: Target, operation: Operation): 'now' | 'later' | 'no' | Block {
    const answer = this.#permit.allows(target.id, operation);
    if (answer === 'no' || target.kind !== 'delete') return answer;
    const by = this.#linkedFromOutside(target.uuid);
    return by.length > 0 ? { code: 'linked-from', by } : answer;
  }

  accepted(target: Target, operation: Operation): void {
    this.#permit.spend(target.id, operation);
  }

  ended(target: Target): void {
    this.#permit.end(target.id);
  }

  isLeaving(name: string): boolean {
    return this.#permit.isLeaving(name);
  }

  /**
   * Dependants go first; in a circle of links the plan's order decides. One that stays is over when it has come to its
   * end: one that still links then has failed to let go.
   */
  before({ id, uuid }: Extract<Target, { kind: 'delete' }>): readonly string[] {
    const service = this.#services.get(id);
    if (service === undefined) return [];
    return this.#fleet.knowledge.linkingTo(uuid).flatMap((dependant) => {
      const gone = this.#services.get(permitId('absent', dependant.name, dependant.uuid));
      if (gone !== undefined) return firstSeq(gone) < firstSeq(service) ? [idOf(gone)] : [];
      return this.#isDriven(dependant.name) ? [dependant.name] : [];
    });
  }

  isEnd(target: Target, verdict: Verdict): boolean {
    if (verdict.kind === 'act' || verdict.kind === 'wait') return false;
    if (verdict.kind !== 'in-sync' || target.kind !== 'wish') return true;
    // A dependency that is still under way may get another uuid, and this service another link.
    return (this.#fleet.wish(target.name)?.dependsOn ?? []).every((name) => !this.#fleet.isRunning(name));
  }

  undone(ends: ReadonlyMap<string, Verdict>): readonly string[] {
    return [...this.#services.entries()].flatMap(([id, service]) => {
      if (service.end.kind === 'blocked' || service.course.length === 0) return [];
      return ends.get(id)?.kind === 'in-sync' ? [] : [id];
    });
  }

  #linkedFromOutside(uuid: string): readonly string[] {
    return this.#fleet.knowledge
      .linkingTo(uuid)
      .filter((one) => !this.#services.has(permitId('absent', one.name, one.uuid)))
      .filter((one) => !this.#isDriven(one.name))
      .map((one) => one.name);
  }

  #isDriven(name: string): boolean {
    return (this.#services.get(name)?.course.length ?? 0) > 0;
  }
}

function idOf(service: PlannedService): string {
  return permitId(service.want, service.name, service.uuid);
}

function firstSeq(service: PlannedService): number {
  const first = service.course.find((move) => move.kind === 'operation');
  return first?.kind === 'operation' ? first.seq : 0;
}
