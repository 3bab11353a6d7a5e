/**
 * A course as a path: the states it passes, and between them what is done (`Running → PATCH → Scaling → Running`).
 */
import type { PlannedService } from '../service/plan.ts';
import { OPERATION_WORDS } from './words.ts';

/** The steps of the path; the first is the state now. Text of an unknown state is raw. */
export function coursePath(service: PlannedService): readonly string[] {
  let state = service.state ?? 'absent';
  const path = [state];
  for (const move of service.course) {
    if (move.kind === 'operation') {
      path.push(OPERATION_WORDS[move.operation.verb]);
      state = move.leadsTo ?? state;
      path.push(state);
      continue;
    }
    if (move.wait === 'uncertain') path.push('look for an uncertain create');
    else if (move.wait !== state) path.push(move.wait);
    state = move.until ?? state;
    if (move.until !== undefined) path.push(state);
  }
  if (service.course.length > 0 && service.end.kind === 'blocked') path.push('blocked');
  return path;
}

/** What a service's course is, for headings, signs and counts: the loudest thing in it. */
export type Kind = 'delete' | 'replace' | 'create' | 'change' | 'wait' | 'blocked' | 'in-sync';

export function kindOf(service: PlannedService): Kind {
  const verbs = service.course.flatMap((move) => (move.kind === 'operation' ? [move.operation.verb] : []));
  if (service.replaces && verbs.includes('terminate')) return 'replace';
  if (verbs.includes('terminate')) return service.want === 'absent' ? 'delete' : 'replace';
  if (verbs.includes('create')) return 'create';
  if (verbs.length > 0) return 'change';
  if (service.end.kind === 'blocked') return 'blocked';
  return service.course.length > 0 ? 'wait' : 'in-sync';
}
