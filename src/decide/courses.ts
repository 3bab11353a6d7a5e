/**
 * The courses of a whole fleet: each service unfolded, then cut where something outside of it stands in the way.
 *
 * A course is cut at a gated operation whose dependency ends blocked, at a replace that would leave a dependant
 * without its link, at a terminate that ownership does not carry, and where the review refused it.
 */
import type { Memory } from '../service/memory.ts';
import type { Block, Course, Decision, Live, Move, Observed, Wish } from '../service/service.ts';
import { serviceUri } from '../service/uri.ts';
import { dependencyOrder, gates, isGated } from './links.ts';
import { predict, settle } from './model.ts';
import { liveUuid, type Question, question, type Survey } from './survey.ts';
import { unfold } from './unfold.ts';

export interface FleetCourse {
  readonly course: Course;
  readonly question: Question;
  /** A create whose outcome is not known comes first. */
  readonly uncertain: boolean;
  /** It terminates and makes anew. */
  readonly replaces: boolean;
}

/** Replaces that must not be done, and why; grows while courses are found to stand in each other's way. */
type Forbidden = ReadonlyMap<string, Block>;

/** How an accepted operation is known again, for the quarantine (design §8). */
export type Quarantine = (name: string, decision: Extract<Decision, { kind: 'act' }>) => Block | undefined;

export function fleetCourses(
  fleet: Survey,
  memory: Memory,
  quarantine: Quarantine,
  refused: Forbidden,
  leaving: ReadonlySet<string>,
): ReadonlyMap<string, FleetCourse> {
  const order = dependencyOrder([...fleet.wishes.values()]);
  let forbidden = refused;
  for (;;) {
    const courses = unfoldAll(order, fleet, memory, quarantine, forbidden);
    const unlinked = firstUnlinked(order, fleet, courses, leaving);
    if (unlinked === undefined) return courses;
    forbidden = new Map([...forbidden, unlinked]);
  }
}

function unfoldAll(
  order: readonly Wish[],
  fleet: Survey,
  memory: Memory,
  quarantine: Quarantine,
  forbidden: Forbidden,
): ReadonlyMap<string, FleetCourse> {
  const courses = new Map<string, FleetCourse>();
  const made = new Set<string>();
  const uuidOf = (name: string) => (made.has(name) ? undefined : liveUuid(fleet.matches.get(name)));
  for (const wish of order) {
    const seen = fleet.matches.get(wish.name);
    if (seen === undefined) continue;
    const asked = question(wish, seen, fleet.capabilities, uuidOf);
    const one = courseOf(wish, asked, courses, fleet, quarantine, forbidden.get(wish.name));
    const uncertain = seen.kind === 'none' && memory.intents.has(wish.name);
    courses.set(wish.name, { ...one, uncertain });
    if (one.course.moves.some((move) => move.kind === 'act' && move.operation.verb === 'create'))
      made.add(wish.name);
  }
  return courses;
}

function courseOf(
  wish: Wish,
  asked: Question,
  courses: ReadonlyMap<string, FleetCourse>,
  fleet: Survey,
  quarantine: Quarantine,
  forbidden: Block | undefined,
): Omit<FleetCourse, 'uncertain'> {
  if (wish.frozen === true) {
    const notes = [{ code: 'frozen' }] as const;
    return {
      course: { moves: [], end: { kind: 'in-sync', notes, remember: undefined } },
      question: asked,
      replaces: false,
    };
  }
  if (asked.kind === 'blocked') {
    return { course: { moves: [], end: asked }, question: asked, replaces: false };
  }
  const whole = unfold(asked.desired, asked.observed, asked.policy);
  const stuck = stuckDependency(wish, courses, fleet);
  let seen: Observed = asked.observed;
  const moves: Move[] = [];
  for (const move of whole.moves) {
    const block =
      move.kind === 'act' ? obstacle(wish, asked, move, seen, stuck, quarantine, forbidden) : undefined;
    if (block !== undefined) {
      return { course: { moves, end: { kind: 'blocked', block } }, question: asked, replaces: false };
    }
    moves.push(move);
    seen = move.kind === 'act' ? predict(seen, move.operation, wish.name) : settle(seen);
  }
  const replaces = whole.moves.some((move) => move.kind === 'act' && move.operation.verb === 'terminate');
  return { course: whole, question: asked, replaces };
}

function obstacle(
  wish: Wish,
  asked: Extract<Question, { kind: 'ask' }>,
  move: Extract<Move, { kind: 'act' }>,
  seen: Observed,
  stuck: Block | undefined,
  quarantine: Quarantine,
  forbidden: Block | undefined,
): Block | undefined {
  if (move.operation.verb === 'terminate') {
    if (!asked.verified) return { code: 'unverified', uuid: move.operation.uuid };
    if (forbidden !== undefined) return forbidden;
  }
  if (stuck !== undefined && isGated(move.operation, move.why, seen)) return stuck;
  return quarantine(wish.name, move);
}

/** The first dependency that will not reach its wish, or does not exist. */
function stuckDependency(
  wish: Wish,
  courses: ReadonlyMap<string, FleetCourse>,
  fleet: Survey,
): Block | undefined {
  for (const name of wish.dependsOn) {
    const dependency = fleet.wishes.get(name);
    const end = courses.get(name)?.course.end;
    if (dependency === undefined || end === undefined) continue;
    if (gates(dependency) && end.kind === 'blocked') return { code: 'dependency', name, why: 'blocked' };
  }
  return undefined;
}

/** The first replace that would take a link away from a service that cannot be given the new one (design §6). */
function firstUnlinked(
  order: readonly Wish[],
  fleet: Survey,
  courses: ReadonlyMap<string, FleetCourse>,
  leaving: ReadonlySet<string>,
): [string, Block] | undefined {
  for (const wish of order) {
    const seen = fleet.matches.get(wish.name);
    if (courses.get(wish.name)?.replaces !== true || seen?.kind !== 'matched') continue;
    const dependant = dependantsOf(seen.live, fleet.present)
      .filter((live) => !leaving.has(live.uuid))
      .find((live) => !isRelinked(live, fleet, courses));
    if (dependant !== undefined) return [wish.name, { code: 'replace-unlinks', dependant: dependant.name }];
  }
  return undefined;
}

/** Live services that link to `target`, by either side's report. */
export function dependantsOf(target: Live, present: readonly Live[]): readonly Live[] {
  const uri = serviceUri(target.uuid);
  return present.filter(
    (live) =>
      live.uuid !== target.uuid &&
      live.state !== 'Terminating' &&
      (live.fields.linked_to_service?.some((link) => link.to_service === uri) === true ||
        target.linkedFrom?.includes(live.uuid) === true),
  );
}

function isRelinked(live: Live, fleet: Survey, courses: ReadonlyMap<string, FleetCourse>): boolean {
  const wish = fleet.wishes.get(live.name);
  const seen = fleet.matches.get(live.name);
  const course = courses.get(live.name)?.course;
  if (
    wish === undefined ||
    course === undefined ||
    seen?.kind !== 'matched' ||
    seen.live.uuid !== live.uuid
  ) {
    return false;
  }
  const declares = wish.spec.linked_to_service !== undefined && !wish.ignore.includes('linked_to_service');
  return declares && course.end.kind === 'in-sync';
}
