/**
 * Counts, forecast and exit code of a plan (design §9). A service is changed only if its course has an operation.
 */
import type { Orphan, Plan, PlannedService, PlanSummary } from '../service/plan.ts';
import type { Objection, Verb } from '../service/service.ts';
import type { Survey } from './survey.ts';

interface SummaryInput {
  readonly documents: number;
  readonly safety: { readonly prune: 'never' | 'owned'; readonly allowEmpty: boolean };
  readonly pace: { readonly rate: number; readonly burst: number };
}

export function summarize(
  services: readonly PlannedService[],
  orphans: readonly Orphan[],
  objections: readonly Objection[],
  fleet: Survey,
  input: SummaryInput,
): Omit<Plan, 'revision'> {
  const verbs: Record<Verb, number> = { create: 0, update: 0, start: 0, stop: 0, redeploy: 0, terminate: 0 };
  let waits = 0;
  for (const { course } of services) {
    for (const move of course) {
      if (move.kind === 'wait') waits += 1;
      else verbs[move.operation.verb] += 1;
    }
  }
  const count = (matches: (one: PlannedService) => boolean) => services.filter(matches).length;
  const acts = (one: PlannedService) => one.course.some((move) => move.kind === 'operation');
  const writes = Object.values(verbs).reduce((sum, one) => sum + one, 0);
  const blocked = count((one) => one.end.kind === 'blocked');
  const summary: PlanSummary = {
    create: verbs.create,
    update: verbs.update,
    start: verbs.start,
    stop: verbs.stop,
    redeploy: verbs.redeploy,
    delete: count((one) => one.want === 'absent' && acts(one)),
    replace: count((one) => one.replaces),
    inSync: count((one) => one.course.length === 0 && one.end.kind === 'in-sync'),
    blocked,
    waits,
    orphans: orphans.length,
    notExamined: fleet.notExamined,
    forecast: { writes, atLeastSeconds: atLeastSeconds(writes, input.pace) },
  };
  return {
    exitCode: exitCode(writes, blocked, objections, fleet, input),
    services,
    orphans,
    objections,
    summary,
    names: Object.fromEntries(fleet.present.map((live) => [live.uuid, live.name])),
  };
}

function exitCode(
  writes: number,
  blocked: number,
  objections: readonly Objection[],
  fleet: Survey,
  input: SummaryInput,
): Plan['exitCode'] {
  if (input.documents === 0 && !input.safety.allowEmpty) return fleet.owned > 0 ? 4 : 3;
  if (blocked > 0 || objections.length > 0) return 4;
  return writes > 0 ? 2 : 0;
}

/** How long the writes take at least, in seconds: the rate is the only thing known about the future (design §9). */
function atLeastSeconds(writes: number, pace: SummaryInput['pace']): number {
  return Math.max(0, writes - pace.burst) / pace.rate;
}
