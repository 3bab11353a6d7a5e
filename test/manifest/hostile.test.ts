/** Text that was made to hurt: it must end in an error with a place, never in a crash or a stall. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STDIN_PATH } from '../../src/service/limits.ts';
import { codes, loadFiles, loadText, rendered, wishOf } from '../support/manifests.ts';

const SIZE = 256 * 1024;
const fill = (part: string) => part.repeat(Math.floor(SIZE / part.length));
const many = (count: number, line: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => line(i)).join('');
const web = 'name: web\nimage: nginx\n';

/** Unbounded, each would take seconds to minutes, gigabytes, or the process. */
const HOSTILE: Readonly<Record<string, string>> = {
  'open brackets': fill('['),
  'open braces': fill('{'),
  'open brackets on lines of their own': fill('[\n'),
  'lists in lists': fill('- '),
  'explicit keys': fill('? '),
  'maps in maps on one line': fill('a: '),
  'a staircase of maps': many(700, (index) => `${' '.repeat(index)}a:\n`),
  'brackets under a key': `${web}labels: ${'['.repeat(5000)}`,
  'pairs of brackets': fill('[]'),
  'brackets the wrong way round': fill(']['),
  'closing braces': fill('}'),
  commas: `[${fill(',')}`,
  'empty quoted texts': fill('"'),
  'bad escapes': `a: "${fill('\\x').slice(0, SIZE - 10)}"`,
  anchors: fill('&a '),
  tags: fill('!a '),
  aliases: `a: &a x\nb: [${fill('*a,').slice(0, SIZE - 40)}]`,
  'an alias bomb': `a: &a [x,x,x,x,x,x,x,x,x]\n${many(9, (i) => `${'bcdefghij'[i]}: &${'bcdefghij'[i]} [${`*${'abcdefghi'[i]},`.repeat(9)}]\n`)}`,
  'keys in one map': many(20_000, (index) => `k${index}: 1\n`),
  'keys in one flow map': `{${many(20_000, (index) => `k${index}: 1, `)}}`,
  'items in one list': `${web}roles:\n${many(60_000, () => '- a\n')}`,
  'items in one flow list': `${web}roles: [${'a,'.repeat(100_000)}]`,
  documents: many(20_000, () => '--- a\n'),
  'document marks': web + fill('---\n').slice(100),
  directives: fill('%YAML 1.1\n'),
  'one long key': `${'a'.repeat(SIZE - 10)}: 1`,
  'one long text': `${web}run_command: ${'a'.repeat(100_000)}`,
  'open quotes': `a: "${'a\n'.repeat(SIZE / 2 - 10)}`,
  'carriage returns': fill('\r'),
};

/** Long but harmless. */
const LONG: Readonly<Record<string, string>> = {
  'line feeds': web + fill('\n').slice(100),
  spaces: web + fill(' \n').slice(100),
  comments: web + fill('# a\n').slice(100),
};

describe('hostile text', () => {
  it.each(Object.entries(HOSTILE))('ends in errors with a place: %s', (_title, text) => {
    const result = loadText(text);
    expect(result.load.complete).toBe(false);
    expect(result.load.wishes).toEqual([]);
    expect(result.diagnostics.length).toBeGreaterThan(0);
    expect(result.diagnostics.length).toBeLessThanOrEqual(51);
    for (const { place } of result.diagnostics) expect(place.line).toBeGreaterThan(0);
    expect(rendered(result.diagnostics).length).toBeLessThan(50_000);
  });

  it.each(Object.entries(LONG))('is no error when it is only long: %s', (_title, text) => {
    expect(wishOf(text).name).toBe('web');
  });

  it('of brackets does not end a cold process, also the second time', () => {
    const script = `
      const { loadText, codes } = await import(${JSON.stringify(new URL('../support/manifests.ts', import.meta.url).href)});
      for (let i = 0; i < 3; i++) console.log(codes(loadText('['.repeat(1000))).join());
    `;
    const { stdout, status } = spawnSync(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '--eval', script],
      { encoding: 'utf8', cwd: fileURLToPath(new URL('../..', import.meta.url)) },
    );
    expect({ status, lines: stdout.trim().split('\n') }).toEqual({
      status: 0,
      lines: Array(3).fill('EK110 1:21'),
    });
  });

  it('of twenty levels is still read, of twenty-one not', () => {
    const nested = (levels: number) => loadText(`a: ${'['.repeat(levels - 1)}x${']'.repeat(levels - 1)}\n`);
    expect(codes(nested(20)).some((code) => code.startsWith('EK110'))).toBe(false);
    expect(codes(nested(21)).some((code) => code.startsWith('EK110'))).toBe(true);
  });

  it('that is a fleet of five thousand comes in through standard input only', () => {
    const text = many(5000, (index) => `---\nname: s${index}\nimage: nginx\n`);
    expect(loadFiles({ [STDIN_PATH]: text }).load.wishes).toHaveLength(5000);
    const half = text.slice(0, text.indexOf('name: s1500'));
    expect(codes(loadFiles({ 'a.yaml': half })).at(-1)).toMatch(/^EK111/);
  });
});

describe('YAML 1.2', () => {
  it('reads what YAML 1.1 takes for something else as text', () => {
    const text = `${web}labels: { a: no, b: on, c: 22:22, d: 2001-01-01, e: "0777" }\n`;
    expect(wishOf(text).spec.labels).toEqual({ a: 'no', b: 'on', c: '22:22', d: '2001-01-01', e: '0777' });
  });

  it('skips empty documents and a byte-order mark at the start, and takes either line end', () => {
    const text = `\ufeff---\n---\n# nothing\n---\nnull\n---\n${web}---\n`;
    const { load, diagnostics } = loadText(text.replaceAll('\n', '\r\n'));
    expect(diagnostics).toEqual([]);
    expect(load.documents).toBe(1);
    expect(load.wishes[0]).toMatchObject({ name: 'web', place: { line: 7, col: 1 } });
  });

  it('finds no document in a file of comments, which is no error', () => {
    expect(loadText('# nothing here\n').load).toMatchObject({ complete: true, documents: 0, wishes: [] });
  });
});

describe('any bytes', () => {
  const valid = Buffer.from(`# a manifest
name: web
image: nginx:1.27
target_num_containers: \${N:-2}
container_ports: [{ protocol: tcp, inner_port: 80, outer_port: 8080 }]
container_envvars:
  - { key: A, value: S3/CR3T one }
  - key: B
    value: |
      S3/CR3T two
      S3/CR3T three
  - { key: C, value_from: { env: NAME } }
  - key: D # S3/CR3T comment
    value: "S3/CR3T four \\
      S3/CR3T five"
linked_to_service:
  - { to_service: db, name: db }
reconcile:
  depends_on: [db]
---
name: db
image: redis
container_envvars: [{ key: E, value: 'S3/CR3T six' }, { key: F, value: S3/CR3T seven }]
`);
  const edit = fc.record({
    at: fc.nat(valid.length - 1),
    remove: fc.nat(6),
    insert: fc.oneof(
      fc.constantFrom(
        '\n',
        '\n  ',
        ' ',
        ':',
        ': ',
        '- ',
        '"',
        "'",
        '#',
        '{',
        '}',
        '[',
        ']',
        ',',
        '|',
        '&',
        '*',
        '!',
        '\t',
        '?',
        '%',
        '---\n',
        '\0',
        '\r',
        '\u001b[',
        '${',
        '$$',
        '<<: ',
      ),
      fc.string({ maxLength: 4 }),
    ),
  });

  it('never throw and never show a secret, however a sound manifest was damaged', () => {
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        let bytes: Uint8Array = valid;
        for (const { at, remove, insert } of edits)
          bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from(insert), bytes.subarray(at + remove)]);
        const { diagnostics, warnings, load } = loadFiles(
          { 'a.yaml': bytes },
          { env: { NAME: 'S3/CR3T env' } },
        );
        expect(load.complete).toBe(diagnostics.length === 0);
        const said = rendered([...diagnostics, ...warnings]) + load.problems.join('\n');
        expect(said).not.toContain('S3/CR3T');
      }),
      { numRuns: 600 },
    );
  });

  it('never throw when they are noise', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        loadFiles({ 'a.yaml': bytes });
      }),
      { numRuns: 300 },
    );
  });
});
