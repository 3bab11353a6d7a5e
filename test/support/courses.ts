/** Draws a course on one line: verbs in their order, `…` for a wait, `=` for in sync, `(code)` for how it is blocked. */
import type { Course, Move } from '../../src/service/service.ts';

export function drawCourse(course: Course): string {
  const moves = course.moves.map(drawMove);
  const end = course.end;
  if (end.kind === 'blocked') return [...moves, `(${end.block.code})`].join(' ');
  const remember = end.remember === undefined ? [] : [`[journal: ${end.remember}]`];
  return [...(moves.length === 0 ? ['='] : moves), ...remember].join(' ');
}

function drawMove(move: Move): string {
  if (move.kind === 'wait') return '…';
  const operation = move.operation;
  if (operation.verb === 'update') {
    const fields = Object.keys(operation.patch).map((field) => SHORT[field] ?? field);
    return `update{${fields.join(',')}}`;
  }
  if (operation.verb === 'redeploy' && operation.token !== undefined) return `redeploy{token}`;
  return operation.verb;
}

const SHORT: Readonly<Record<string, string>> = { target_num_containers: 'target', redeploy_token: 'token' };

/** Left-aligned columns, two spaces apart. */
export function drawTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
