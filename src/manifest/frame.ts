/**
 * The lines around a place, numbered, with a caret: what a person needs to see the error. Secrets are masked by a
 * mark of fixed length, long lines are cut around the place, and what could move the cursor is written out.
 */
import type { Place } from '../service/service.ts';
import { type Span, secretSpans } from './mask.ts';
import { visible, width } from './visible.ts';

const MASK = '***';
const MAX_COLUMNS = 110;

/** A file whose syntax is sound, ready to show lines of. Secrets are looked for when the first frame is asked for. */
export function framer(text: string): (place: Pick<Place, 'line' | 'col'>) => string {
  let spans: readonly Span[] | undefined;
  let lines: readonly Line[] | undefined;
  return (place) => {
    spans ??= secretSpans(text);
    lines ??= linesOf(text);
    return frame(lines, spans, place);
  };
}

interface Line {
  readonly offset: number;
  readonly text: string;
}

function linesOf(text: string): readonly Line[] {
  let offset = 0;
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line) => {
    const start = offset;
    offset += line.length + 1;
    return { offset: start, text: line.replace(/\r$/, '') };
  });
}

function frame(
  lines: readonly Line[],
  spans: readonly Span[],
  { line, col }: Pick<Place, 'line' | 'col'>,
): string {
  const first = Math.max(1, line - 1);
  const last = Math.min(lines.length, line + 1);
  const gutter = String(last).length;
  const rows: string[] = [];
  for (let number = first; number <= last; number++) {
    const source = lines[number - 1];
    if (source === undefined) continue;
    const shown = masked(source, spans, number === line ? col - 1 : 0);
    const long = shown.text.length > MAX_COLUMNS;
    const cut = long && number === line ? Math.max(0, shown.caret - (MAX_COLUMNS >> 1)) : 0;
    const body = window(shown.text, cut);
    const mark = number === line ? '>' : ' ';
    rows.push(`${mark} ${String(number).padStart(gutter)} | ${body}`.trimEnd());
    if (number === line) {
      const before = window(shown.text, cut).slice(0, shown.caret - cut + (cut > 0 ? 1 : 0));
      rows.push(`  ${' '.repeat(gutter)} | ${' '.repeat(width(before))}^`);
    }
  }
  return rows.join('\n');
}

function window(text: string, cut: number): string {
  const part = text.slice(cut, cut + MAX_COLUMNS);
  return `${cut > 0 ? '…' : ''}${part}${cut + MAX_COLUMNS < text.length ? '…' : ''}`;
}

/** The line as shown, and where the character at `column` went. */
function masked(line: Line, spans: readonly Span[], column: number): { text: string; caret: number } {
  const end = line.offset + line.text.length;
  let text = '';
  let caret: number | undefined;
  let at = line.offset;
  const copy = (to: number) => {
    const target = line.offset + column;
    if (caret === undefined && target >= at && target <= to)
      caret = text.length + visible(line.text.slice(at - line.offset, column)).length;
    text += visible(line.text.slice(at - line.offset, to - line.offset));
    at = to;
  };
  for (const [start, stop] of spans) {
    if (stop <= line.offset || start >= end) continue;
    const indent = line.text.length - line.text.trimStart().length;
    copy(Math.max(at, start, Math.min(line.offset + indent, end)));
    if (caret === undefined && line.offset + column < Math.min(stop, end)) caret = text.length;
    if (at < Math.min(stop, end)) text += MASK;
    at = Math.min(stop, end);
  }
  copy(end);
  return { text, caret: caret ?? text.length };
}
