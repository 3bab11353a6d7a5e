/**
 * The plan as a comment on a pull request: a hidden marker by which the comment is found and updated in place, what
 * destroys data first, at most 60,000 characters (the forge refuses more than 65,536), whole services cut at the end.
 *
 * Anyone who can open a pull request chooses the text in here: all data stands in code spans, in which nothing acts.
 */
import type { Plan } from '../service/plan.ts';
import { objectionSentence } from './blocks.ts';
import { branchMarkdown } from './branch.ts';
import type { Kind } from './course.ts';
import { commitText, pruneCommand, type RenderOptions } from './options.ts';
import { codeSpan, short } from './safe.ts';
import { type Entry, type Section, sections } from './sections.ts';
import { changeCounts, forecastText, restCounts } from './totals.ts';
import { listed } from './words.ts';

export const MARKER = '<!-- evenkeel-plan -->';
export const LIMIT = 60_000;

/** One service's share, so that a single one cannot push all others out. */
const ENTRY_LIMIT = 4_000;
/** The share of what the branch changes against its base. */
const BRANCH_LIMIT = 20_000;
/** Kept free for the line that says how much was cut. */
const RESERVE = 200;

const TITLES: Readonly<Record<Section['id'], string>> = {
  destroys: ':warning: Destroys data',
  changes: 'Changes',
  blocked: 'Blocked',
  waits: 'Moving, waited for',
  remarks: 'In sync, with a remark',
};

const KINDS: Readonly<Record<Kind, string>> = {
  delete: '**delete**',
  replace: '**replace**',
  create: 'create',
  change: 'change',
  blocked: 'blocked',
  wait: 'wait',
  'in-sync': 'in sync',
};

export function renderMarkdown(plan: Plan, options: RenderOptions): string {
  const shown = sections(plan, codeSpan);
  const branch = options.branch === undefined ? '' : branchMarkdown(options.branch);
  // Of a branch that changes very much the plan is told, and the rest in the log.
  const told = branch.length > BRANCH_LIMIT ? '' : branch;
  const first = head(plan, shown, options) + told;
  const parts = [first];
  let room = LIMIT - RESERVE - first.length;
  let left = shown.reduce((sum, section) => sum + section.entries.length, 0);
  for (const section of shown) {
    let title = `\n### ${TITLES[section.id]}\n\n`;
    for (const item of section.entries) {
      const text = title + entryText(item);
      if (text.length > room)
        return `${parts.join('')}\n… and ${left} more services: see the whole plan in the log.\n`;
      parts.push(text);
      room -= text.length;
      left -= 1;
      title = '';
    }
  }
  return parts.join('');
}

function head(plan: Plan, shown: readonly Section[], options: RenderOptions): string {
  const plain = (text: string) => text;
  const changes = changeCounts(plan);
  const rest = restCounts(plan.summary);
  const destroyed = shown.find((section) => section.id === 'destroys')?.entries.length ?? 0;
  const lines = [
    MARKER,
    `## evenkeel plan: ${changes.length > 0 ? listed(changes, plain) : 'nothing to do'}`,
    '',
    ...(options.commit === undefined ? [] : [`${commitText(options.commit, codeSpan)}.`, '']),
    ...(destroyed > 0
      ? [
          `> **DESTROYS DATA**: all data in the containers of ${destroyed} service${destroyed === 1 ? '' : 's'} will be lost.`,
          '',
        ]
      : []),
    ...plan.objections
      .slice(0, 5)
      .flatMap((objection) => [`> **REFUSED**: ${objectionSentence(objection, codeSpan)}`, '']),
    ...(rest.length > 0 ? [`${listed(rest, plain)}.`, ''] : []),
    ...(plan.summary.forecast.writes > 0
      ? [`Forecast: ${forecastText(plan.summary, options.rate)}.`, '']
      : []),
    ...(plan.orphans.length > 0
      ? [
          `Orphans, left alone: ${listed(
            plan.orphans.map((orphan) => orphan.name),
            codeSpan,
          )}. To remove: ${codeSpan(pruneCommand(options))}`,
          '',
        ]
      : []),
  ];
  return lines.join('\n');
}

function entryText(item: Entry): string {
  const path = item.path.map((step) => short(step, 60)).join(' → ');
  const details = [
    ...item.reasons,
    ...(item.block === undefined ? [] : [`**blocked**: ${item.block}`]),
    ...item.differences.map((row) =>
      'keys' in row
        ? `${codeSpan(row.field)}: ${listed(row.keys, codeSpan)}`
        : `${codeSpan(row.field)}: ${row.live === undefined ? '' : `${codeSpan(row.live)} → `}${codeSpan(row.wanted)}`,
    ),
    ...item.remarks,
  ];
  let text = `- ${KINDS[item.kind]} ${codeSpan(item.name)}: ${codeSpan(path)}\n`;
  for (const [index, detail] of details.entries()) {
    const line = `  - ${detail}\n`;
    if (text.length + line.length > ENTRY_LIMIT)
      return `${text}  - … and ${details.length - index} more lines\n`;
    text += line;
  }
  return text;
}
