/**
 * The plan of a whole fleet: courses in one order, deletes reviewed, everything counted. Pure.
 *
 * `apply` holds the result as its permit; `run` makes it anew each pass and takes from it what may be terminated.
 */
import type { Capabilities, Extension } from '../service/extensions.ts';
import { FIELD_NAMES, FIELDS, type Field } from '../service/fields.ts';
import type { Memory } from '../service/memory.ts';
import type { Orphan, Plan } from '../service/plan.ts';
import type { Block, Course, Difference, Live, Objection } from '../service/service.ts';
import type { Spec } from '../service/spec.ts';
import { type FleetCourse, fleetCourses } from './courses.ts';
import { chooseDeletes, recentDeletes, review, type Safety } from './deletes.ts';
import { fieldsOf } from './diff.ts';
import { gates, isGated, unresolvedLinks } from './links.ts';
import type { Quarantine } from './quarantine.ts';
import { inSequence, type Row } from './rows.ts';
import { differences } from './step.ts';
import { summarize } from './summary.ts';
import { type Question, type Survey, type SurveyInput, survey } from './survey.ts';
import { unfold } from './unfold.ts';

export interface PlanInput extends SurveyInput {
  readonly revision: string;
  /** Anything less than complete suspends every delete of the source. */
  readonly complete: boolean;
  readonly documents: number;
  readonly safety: Safety;
  /** Orphans whose absence is too young to be believed (`run` only). */
  readonly inGrace: ReadonlySet<string>;
  readonly quarantine: Quarantine;
  readonly wallNow: number;
  /** Requests per second and burst, for the forecast. */
  readonly pace: { readonly rate: number; readonly burst: number };
}

/** The plan, and the survey it was made from. */
export interface Planned {
  readonly plan: Plan;
  readonly survey: Survey;
}

export function makePlan(input: PlanInput): Planned {
  const fleet = survey(input);
  const prunes = input.safety.prune === 'owned' && input.complete;
  const candidates = prunes ? fleet.orphans.filter((live) => !input.inGrace.has(live.name)) : [];
  const nothing = new Map<string, Block>();
  const unreviewed = (leaving: ReadonlySet<string>) => {
    const courses = fleetCourses(fleet, input.memory, input.quarantine, nothing, leaving);
    return { first: courses, chosen: chooseDeletes(candidates, fleet, input.memory, courses) };
  };
  // A dependant that is held after all still needs its link, and a replace that is off lets no link go: until settled.
  let { first, chosen } = unreviewed(new Set(candidates.map((live) => live.uuid)));
  for (let size = candidates.length; chosen.wanted.size < size; ) {
    size = chosen.wanted.size;
    ({ first, chosen } = unreviewed(new Set(chosen.wanted.keys())));
  }
  const replaces = [...first].flatMap(([name, one]) => (one.replaces ? [name] : []));
  const names = [...chosen.wanted.values()].map((live) => live.name);
  const recent = recentDeletes(input.memory, input.wallNow, new Set([...names, ...replaces]));
  const objections = review(names, replaces, fleet, recent, input.safety);

  const refusal = objections[0];
  const refused = new Map<string, Block>(
    refusal === undefined
      ? []
      : replaces.map((name) => [name, { code: 'deletes-refused', objection: refusal }]),
  );
  const courses =
    refusal === undefined || replaces.length === 0
      ? first
      : fleetCourses(fleet, input.memory, input.quarantine, refused, new Set());

  const rows = [...wishedRows(fleet, courses), ...deleteRows(fleet, chosen, courses, refusal)];
  const services = inSequence(rows, Object.fromEntries(fleet.present.map((live) => [live.uuid, live.name])));
  return {
    survey: fleet,
    plan: {
      revision: input.revision,
      ...summarize(services, orphansOf(fleet, input), objections, fleet, input),
    },
  };
}

function wishedRows(fleet: Survey, courses: ReadonlyMap<string, FleetCourse>): readonly Row[] {
  return [...courses].map(([name, { course, question, uncertain, replaces }]): Row => {
    const wish = fleet.wishes.get(name);
    const seen = fleet.matches.get(name);
    if (wish === undefined || seen === undefined) throw new Error(`a course without a wish: ${name}`);
    const live = seen.kind === 'matched' || seen.kind === 'foreign' ? seen.live : undefined;
    const asked = question.kind === 'ask' ? question : undefined;
    const dependsOn = wish.dependsOn.filter((one) => {
      const dependency = fleet.wishes.get(one);
      return dependency !== undefined && gates(dependency);
    });
    // A name without a uuid yet is linked to once it is made, whether or not it gates.
    const linked = course.moves.flatMap((move) =>
      move.kind === 'act' ? unresolvedLinks(move.operation) : [],
    );
    const differ = asked === undefined ? [] : differing(course, asked);
    const notes = [
      ...(seen.kind === 'matched' && seen.ownership === 'adopted' ? [{ code: 'adopted' } as const] : []),
      ...(seen.kind === 'matched' && seen.ownership === 'unverified'
        ? [{ code: 'unverified' } as const]
        : []),
      ...(seen.kind === 'none' && seen.twin !== undefined
        ? [{ code: 'terminated-twin', uuid: seen.twin } as const]
        : []),
      ...wish.dependsOn.flatMap((one) => {
        const dependency = fleet.wishes.get(one);
        return dependency !== undefined && !gates(dependency)
          ? [{ code: 'dependency-not-running', name: one } as const]
          : [];
      }),
    ];
    return {
      id: name,
      name,
      want: wish.want,
      live,
      observed: asked?.observed,
      course,
      uncertain,
      notes,
      differences: differ,
      unmanaged: live === undefined ? [] : unmanaged(wish.spec, live.fields, fieldsOf(differ)),
      unknowns: wish.unknowns,
      replaces,
      dependsOn,
      after: [...new Set([...dependsOn, ...linked])],
      gated: (...asked) => isGated(...asked) || unresolvedLinks(asked[0]).length > 0,
      place: wish.place,
    };
  });
}

/** What differs now. A course without moves that ends in sync has already looked, and lists what it leaves. */
function differing(course: Course, asked: Extract<Question, { kind: 'ask' }>): readonly Difference[] {
  if (course.moves.length > 0 || course.end.kind !== 'in-sync') {
    return differences(asked.desired, asked.observed, asked.policy);
  }
  return course.end.notes.flatMap((note) => (note.code === 'listed' ? note.differences : []));
}

function deleteRows(
  fleet: Survey,
  chosen: ReturnType<typeof chooseDeletes>,
  courses: ReadonlyMap<string, FleetCourse>,
  refusal: Objection | undefined,
): readonly Row[] {
  const row = (live: Live, block: Block | undefined): Row => {
    const desired = { want: 'absent', name: live.name } as const;
    const observed =
      typeof live.state === 'string'
        ? ({ exists: true, uuid: live.uuid, state: live.state, fields: live.fields } as const)
        : ({ exists: 'unclear', uuid: live.uuid, state: live.state.unknown } as const);
    const seen = { ...observed, deployedBefore: true, redeployToken: undefined };
    const policy = { allowReplace: false, protect: false, capabilities: fleet.capabilities };
    const course =
      block === undefined
        ? unfold(desired, seen, policy)
        : { moves: [], end: { kind: 'blocked', block } as const };
    const before = (fleet.dependants.get(live.uuid) ?? []).map((one) =>
      chosen.wanted.has(one.uuid) ? one.uuid : one.name,
    );
    return {
      id: live.uuid,
      name: live.name,
      want: 'absent',
      live,
      observed: seen,
      course,
      uncertain: false,
      notes: [],
      differences: [],
      unmanaged: [],
      unknowns: [],
      replaces: false,
      dependsOn: [],
      after: before.filter((id) => chosen.wanted.has(id) || courses.has(id)),
      gated: () => true,
      place: undefined,
    };
  };
  const refused: Block | undefined =
    refusal === undefined ? undefined : { code: 'deletes-refused', objection: refusal };
  return [
    ...[...chosen.wanted.values()].map((live) => row(live, refused)),
    ...[...chosen.blocked.values()].map(({ live, block }) => row(live, block)),
  ];
}

function orphansOf(fleet: Survey, input: PlanInput): readonly Orphan[] {
  const stays = (live: Live): Orphan['why'] | undefined => {
    if (input.safety.prune === 'never') return 'prune-never';
    if (!input.complete) return 'incomplete-load';
    return input.inGrace.has(live.name) ? 'grace' : undefined;
  };
  return fleet.orphans.flatMap((live) => {
    const why = stays(live);
    const state = typeof live.state === 'string' ? live.state : live.state.unknown;
    return why === undefined ? [] : [{ name: live.name, uuid: live.uuid, state, why }];
  });
}

/** Live fields, not at their default and not filled in by the image, that the manifest does not declare. */
function unmanaged(declared: Spec, live: Spec, differing: readonly Field[]): readonly Field[] {
  return FIELD_NAMES.filter((field) => {
    const row = FIELDS[field];
    if (declared[field] !== undefined || live[field] === undefined || differing.includes(field)) return false;
    if (field === 'container_envvars') return (live.container_envvars ?? []).length > 0;
    return !row.imageDerived && JSON.stringify(live[field]) !== JSON.stringify(row.default);
  });
}

/** What the server offers now and offered before: the difference is lost (design §4). */
export function capabilitiesFrom(offered: readonly Extension[], memory: Memory): Capabilities {
  return { offered, lost: memory.capabilities.filter((one) => !offered.includes(one)) };
}
