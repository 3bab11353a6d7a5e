/**
 * The courses of a whole fleet: each service unfolded, then cut where something outside of it stands in the way.
 *
 * A course is cut at a gated operation whose dependency ends blocked, at a replace that would leave a dependant
 * without its link, at a terminate that ownership does not carry, and where the review refused it.
 */
import type { Memory } from '../service/memory.ts';
import type { Block, Course, Live, Move, Observed, Operation, Wish } from '../service/service.ts';
import type { Link } from '../service/spec.ts';
import { uuidOfUri } from '../service/uri.ts';
import type { Held } from './held.ts';
import { dependencyOrder, gates, isGated, unresolvedLinks } from './links.ts';
import type { Match } from './match.ts';
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

export function fleetCourses(
  fleet: Survey,
  memory: Memory,
  quarantine: Held,
  refused: Forbidden,
  leaving: ReadonlySet<string>,
): ReadonlyMap<string, FleetCourse> {
  const order = dependencyOrder([...fleet.wishes.values()]);
  let forbidden = refused;
  for (;;) {
    const courses = unfoldAll(order, fleet, memory, quarantine, forbidden);
    const unlinking = unlinkingReplaces(order, fleet, courses, leaving);
    if (unlinking.size === 0) return courses;
    const again = [...unlinking.keys()].find((name) => forbidden.has(name));
    if (again !== undefined) throw new Error(`the replace of ${again} was forbidden and is still planned`);
    forbidden = new Map([...forbidden, ...unlinking]);
  }
}

function unfoldAll(
  order: readonly Wish[],
  fleet: Survey,
  memory: Memory,
  quarantine: Held,
  forbidden: Forbidden,
): ReadonlyMap<string, FleetCourse> {
  const courses = new Map<string, FleetCourse>();
  const made = new Set<string>();
  const uuidOf = (name: string) => (made.has(name) ? undefined : liveUuid(fleet.matches.get(name)));
  for (const wish of order) {
    const seen = fleet.matches.get(wish.name);
    if (seen === undefined) continue;
    const asked = question(wish, seen, fleet.capabilities, uuidOf);
    const stuck = stuckDependency(wish, courses, fleet);
    const one = courseOf(wish, asked, { stuck, made, forbidden: forbidden.get(wish.name), quarantine });
    const uncertain = seen.kind === 'none' && memory.intents.has(wish.name);
    courses.set(wish.name, { ...one, uncertain });
    if (one.course.moves.some((move) => move.kind === 'act' && move.operation.verb === 'create'))
      made.add(wish.name);
  }
  return courses;
}

/** What outside of a service can stand in the way of its course. */
interface Outside {
  /** A dependency that will not reach its wish holds back what is gated. */
  readonly stuck: Block | undefined;
  /** Names that get a new uuid in this plan. */
  readonly made: ReadonlySet<string>;
  readonly forbidden: Block | undefined;
  readonly quarantine: Held;
}

function courseOf(wish: Wish, asked: Question, outside: Outside): Omit<FleetCourse, 'uncertain'> {
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
  const unlinkable = unlinkableBlock(whole, outside.made);
  let seen: Observed = asked.observed;
  const moves: Move[] = [];
  for (const move of whole.moves) {
    const block = move.kind === 'act' ? obstacle(wish, asked, move, seen, outside, unlinkable) : undefined;
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
  { stuck, forbidden, quarantine }: Outside,
  unlinkable: Block | undefined,
): Block | undefined {
  const terminates = move.operation.verb === 'terminate';
  const held = quarantine(wish, move, seen);
  if (held !== undefined) return held;
  if (terminates) {
    if (!asked.verified) return { code: 'unverified', uuid: move.operation.uuid };
    if (forbidden !== undefined) return forbidden;
  }
  if (stuck !== undefined && isGated(move.operation, move.why, seen)) return stuck;
  // A service that could not be made anew must not be terminated first.
  if (terminates || unresolvedLinks(move.operation).length > 0) {
    if (unlinkable !== undefined) return unlinkable;
  }
  return undefined;
}

/** A link to a name that has no uuid and gets none in this plan can never be sent. */
function unlinkableBlock(course: Course, made: ReadonlySet<string>): Block | undefined {
  const names = course.moves.flatMap((move) => (move.kind === 'act' ? unresolvedLinks(move.operation) : []));
  const name = names.find((one) => !made.has(one));
  return name === undefined ? undefined : { code: 'dependency', name, why: 'missing' };
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
    if (!gates(dependency) || end.kind !== 'blocked') continue;
    // What is suspended is not brought up, and what runs all the same opens the gate.
    if (end.block.code === 'suspended' && runs(fleet.matches.get(name))) continue;
    return { code: 'dependency', name, why: 'blocked' };
  }
  return undefined;
}

function runs(seen: Match | undefined): boolean {
  return seen?.kind === 'matched' && seen.live.state === 'Running';
}

/**
 * The replaces that would take a link away from a service that cannot be given the new one (design §6). Dependants
 * come first, because one that may not be replaced after all stays linked.
 */
function unlinkingReplaces(
  order: readonly Wish[],
  fleet: Survey,
  courses: ReadonlyMap<string, FleetCourse>,
  leaving: ReadonlySet<string>,
): Forbidden {
  const found = new Map<string, Block>();
  for (const { name } of order.toReversed()) {
    const seen = fleet.matches.get(name);
    if (courses.get(name)?.replaces !== true || seen?.kind !== 'matched') continue;
    const kept = (fleet.dependants.get(seen.live.uuid) ?? [])
      .filter((live) => !leaving.has(live.uuid))
      .find((live) => found.has(live.name) || !letsGo(live, seen.live, fleet, courses));
    const dependant = kept?.name ?? fleet.linkedByUri.get(seen.live.uuid)?.[0];
    if (dependant !== undefined) found.set(name, { code: 'replace-unlinks', dependant });
  }
  return found;
}

/**
 * Whether the dependant's own course takes its link to `target` away: by a list without it, or by making the dependant
 * anew. What is only listed, frozen or written as a resource URI stays linked.
 */
export function letsGo(
  dependant: Live,
  target: Live,
  fleet: Survey,
  courses: ReadonlyMap<string, FleetCourse>,
): boolean {
  const seen = fleet.matches.get(dependant.name);
  const course = courses.get(dependant.name)?.course;
  if (seen?.kind !== 'matched' || seen.live.uuid !== dependant.uuid) return false;
  if (course?.end.kind !== 'in-sync') return false;
  const last = course.moves.flatMap((move) => (move.kind === 'act' ? linksSet(move.operation) : [])).at(-1);
  return last?.some((link) => uuidOfUri(link.to_service) === target.uuid) === false;
}

/** The list of links an operation leaves its service with, if it touches them. */
function linksSet(operation: Operation): readonly (readonly Link[])[] {
  if (operation.verb === 'create') return [operation.spec.linked_to_service ?? []];
  const links = operation.verb === 'update' ? operation.patch.linked_to_service : undefined;
  return links === undefined ? [] : [links];
}
