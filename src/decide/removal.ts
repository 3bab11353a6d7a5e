/** The rows of what no manifest names any more: why it goes, by which commit, and what holds it. */
import type { Commit } from '../service/ports.ts';
import type { Block, Course, Live, Move, Reason } from '../service/service.ts';
import type { Approvals } from './approvals.ts';
import type { FleetCourse } from './courses.ts';
import type { Deletes } from './deletes.ts';
import type { Row } from './rows.ts';
import type { Survey } from './survey.ts';
import { unfold } from './unfold.ts';

export interface Removal {
  /** The commit the wishes are of, where the source is a repository. */
  readonly commit?: Commit | undefined;
  /** The commit in which a name was first missing, as far as that was seen. */
  readonly removedBy?: ((name: string) => string | undefined) | undefined;
}

/** The reason of a delete: where git is the source, the commit that took the manifest away, and the one that approves. */
export function whyUnwanted(name: string, approved: Approvals, { removedBy, commit }: Removal): Reason {
  const removedFromGit = commit === undefined ? undefined : (removedBy?.(name) ?? commit.sha);
  const approvedBy = approved.get(name);
  return {
    code: 'unwanted',
    ...(removedFromGit === undefined ? {} : { removedFromGit }),
    ...(approvedBy === undefined ? {} : { approvedBy }),
  };
}

export function deleteRows(
  fleet: Survey,
  chosen: Deletes,
  courses: ReadonlyMap<string, FleetCourse>,
  why: (name: string) => Reason,
): readonly Row[] {
  const because = (course: Course, name: string): Course => {
    const moves = course.moves.map(
      (move): Move => (move.kind === 'act' ? { ...move, why: why(name) } : move),
    );
    return { ...course, moves };
  };
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
        ? because(unfold(desired, seen, policy), live.name)
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
  return [
    ...[...chosen.wanted.values()].map((live) => row(live, undefined)),
    ...[...chosen.blocked.values()].map(({ live, block }) => row(live, block)),
  ];
}
