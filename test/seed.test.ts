/** The reference text against our tables: what the API's own page says, cell by cell. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { FIELD_NAMES, FIELDS, isField } from '../src/service/fields.ts';
import { LEADS_TO, STATE_NAMES, STATES, takesUpdate } from '../src/service/states.ts';

const text = readFileSync(new URL('fixtures/service-api.md', import.meta.url), 'utf8');
const schema = JSON.parse(
  readFileSync(new URL('../schemas/service.schema.json', import.meta.url), 'utf8'),
) as { readonly properties: Readonly<Record<string, object>>; readonly required: readonly string[] };

/** The lines below a heading, up to the next one of the same or a higher level. */
function section(title: string): string {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => new RegExp(`^#+ ${title}$`).test(line));
  if (start === -1) throw new Error(`the reference has no section "${title}"`);
  const level = /^#+/.exec(lines[start] ?? '')?.[0].length ?? 0;
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => (/^#+(?= )/.exec(line)?.[0].length ?? 99) <= level);
  return rest.slice(0, end === -1 ? undefined : end).join('\n');
}

/** The rows of the first table below `heading` in `body`: first cell, second cell. */
function table(body: string, heading: string): readonly (readonly [string, string])[] {
  const lines = body.slice(body.indexOf(heading)).split('\n').slice(2);
  const end = lines.findIndex((line) => !line.includes('|'));
  const rows = lines.slice(0, end === -1 ? undefined : end);
  return rows.map((line) => {
    const [first = '', ...rest] = line.split('|');
    return [first.trim(), rest.join('|').trim()];
  });
}

const code = (part: string) => [...part.matchAll(/`([^`]*)`/g)].map((match) => match[1] ?? '');

const states = table(section('Service states'), 'State | Description');
const ACTIONS = ['start', 'stop', 'redeploy', 'terminate'] as const;

describe('the state table', () => {
  test('has the eleven states of the reference, in its order', () => {
    expect(states.length).toBe(11);
    expect(STATE_NAMES).toEqual(states.map(([state]) => state));
  });

  const cells = states.flatMap(([state, description]) =>
    ACTIONS.map((action) => {
      const listed = /Possible actions in this state: (.*)\.$/.exec(description)?.[1];
      return [state, action, listed !== undefined && code(listed).includes(action)] as const;
    }),
  );
  test('has 44 cells, of which the reference allows 12', () => {
    expect(cells.length).toBe(44);
    expect(cells.filter(([, , allowed]) => allowed).length).toBe(12);
  });
  test.each(cells)('%s: %s is allowed: %s', (state, action, allowed) => {
    const row = STATES[state as keyof typeof STATES];
    expect(row.kind === 'resting' && row.actions.includes(action)).toBe(allowed);
  });

  test.each(states)('%s rests, moves or is gone as the reference says', (state, description) => {
    const none = description.endsWith('No actions allowed in this state.');
    expect(none || /Possible actions in this state: /.test(description)).toBe(true);
    const over = description.includes('have been terminated');
    const kind = none ? (over ? 'gone' : 'moving') : 'resting';
    expect(STATES[state as keyof typeof STATES].kind).toBe(kind);
    expect(takesUpdate(state as keyof typeof STATES)).toBe(kind === 'resting');
  });

  test('goes beyond the reference only where the endpoint text or an extension says so', () => {
    const extended = STATE_NAMES.flatMap((state) => {
      const row = STATES[state];
      return row.kind === 'resting' ? Object.entries(row.extended).map((one) => [state, ...one]) : [];
    });
    expect(extended).toEqual([
      ['Partly running', 'start', 'start-partly'],
      ['Not running', 'redeploy', 'redeploy-idle'],
    ]);
    expect(section('Start a service')).toContain('a stopped or partly running service');
  });

  test('knows what a PATCH does in each resting state, and where each moving one settles (design §4)', () => {
    const shown = STATE_NAMES.map((state) => {
      const row = STATES[state];
      return [state, row.kind === 'resting' ? row.update : row.kind === 'moving' ? row.settles : '-'];
    });
    expect(Object.fromEntries(shown)).toEqual({
      Init: 'stored',
      Starting: 'Running',
      Running: 'applied',
      'Partly running': 'applied',
      Scaling: 'Running',
      Redeploying: 'Running',
      Stopping: 'Stopped',
      Stopped: 'stored',
      Terminating: 'Terminated',
      Terminated: '-',
      'Not running': 'applied',
    });
    expect(LEADS_TO).toEqual({
      start: 'Starting',
      stop: 'Stopping',
      redeploy: 'Redeploying',
      terminate: 'Terminating',
    });
  });
});

const parameters = table(section('Create a new service'), 'Parameter | Description');

describe('the create parameters', () => {
  test('all have a row, but for the name; the rows beyond them need an extension', () => {
    const listed = parameters.map(([name]) => name).filter((name) => name !== 'name');
    expect(listed.length).toBe(13 - 1);
    const basic = FIELD_NAMES.filter((field) => FIELDS[field].needs === undefined);
    expect(basic).toEqual(listed);
    expect(FIELD_NAMES.filter((field) => !listed.includes(field))).toEqual([
      'labels',
      'bindings',
      'memory',
      'cpu_shares',
    ]);
  });

  const fields = parameters.filter(([name]) => name !== 'name');
  test.each(fields)('%s has the default of the reference', (name, description) => {
    if (!isField(name)) throw new Error(`no row for ${name}`);
    const row = FIELDS[name];
    const words = /\(default: ([^)]*?)(?:, possible values: [^)]*)?\)/.exec(description)?.[1];
    if (words === undefined) {
      expect(description.startsWith('(required)')).toBe(true);
      expect(row.default).toBeUndefined();
    } else if (words.startsWith('no ')) {
      expect(row.default).toEqual([]);
    } else if (words.includes('defined in the image') || words.includes('exposed in the image')) {
      expect([row.default, row.imageDerived]).toEqual([undefined, true]);
    } else {
      expect(String(row.default)).toBe(words.replaceAll('`', ''));
      expect(row.imageDerived).toBe(false);
    }
  });

  test('what is required there is required here', () => {
    const required = parameters.filter(([, words]) => words.startsWith('(required)')).map(([name]) => name);
    expect(required).toEqual(['image']);
    expect(schema.required).toContain('image');
  });

  const closed = parameters.filter(([, words]) => words.includes('possible values: '));
  test('four of them are closed lists', () => {
    expect(closed.map(([name]) => name)).toEqual(['autorestart', 'autoreplace', 'autodestroy', 'roles']);
  });
  test.each(closed)('%s takes the possible values of the reference', (name, description) => {
    const values = code(/possible values: ([^)]*)/.exec(description)?.[1] ?? '');
    const enums = /"enum":(\[[^\]]*\])/.exec(JSON.stringify(schema.properties[name]))?.[1];
    expect(JSON.parse(enums ?? 'null')).toEqual(values);
  });
});

test('PATCH takes the target on every server, and nothing else', () => {
  const taken = table(
    section('Update an existing service').split('### JSON Parameters')[1] ?? '',
    'Parameter |',
  );
  expect(taken.map(([name]) => name)).toEqual(['target_num_containers']);
  expect(FIELD_NAMES.filter((field) => FIELDS[field].patchedBy === 'reference')).toEqual([
    'target_num_containers',
  ]);
});

describe('the list', () => {
  const query = table(section('List all services'), 'Parameter | Description');
  test('filters by state, name and unique name', () => {
    expect(query.map(([name]) => name)).toEqual(['state', 'name', 'unique_name']);
  });
  test('filters by exactly the states of the table', () => {
    expect(code(query.find(([name]) => name === 'state')?.[1] ?? '')).toEqual(STATE_NAMES);
  });
});
