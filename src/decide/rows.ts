/**
 * From courses to the rows of a plan: places in the one order, states along the way, links by name.
 */
import type { Field } from '../service/fields.ts';
import type { Changed, PlannedOperation, PlannedService, PlannedWait } from '../service/plan.ts';
import type {
  Course,
  Difference,
  Live,
  Note,
  Observed,
  Operation,
  Place,
  Reason,
  Unknown,
} from '../service/service.ts';
import type { Link } from '../service/spec.ts';
import { uuidOfUri } from '../service/uri.ts';
import { predict, settle } from './model.ts';
import { sequence, type Track } from './sequence.ts';

/** One service's course with all that its row of the plan says; `after` are ids of other rows. */
export interface Row {
  readonly id: string;
  readonly name: string;
  readonly want: PlannedService['want'];
  readonly live: Live | undefined;
  readonly observed: Observed | undefined;
  readonly course: Course;
  readonly uncertain: boolean;
  readonly notes: readonly Note[];
  readonly differences: readonly Difference[];
  readonly unmanaged: readonly Field[];
  readonly unknowns: readonly Unknown[];
  readonly changed?: Changed | undefined;
  readonly replaces: boolean;
  readonly dependsOn: readonly string[];
  readonly after: readonly string[];
  readonly gated: (operation: Operation, why: Reason, observed: Observed) => boolean;
  readonly place: Place | undefined;
}

/** The rows of a plan, sorted by name (then uuid), each operation with its `seq`. */
export function inSequence(
  rows: readonly Row[],
  names: Readonly<Record<string, string>>,
): readonly PlannedService[] {
  const places = sequence(rows.map(toTrack));
  return rows
    .map((row) => toService(row, places.get(row.id) ?? [], names))
    .sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

function key(service: PlannedService): string {
  return `${service.name}\u0000${service.uuid ?? ''}`;
}

function toTrack(row: Row): Track {
  let seen = row.observed;
  const moves = row.course.moves.map((move): Track['moves'][number] => {
    const before = seen;
    if (before !== undefined) {
      seen = move.kind === 'act' ? predict(before, move.operation, row.name) : settle(before);
    }
    if (move.kind === 'wait') return { kind: 'wait', gated: false, last: false };
    const gated = before !== undefined && row.gated(move.operation, move.why, before);
    return { kind: 'act', gated, last: row.want === 'absent' };
  });
  const looking: Track['moves'] = row.uncertain ? [{ kind: 'wait', gated: false, last: false }] : [];
  return { id: row.id, name: row.name, moves: [...looking, ...moves], after: row.after };
}

function toService(
  row: Row,
  places: readonly number[],
  names: Readonly<Record<string, string>>,
): PlannedService {
  let seen = row.observed;
  let at = 0;
  const course = row.course.moves.map((move): PlannedOperation | PlannedWait => {
    const before = seen;
    const after =
      before === undefined
        ? undefined
        : move.kind === 'act'
          ? predict(before, move.operation, row.name)
          : settle(before);
    seen = after;
    const state = after?.exists === true ? after.state : after === undefined ? undefined : 'Terminated';
    if (move.kind === 'wait') return { kind: 'wait', wait: move.state, until: state };
    const stays = before?.exists === true && before.state === state;
    return {
      kind: 'operation',
      seq: places[at++] ?? 0,
      operation: move.operation,
      why: byNames(move.why, names),
      leadsTo: stays ? undefined : state,
    };
  });
  const looking: readonly PlannedWait[] = row.uncertain
    ? [{ kind: 'wait', wait: 'uncertain', until: undefined }]
    : [];
  const { end } = row.course;
  const state = row.live?.state;
  return {
    name: row.name,
    uuid: row.live?.uuid,
    want: row.want,
    state: typeof state === 'string' || state === undefined ? state : state.unknown,
    course: [...looking, ...course],
    end:
      end.kind === 'blocked'
        ? end
        : {
            kind: 'in-sync',
            notes: [
              ...row.notes,
              ...end.notes.filter((note) => course.length === 0 || note.code !== 'deployed-once'),
            ],
          },
    differences: row.differences.map((one) => differenceByName(one, names)),
    unmanaged: row.unmanaged,
    unknowns: row.unknowns,
    ...(row.changed === undefined ? {} : { changed: row.changed }),
    replaces: row.replaces,
    dependsOn: row.dependsOn,
    place: row.place,
  };
}

function byNames(why: Reason, names: Readonly<Record<string, string>>): Reason {
  if (why.code !== 'differs') return why;
  return { ...why, differences: why.differences.map((one) => differenceByName(one, names)) };
}

/** Links are compared by the target's uuid and shown by name (design §6). */
function differenceByName(difference: Difference, names: Readonly<Record<string, string>>): Difference {
  if (difference.field !== 'linked_to_service') return difference;
  const show = (links: unknown) =>
    (links as readonly Link[]).map((link) => {
      const uuid = uuidOfUri(link.to_service);
      const name = uuid === undefined ? undefined : names[uuid];
      return name === undefined ? link : { ...link, to_service: name };
    });
  return { ...difference, live: show(difference.live), wanted: show(difference.wanted) };
}
