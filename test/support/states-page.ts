/** docs/states.md, written from the tables. */
import { FIELD_NAMES, FIELDS } from '../../src/service/fields.ts';
import { LEADS_TO, STATE_NAMES, STATES } from '../../src/service/states.ts';

const ACTIONS = ['start', 'stop', 'redeploy', 'terminate'] as const;

function markdown(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}

function states(): string {
  const rows = STATE_NAMES.map((state) => {
    const row = STATES[state];
    if (row.kind !== 'resting') {
      const next = row.kind === 'moving' ? `moves to ${row.settles}` : 'is gone';
      return [state, next, ...ACTIONS.map(() => '·'), '·'];
    }
    const cells = ACTIONS.map((action) => {
      if (row.actions.includes(action)) return `→ ${LEADS_TO[action]}`;
      const extension = row.extended[action];
      return extension === undefined ? '·' : `→ ${LEADS_TO[action]} (\`${extension}\`)`;
    });
    return [state, 'rests', ...cells, row.update];
  });
  return markdown(['state', '', ...ACTIONS, 'PATCH'], rows);
}

function fields(): string {
  const rows = FIELD_NAMES.map((field) => {
    const row = FIELDS[field];
    const initial =
      row.default === undefined
        ? row.imageDerived
          ? 'from the image'
          : 'required'
        : `\`${JSON.stringify(row.default)}\``;
    const patched = row.patchedBy === 'reference' ? 'every server' : '`patch=all`';
    return [
      `\`${field}\``,
      initial,
      row.compare,
      patched,
      row.leadsTo,
      row.needs === undefined ? '' : `\`${row.needs}\``,
      row.secret ? 'values' : '',
    ];
  });
  return markdown(
    ['field', 'default', 'compared', 'PATCH is taken by', 'which leads to', 'needs', 'secret'],
    rows,
  );
}

export function statesPage(): string {
  return `# States and fields

Written from \`src/service/states.ts\` and \`src/service/fields.ts\`; a test compares. Regenerate with
\`npx vitest run test/decide/pages.test.ts -u\`.

## The state table

\`·\` is not allowed. An action in brackets needs the extension it names; all others are the reference's own. A moving state
allows nothing and comes to rest by itself; with a target of 0, what would be Running is Not running. PATCH: *stored* is kept for the
next start or redeploy, *applied* is carried out at once.

${states()}

## The field table

*Compared*: exact, or as what it is (an image by its normal name, lists as sets). A list is compared whole where the server announces
\`full-list\`, by declared key elsewhere. A PATCH of several fields leads where the strongest of them does: Redeploying, then Scaling. What cannot be
patched is a replace, and only where \`reconcile.allow_replace\` says so.

${fields()}
`;
}
