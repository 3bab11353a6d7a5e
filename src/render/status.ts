/**
 * How a fleet is doing, for people: the columns of the old `service ps`, then what evenkeel makes of each; and all
 * there is to say about one service.
 */
import type { FleetStatus, ServiceStatus, SuspensionLine, Sync } from '../service/status.ts';
import { blockSentence, suspendedText } from './blocks.ts';
import { type DifferenceRow, differenceRows } from './differences.ts';
import type { Colour, Paint } from './paint.ts';
import { culpritText } from './progress.ts';
import { canonicalJson, short, visible } from './safe.ts';
import { table } from './table.ts';
import { changedSentences, commitOf, noteSentence } from './words.ts';

/** The old CLI's symbols, so that a glance is enough. */
function symbol(state: string | undefined): string {
  if (state === 'Running' || state === 'Partly running') return '▶';
  if (state === 'Init' || state === 'Stopped' || state === 'Not running') return '◼';
  if (state === undefined || state === 'Terminated') return '✘';
  return /ing$/.test(state) ? '⚙' : '!';
}

const COLOURS: Readonly<Record<Sync, keyof Paint>> = {
  'in-sync': 'green',
  changing: 'cyan',
  waiting: 'yellow',
  'out-of-sync': 'yellow',
  blocked: 'red',
  stalled: 'red',
  orphan: 'dim',
  'not-compared': 'dim',
};

export function renderStatus(status: FleetStatus, paint: Paint): string {
  const header = ['NAME', 'UUID', 'STATUS', '#CONTAINERS', 'IMAGE', 'DEPLOYED', 'SYNC', 'REASON'];
  const rows = status.services.map((one) => [
    visible(one.name),
    (one.uuid ?? '-').slice(0, 8),
    one.state === undefined ? `${symbol(undefined)} (missing)` : `${symbol(one.state)} ${visible(one.state)}`,
    containers(one),
    visible(one.image ?? '-'),
    ago(one.deployedAt, status.at),
    one.sync,
    middle(reason(one, status)),
  ]);
  const [head, ...lines] = table([header, ...rows]);
  const coloured = lines.map((line, index) => {
    const sync = status.services[index]?.sync ?? 'in-sync';
    const colour: Colour = paint[COLOURS[sync]];
    return sync === 'in-sync' || sync === 'not-compared' ? line : colour(line);
  });
  const problems = status.problems.map((problem) => paint.red(`! ${visible(problem)}`));
  const suspended = (status.suspensions ?? []).map((one) => paint.yellow(suspensionText(one)));
  const commit = commitOf(status.revision);
  const from = commit === undefined ? [] : [paint.dim(`At commit ${commit}`)];
  return `${[...from, ...problems, ...suspended, paint.bold(head ?? ''), ...coloured].join('\n')}\n`;
}

function suspensionText(one: SuspensionLine): string {
  return `${one.name === undefined ? 'the fleet' : visible(one.name)}: ${suspendedText(one, visible)}`;
}

export function renderStatusJson(status: FleetStatus): string {
  return `${canonicalJson(status)}\n`;
}

function containers({ containers: { target, running, current } }: ServiceStatus): string {
  if (target === undefined) return '-';
  return `${running ?? current ?? '?'}/${target}`;
}

/** The shortest true reason: what blocks it, what it waits for, what differs, what holds it. */
function reason(one: ServiceStatus, { problems, suspensions = [] }: FleetStatus): string {
  if (one.block !== undefined) return blockSentence(one.name, one.block, visible);
  if (one.sync === 'orphan') return 'owned, but no manifest names it';
  if (one.sync === 'not-compared' && problems.length > 0) return 'not all manifests could be read';
  const held = suspensions.find(({ name }) => name === undefined || name === one.name);
  if (held !== undefined && (one.sync === 'in-sync' || one.sync === 'not-compared'))
    return suspendedText(held, (text) => text);
  if (one.note !== undefined && one.sync !== 'in-sync') return one.note;
  if (one.waitsFor !== undefined) return `waits for ${one.waitsFor}`;
  if (one.next.length > 0) return `next: ${one.next.join(', ')}`;
  return one.note ?? '';
}

/** Cut in the middle: what to do about it stands at the end. `explain` shows all of it. */
function middle(text: string): string {
  const line = [...visible(text)];
  if (line.length <= 2 * HALF_REASON) return line.join('');
  return `${line.slice(0, HALF_REASON).join('')} … ${line.slice(-HALF_REASON).join('')}`;
}

/** Characters; the longest advice at the end of a block's sentence fits. */
const HALF_REASON = 90;

/** `3 hours ago`, as the old CLI said it. */
export function ago(at: number | null | undefined, now: number): string {
  if (at === undefined) return '-';
  if (at === null) return 'never';
  const seconds = Math.max(0, Math.round((now - at) / 1000));
  for (const [size, unit] of UNITS) {
    const count = Math.floor(seconds / size);
    if (count >= 1) return `${count} ${unit}${count === 1 ? '' : 's'} ago`;
  }
  return 'just now';
}

const UNITS = [
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
] as const;

/** Everything about one service; `daemon` says whether the times come from a running one. */
export function renderExplain(
  one: ServiceStatus,
  { at, revision, suspensions = [] }: FleetStatus,
  daemon: boolean,
  paint: Paint,
): string {
  const line = (label: string, text: string) => `  ${label.padEnd(10)} ${text}`;
  const differences = differenceRows(one.differences, {});
  const timed = (when: number | undefined) =>
    when === undefined ? 'not known: no daemon runs here' : span(when, at);
  const facts = [
    line(
      'desired',
      one.want ??
        (one.sync === 'not-compared'
          ? 'not known: name the manifests too, and mend those that cannot be read'
          : 'nothing: no manifest names it'),
    ),
    line('live', live(one)),
    line('sync', paint[COLOURS[one.sync]](one.sync)),
    line('allows', one.allows.length === 0 ? 'nothing in this state' : one.allows.join(', ')),
    ...suspensions
      .filter(({ name }) => name === undefined || name === one.name)
      .map((held) => line('suspended', suspensionText(held))),
    ...(one.block === undefined ? [] : [line('blocked', blockSentence(one.name, one.block, visible))]),
    ...(one.waitsFor === undefined ? [] : [line('waits for', visible(one.waitsFor))]),
    ...(one.next.length === 0 ? [] : [line('next', one.next.join(', '))]),
    ...(one.note === undefined ? [] : [line('server', visible(one.note))]),
    ...differences.map((row) => line('differs', differenceText(row))),
    ...changedSentences(one.changed, revision, visible).map((text) => line('changed', text)),
    ...(one.changedBy === undefined ? [] : [line('changed', culpritText(one.changedBy))]),
    ...one.notes.map((note) => line('note', noteSentence(note, visible))),
    line('since', timed(one.since)),
    ...(one.deadline === undefined ? [] : [line('deadline', span(one.deadline, at))]),
    line(
      'next look',
      one.nextLook !== undefined && one.nextLook <= at ? 'any moment now' : timed(one.nextLook),
    ),
  ];
  const decisions = one.decisions.map(
    (decision) =>
      `    ${ago(decision.at, at).padEnd(16)} ${visible(decision.state ?? '(missing)')}: ${visible(decision.decision)}`,
  );
  const history = decisions.length === 0 ? [] : ['  decisions', ...decisions];
  const source = daemon ? [] : [paint.dim('  (looked just now; times come from a running daemon)')];
  return `${[paint.bold(visible(one.name)), ...facts, ...history, ...source].join('\n')}\n`;
}

function live(one: ServiceStatus): string {
  if (one.state === undefined) return 'does not exist';
  const image = one.image === undefined ? '' : `, ${visible(one.image)}`;
  return `${visible(one.state)}, ${containers(one)} containers${image} (${one.uuid ?? 'no uuid'})`;
}

function differenceText(row: DifferenceRow): string {
  if ('keys' in row) return `${row.field}: ${row.keys.map(visible).join(', ')}`;
  return `${row.field}: ${short(row.live ?? '(none)')} → ${short(row.wanted)}`;
}

/** `in 40 seconds` or `2 minutes ago`. */
function span(when: number, at: number): string {
  if (when <= at) return ago(when, at);
  return `in ${ago(at, when).replace(/ ago$/, '')}`.replace('in just now', 'now');
}
