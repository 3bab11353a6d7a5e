/**
 * The plan for people: what destroys data first and loudest, then the rest; a path, a reason and the differences for
 * each service; totals and forecast last, where a terminal stops scrolling.
 */
import type { Orphan, Plan } from '../service/plan.ts';
import { objectionSentence } from './blocks.ts';
import { branchLines } from './branch.ts';
import type { Kind } from './course.ts';
import { commitText, pruneCommand, type RenderOptions } from './options.ts';
import type { Colour, Paint } from './paint.ts';
import { short, visible } from './safe.ts';
import { type Entry, type Section, sections } from './sections.ts';
import { table } from './table.ts';
import { changeCounts, forecastText, restCounts } from './totals.ts';
import { listed } from './words.ts';

const TITLES: Readonly<Record<Section['id'], string>> = {
  destroys: 'DESTROYS DATA. All data in the containers of these services will be lost:',
  changes: 'Changes',
  blocked: 'Blocked: nothing is done about these',
  waits: 'Moving: waited for',
  remarks: 'In sync, with a remark',
};

const SIGNS: Readonly<Record<Kind, string>> = {
  delete: '-',
  replace: '-/+',
  create: '+',
  change: '~',
  blocked: '!',
  wait: '…',
  'in-sync': '=',
};

export function renderText(plan: Plan, options: RenderOptions): string {
  const { paint } = options;
  const objections = plan.objections.map((objection) =>
    paint.bold(paint.red(`REFUSED: ${objectionSentence(objection, visible)}`)),
  );
  const { commit } = options;
  const blocks = [
    ...(commit === undefined ? [] : [[paint.dim(commitText(commit, visible))]]),
    ...(objections.length > 0 ? [objections] : []),
    ...sections(plan, visible).map((section) => sectionLines(section, paint)),
    ...(options.branch === undefined ? [] : [branchLines(options.branch)]),
    ...(plan.orphans.length > 0 ? [orphanLines(plan.orphans, options)] : []),
    totalLines(plan, options),
  ];
  return `${blocks.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function sectionLines(section: Section, paint: Paint): readonly string[] {
  const loud: Colour = section.id === 'destroys' ? (text) => paint.bold(paint.red(text)) : paint.bold;
  const heads = table(
    section.entries.map((item) => [
      SIGNS[item.kind],
      short(item.name),
      item.path.map((step) => short(step, 60)).join(' → '),
    ]),
  );
  return [
    loud(TITLES[section.id]),
    ...section.entries.flatMap((item, index) => [
      `  ${colourOf(item.kind, paint)(heads[index] ?? '')}`,
      ...detailLines(item, paint),
    ]),
  ];
}

function detailLines(item: Entry, paint: Paint): readonly string[] {
  const rows = table(item.differences.map((row) => [row.field, differenceWords(row)]));
  return [
    ...item.reasons.map((reason) => `      ${paint.dim(reason)}`),
    ...(item.block === undefined ? [] : [`      ${paint.yellow(`blocked: ${item.block}`)}`]),
    ...rows.map((row) => `        ${row}`),
    ...item.remarks.map((remark) => `      ${paint.dim(`(${remark})`)}`),
  ];
}

function differenceWords(row: Entry['differences'][number]): string {
  if ('keys' in row) return row.keys.map(visible).join(', ');
  return row.live === undefined ? short(row.wanted) : `${short(row.live)} → ${short(row.wanted)}`;
}

function colourOf(kind: Kind, paint: Paint): Colour {
  switch (kind) {
    case 'delete':
    case 'replace':
      return paint.red;
    case 'create':
      return paint.green;
    case 'change':
      return paint.cyan;
    case 'blocked':
      return paint.yellow;
    case 'wait':
    case 'in-sync':
      return paint.dim;
  }
}

const WHY: Readonly<Record<Orphan['why'], string>> = {
  'prune-never': 'prune is never',
  'incomplete-load': 'the manifests could not all be read',
  grace: 'the grace of a removed manifest has not passed',
};

function orphanLines(orphans: readonly Orphan[], options: RenderOptions): readonly string[] {
  const rows = orphans.map((orphan) => ['?', short(orphan.name), short(orphan.state), WHY[orphan.why]]);
  return [
    options.paint.bold('Orphans: ours, in no manifest, left alone'),
    ...table(rows).map((row) => `  ${row}`),
    `  to remove ${orphans.length === 1 ? 'it' : 'them'}: ${pruneCommand(options)} (a daemon that runs: restart it with --prune owned)`,
  ];
}

function totalLines(plan: Plan, options: RenderOptions): readonly string[] {
  const changes = changeCounts(plan);
  const rest = restCounts(plan.summary);
  const plain = (text: string) => text;
  const head = changes.length > 0 ? `Plan: ${listed(changes, plain)}` : 'Nothing to do';
  return [
    options.paint.bold(`${head}${rest.length > 0 ? ` (${listed(rest, plain)})` : ''}.`),
    ...(plan.summary.forecast.writes > 0 ? [`Forecast: ${forecastText(plan.summary, options.rate)}.`] : []),
  ];
}
