/**
 * The plan of a whole fleet: courses in one order, deletes reviewed, everything counted. Pure.
 *
 * `apply` holds the result as its permit; `run` makes it anew each pass and takes from it what may be terminated.
 */
import type { Capabilities, Extension } from '../service/extensions.ts';
import { FIELD_NAMES, FIELDS, type Field } from '../service/fields.ts';
import type { Memory, Suspension } from '../service/memory.ts';
import type { Changed, Orphan, Plan } from '../service/plan.ts';
import type { Block, Course, Difference, Live, Objection, Wish } from '../service/service.ts';
import type { Spec } from '../service/spec.ts';
import { approvals } from './approvals.ts';
import { type FleetCourse, fleetCourses } from './courses.ts';
import { chooseDeletes, type Deletes, recentDeletes, review, type Safety } from './deletes.ts';
import { fieldsOf } from './diff.ts';
import type { Held } from './held.ts';
import { gates, isGated, unresolvedLinks } from './links.ts';
import { deleteRows, type Removal, whyUnwanted } from './removal.ts';
import { inSequence, type Row } from './rows.ts';
import { differences } from './step.ts';
import { summarize } from './summary.ts';
import { type Question, type Survey, type SurveyInput, survey } from './survey.ts';

export interface PlanInput extends SurveyInput, Removal {
  readonly revision: string;
  /** Anything less than complete suspends every delete of the source. */
  readonly complete: boolean;
  readonly documents: number;
  readonly safety: Safety;
  /** Orphans whose absence is too young to be believed (`run` only). */
  readonly inGrace: ReadonlySet<string>;
  /** What the past holds against an operation. */
  readonly quarantine: Held;
  readonly suspended?: (name: string) => Suspension | undefined;
  /** What changed since a service was last as wished. */
  readonly changed?: (wish: Wish, live: Live | undefined) => Changed | undefined;
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
  const first = settled(candidates, new Map(), fleet, input);
  const replaces = [...first.courses].flatMap(([name, one]) => (one.replaces ? [name] : []));
  const names = [...first.chosen.wanted.values()].map((live) => live.name);
  const approved = approvals(input.memory, input.commit, (name) => fleet.wishes.has(name));
  const recent = recentDeletes(input.memory, input.wallNow, new Set([...names, ...replaces]));
  const objections = review(names, replaces, fleet, recent, input.safety, approved);

  const refusal = objections.find(({ code }) => code === 'everything') ?? objections[0];
  const last = refusal === undefined ? first : refuse(refusal, first, replaces);

  const rows = [
    ...wishedRows(fleet, last.courses, input.changed),
    ...deleteRows(fleet, last.chosen, last.courses, (name) => whyUnwanted(name, approved, input)),
  ];
  const services = inSequence(rows, Object.fromEntries(fleet.present.map((live) => [live.uuid, live.name])));
  return {
    survey: fleet,
    plan: {
      revision: input.revision,
      ...summarize(services, orphansOf(fleet, input), objections, fleet, input),
    },
  };

  /** All replaces and deletes are off, but for the approved deletes where it is the limit that objects. */
  function refuse(objection: Objection, all: Settled, replaced: readonly string[]): Settled {
    const block: Block = { code: 'deletes-refused', objection };
    const goes = (live: Live) => objection.code === 'too-many' && approved.has(live.name);
    const rest = settled(
      candidates.filter(goes),
      new Map(replaced.map((name) => [name, block])),
      fleet,
      input,
    );
    const refused = [...all.chosen.wanted].filter(([, live]) => !goes(live));
    const blocked = new Map([
      ...all.chosen.blocked,
      ...rest.chosen.blocked,
      ...refused.map(([uuid, live]) => [uuid, { live, block }] as const),
    ]);
    return { courses: rest.courses, chosen: { wanted: rest.chosen.wanted, blocked } };
  }
}

interface Settled {
  readonly courses: ReadonlyMap<string, FleetCourse>;
  readonly chosen: Deletes;
}

/**
 * Courses and deletes that fit each other: a dependant that is held after all still needs its link, and a replace that is
 * off lets no link go.
 */
function settled(
  candidates: readonly Live[],
  forbidden: ReadonlyMap<string, Block>,
  fleet: Survey,
  input: PlanInput,
): Settled {
  const { memory, quarantine, suspended } = input;
  let leaving = new Set(candidates.map((live) => live.uuid));
  for (;;) {
    const courses = fleetCourses(fleet, memory, quarantine, forbidden, leaving);
    const chosen = chooseDeletes(candidates, fleet, memory, courses, suspended);
    if (chosen.wanted.size >= leaving.size) return { courses, chosen };
    leaving = new Set(chosen.wanted.keys());
  }
}

function wishedRows(
  fleet: Survey,
  courses: ReadonlyMap<string, FleetCourse>,
  changed: PlanInput['changed'],
): readonly Row[] {
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
      changed: wish.frozen === true ? undefined : changed?.(wish, live),
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
