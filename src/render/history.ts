/** What was done lately, for people: one line an entry, the oldest first; the reason under it. */
import { isoDate } from '../service/dates.ts';
import type { Paint } from './paint.ts';
import { canonicalJson, short, visible } from './safe.ts';
import { table } from './table.ts';

export interface HistoryLine {
  readonly at: number;
  readonly revision?: string | undefined;
  readonly name?: string | undefined;
  readonly what: string;
  readonly why?: string | undefined;
  readonly outcome: string;
}

/** Digits of a revision that tell it from others. */
const DIGITS = 12;

export function renderHistory(entries: readonly HistoryLine[], paint: Paint): string {
  const header = ['TIME', 'REVISION', 'NAME', 'OUTCOME', 'WHAT'];
  const rows = entries.map((one) => [
    isoDate(one.at).replace(/\.\d+Z$/, 'Z'),
    visible((one.revision ?? '-').slice(0, DIGITS)),
    visible(one.name ?? '-'),
    visible(one.outcome),
    short(one.what, 200),
  ]);
  const [head, ...lines] = table([header, ...rows]);
  const told = lines.flatMap((line, index) => {
    const why = entries[index]?.why;
    return why === undefined ? [line] : [line, paint.dim(`    ${short(why, 300)}`)];
  });
  return `${[paint.bold(head ?? ''), ...told].join('\n')}\n`;
}

export function renderHistoryJson(entries: readonly HistoryLine[]): string {
  const whole = entries.map(({ at, revision = null, name = null, what, why = null, outcome }) => ({
    at,
    revision,
    name,
    what,
    why,
    outcome,
  }));
  return `${canonicalJson({ formatVersion: 1, entries: whole })}\n`;
}
