/**
 * Columns that are aligned by spaces only: a plan should grep and diff well, and boxes do neither.
 */
const width = (cell: string) => [...cell].length;

/** One line a row; every column but the last is padded to its widest cell. No trailing spaces. */
export function table(rows: readonly (readonly string[])[], gap = '  '): readonly string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => width(row[column] ?? ''))),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - width(cell)))
      .join(gap)
      .trimEnd(),
  );
}
