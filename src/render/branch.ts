/**
 * What a branch changes against its base, as lines: names that are new, gone or changed, and the fields. It says nothing
 * of what is live; the plan beside it does.
 */
import type { DifferenceRow } from './differences.ts';
import { codeSpan, short, visible } from './safe.ts';
import { table } from './table.ts';

export interface BranchReport {
  /** As the user named the base. */
  readonly ref: string;
  readonly sha: string;
  /** The commit that was compared with: the last one shared, or the base's own. */
  readonly from: string;
  /** Commits of the base since then; undefined = no shared commit is known. */
  readonly behind: number | undefined;
  /** Some of the base's manifests are not valid and were left out. */
  readonly broken: boolean;
  readonly added: readonly string[];
  readonly changed: readonly { readonly name: string; readonly rows: readonly DifferenceRow[] }[];
  readonly removed: readonly string[];
}

export function branchLines(branch: BranchReport): readonly string[] {
  return [
    `This branch against ${headText(branch, visible)}`,
    ...branch.added.map((name) => `  + ${short(name)}`),
    ...branch.changed.flatMap(({ name, rows }) => [
      `  ~ ${short(name)}`,
      ...table(rows.map((row) => [row.field, rowText(row, visible)])).map((line) => `      ${line}`),
    ]),
    ...branch.removed.map((name) => `  - ${short(name)}`),
    ...remarks(branch).map((remark) => `  (${remark})`),
  ];
}

export function branchMarkdown(branch: BranchReport): string {
  const lines = [
    `### This branch against ${headText(branch, codeSpan)}`,
    '',
    ...branch.added.map((name) => `- added ${codeSpan(name)}`),
    ...branch.changed.flatMap(({ name, rows }) => [
      `- changed ${codeSpan(name)}`,
      ...rows.map((row) => `  - ${codeSpan(row.field)}: ${rowText(row, codeSpan)}`),
    ]),
    ...branch.removed.map((name) => `- **removed** ${codeSpan(name)}`),
    ...remarks(branch).map((remark) => `- ${remark}`),
  ];
  return `\n${lines.join('\n')}\n`;
}

export function branchJson(branch: BranchReport): object {
  return {
    ref: branch.ref,
    sha: branch.sha,
    from: branch.from,
    behind: branch.behind ?? null,
    complete: !branch.broken,
    added: branch.added,
    removed: branch.removed,
    changed: branch.changed.map(({ name, rows }) => ({
      name,
      differences: rows.map((row) =>
        'keys' in row
          ? { field: row.field, keys: row.keys }
          : { field: row.field, base: row.live ?? null, wanted: row.wanted },
      ),
    })),
  };
}

function headText(
  { ref, from, added, changed, removed }: BranchReport,
  quote: (text: string) => string,
): string {
  const counts = [
    ...(added.length > 0 ? [`${added.length} added`] : []),
    ...(changed.length > 0 ? [`${changed.length} changed`] : []),
    ...(removed.length > 0 ? [`${removed.length} removed`] : []),
  ];
  const what = counts.length > 0 ? counts.join(', ') : 'no manifest changes';
  return `${quote(ref)} (${quote(from.slice(0, 12))}): ${what}`;
}

function remarks({ behind, broken, ref }: BranchReport): readonly string[] {
  const commits = behind === 1 ? 'commit that is' : 'commits that are';
  return [
    ...(behind === undefined
      ? [
          `no common commit is known, so ${visible(ref)} as it is now was compared; fetch its history to see this branch alone`,
        ]
      : []),
    ...(behind !== undefined && behind > 0
      ? [`${visible(ref)} has ${behind} ${commits} not in this branch and not shown`]
      : []),
    ...(broken ? [`manifests of ${visible(ref)} that are not valid were left out`] : []),
  ];
}

function rowText(row: DifferenceRow, quote: (text: string) => string): string {
  if ('keys' in row) return row.keys.map(quote).join(', ');
  const wanted = quote(short(row.wanted));
  return row.live === undefined ? wanted : `${quote(short(row.live))} → ${wanted}`;
}
