/**
 * How every service is doing, from the plan of what is known now and, where a daemon runs, from what it is at.
 */
import { offers } from '../service/extensions.ts';
import { EVERYTHING, type Suspension } from '../service/memory.ts';
import type { Plan, PlannedService } from '../service/plan.ts';
import type { Live } from '../service/service.ts';
import { type Action, allows, isServiceState, takesUpdate } from '../service/states.ts';
import type { FleetStatus, ServiceStatus, Sync } from '../service/status.ts';
import type { Survey } from './survey.ts';

/** What a daemon knows beyond the plan; times in wall-clock milliseconds. */
export interface Doing {
  readonly kind: 'in-sync' | 'act' | 'wait' | 'blocked' | 'stalled' | 'off-plan';
  readonly waitsFor: string | undefined;
  readonly block: ServiceStatus['block'];
  readonly since: number;
  readonly deadline: number | undefined;
  readonly nextLook: number | undefined;
  readonly decisions: ServiceStatus['decisions'];
}

/**
 * `isComplete`: the plan is of all manifests. Of less, nothing that no wish names is called an orphan: its manifest may
 * be the one that cannot be read.
 */
export function fleetStatus(
  plan: Plan,
  survey: Survey,
  problems: readonly string[],
  at: number,
  doing: (service: PlannedService) => Doing | undefined,
  suspensions: ReadonlyMap<string, Suspension> = new Map(),
  isComplete = problems.length === 0,
): FleetStatus {
  const lives = new Map(survey.present.map((live) => [live.uuid, live]));
  const planned = plan.services.map((service) =>
    serviceStatus(service, lives.get(service.uuid ?? ''), survey, doing(service)),
  );
  const orphans = plan.orphans.map((orphan) => ({
    ...orphanStatus(lives.get(orphan.uuid), orphan.name, survey),
    sync: isComplete && orphan.why !== 'incomplete-load' ? ('orphan' as const) : ('not-compared' as const),
  }));
  const services = [...planned, ...orphans].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const suspended = [...suspensions].map(([name, { until, by, reason }]) => ({
    name: name === EVERYTHING ? undefined : name,
    until: Math.round(until),
    by,
    reason,
  }));
  return {
    formatVersion: 1,
    at: Math.round(at),
    revision: plan.revision,
    problems,
    services,
    suspensions: suspended,
  };
}

function serviceStatus(
  service: PlannedService,
  live: Live | undefined,
  survey: Survey,
  doing: Doing | undefined,
): ServiceStatus {
  const { end, course } = service;
  const operations = course.flatMap((move) => (move.kind === 'operation' ? [move.operation.verb] : []));
  const first = course[0];
  const waits = first?.kind === 'wait' ? first.wait : undefined;
  return {
    ...liveFacts(live, survey),
    name: service.name,
    want: service.want,
    sync: syncOf(service, doing),
    block: end.kind === 'blocked' ? end.block : doing?.block,
    waitsFor: doing?.waitsFor ?? waits,
    next: operations,
    differences: service.differences,
    notes: end.kind === 'in-sync' ? end.notes : [],
    ...(service.changed === undefined ? {} : { changed: service.changed }),
    since: whole(doing?.since),
    deadline: whole(doing?.deadline),
    nextLook: whole(doing?.nextLook),
    decisions: (doing?.decisions ?? []).map((one) => ({ ...one, at: Math.round(one.at) })),
  };
}

/** The daemon's clock has fractions of a millisecond. */
const whole = (at: number | undefined) => (at === undefined ? undefined : Math.round(at));

function syncOf(service: PlannedService, doing: Doing | undefined): Sync {
  const [first] = service.course;
  if (first === undefined) return service.end.kind === 'blocked' ? 'blocked' : 'in-sync';
  if (doing?.kind === 'stalled') return 'stalled';
  if (doing?.kind === 'blocked') return 'blocked';
  if (first.kind === 'wait' || doing?.kind === 'act') return 'changing';
  return doing?.kind === 'wait' ? 'waiting' : 'out-of-sync';
}

function orphanStatus(live: Live | undefined, name: string, survey: Survey): ServiceStatus {
  return {
    ...liveFacts(live, survey),
    name,
    want: undefined,
    sync: 'orphan',
    block: undefined,
    waitsFor: undefined,
    next: [],
    differences: [],
    notes: [],
    since: undefined,
    deadline: undefined,
    nextLook: undefined,
    decisions: [],
  };
}

function liveFacts(live: Live | undefined, survey: Survey) {
  const target = live?.fields.target_num_containers;
  const { running, current } = live?.containers ?? {};
  const state =
    live === undefined ? undefined : typeof live.state === 'string' ? live.state : live.state.unknown;
  return {
    uuid: live?.uuid,
    state,
    image: live?.fields.image,
    containers: {
      ...(target === undefined ? {} : { target }),
      ...(current === undefined ? {} : { current }),
      ...(running === undefined ? {} : { running }),
    },
    deployedAt: live?.deployedAt,
    allows: state === undefined ? [] : allowedIn(state, survey),
    note: live?.note,
  };
}

const ACTIONS: readonly Action[] = ['start', 'stop', 'redeploy', 'terminate'];

/** What the state table lets be asked for, PATCH as `update`. */
export function allowedIn(state: string, survey: Pick<Survey, 'capabilities'>): readonly string[] {
  if (!isServiceState(state)) return [];
  const actions = ACTIONS.filter((action) =>
    allows(state, action, (extension) => offers(survey.capabilities, extension)),
  );
  return takesUpdate(state) ? ['update', ...actions] : actions;
}
