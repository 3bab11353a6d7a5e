/** What people read when a manifest is wrong. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { oneLine, renderDiagnostic } from '../../src/manifest/diagnostic.ts';
import { codes, loadFiles, loadText, rendered, validateText } from '../support/manifests.ts';
import { BAD } from './bad-manifests.ts';

describe('errors of manifests', () => {
  it('are said as the golden file says them', async () => {
    const parts = Object.entries(BAD).map(([title, text]) => {
      const { diagnostics, warnings } = loadText(text);
      const warned = warnings.map((each) => `warning ${renderDiagnostic(each)}`).join('\n');
      return `### ${title}\n\n${rendered(diagnostics)}${warned}`;
    });
    await expect(parts.join('\n')).toMatchFileSnapshot('golden/bad-manifests.txt');
  });

  it.each(Object.entries(BAD))('never show a secret: %s', (_title, text) => {
    for (const loaded of [loadText(text), validateText(text)]) {
      expect(rendered([...loaded.diagnostics, ...loaded.warnings])).not.toMatch(/CANARY/);
      expect(JSON.stringify([loaded.load.problems, loaded.diagnostics, loaded.warnings])).not.toMatch(
        /CANARY/,
      );
    }
  });

  it.each(Object.entries(BAD).filter(([title]) => title !== 'warnings only'))(
    'make the load incomplete and give no wish from the file: %s',
    (_title, text) => {
      const { load, diagnostics } = loadText(text);
      expect(diagnostics.length).toBeGreaterThan(0);
      expect(load.complete).toBe(false);
      expect(load.problems).toEqual(diagnostics.map(oneLine));
    },
  );

  it('of all files are said at once, in the order of the files and of their lines', () => {
    const result = loadFiles({
      'b.yaml': 'name: b\nimage: 1\nstate: x\n',
      'a.yaml': 'name: a\nimage: a\nfoo: 1\n---\nname: B\nimage: b\n',
      'c.yaml': 'name: [\n',
    });
    expect(result.diagnostics.map(({ place, code }) => `${place.file}:${place.line} ${code}`)).toEqual([
      'b.yaml:2 EK203',
      'b.yaml:3 EK204',
      'a.yaml:3 EK201',
      'a.yaml:5 EK205',
      expect.stringMatching(/^c\.yaml:\d EK106$/),
    ]);
  });

  it('are at most fifty for one file, and then say how many more there are', () => {
    const unknown = Array.from({ length: 200 }, (_, index) => `unknown${index}: 1\n`).join('');
    const { diagnostics } = loadText(`name: a\nimage: a\n${unknown}`);
    expect(diagnostics).toHaveLength(51);
    expect(diagnostics.at(-1)).toMatchObject({ code: 'EK207', message: 'and 150 more errors in this file' });
  });

  it('of bytes that are not UTF-8 have a place and no frame', () => {
    const result = loadFiles({ 'a.yaml': Uint8Array.from([0x6e, 0xff, 0xfe, 0x00]) });
    expect(codes(result)).toEqual(['EK102 1:1']);
    expect(result.diagnostics[0]?.frame).toBeUndefined();
  });

  it('of a file that is too large come without parsing it', () => {
    const result = loadFiles({ 'a.yaml': `name: a\nimage: a\n# ${'x'.repeat(300_000)}\n` });
    expect(codes(result)).toEqual(['EK101 1:1']);
  });

  it('never repeat a value that came from a variable', () => {
    const text = `name: \${A}
image: "\${A}"
autorestart: \${A}
target_num_containers: \${A}
linked_to_service: [{ to_service: "\${A}x" }]
container_envvars: [{ key: "\${A}", value: a }, { key: "\${A}", value: a }]
`;
    const env = { A: 'CANARY value' };
    const { diagnostics, load } = loadText(text, { env });
    expect(diagnostics.length).toBeGreaterThan(3);
    expect(rendered(diagnostics) + load.problems.join()).not.toContain('CANARY');
    const dangling = loadText('name: a\nimage: a\nlinked_to_service: [{ to_service: "${A}" }]\n', { env });
    expect(codes(dangling)).toEqual(['EK302 3:21']);
    expect(rendered(dangling.diagnostics)).not.toContain('CANARY');
  });

  it('write out what could move a cursor, also in the name of the file', () => {
    const { diagnostics } = loadFiles({ 'a\u001b[31m\n.yaml': '"\\e[2J": 1\n' });
    const text = rendered(diagnostics);
    expect(text).toContain('a\\x1b[31m\\n.yaml:1:1');
    expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });
});

it('the golden file shows frames for files that parse and none for those that do not', () => {
  const golden = readFileSync(new URL('golden/bad-manifests.txt', import.meta.url), 'utf8');
  const part = (title: string) => golden.split('### ').find((each) => each.startsWith(`${title}\n`)) ?? '';
  expect(part('an unknown field with a near name')).toContain('> 3 | targt_num_containers: ***');
  expect(part('broken syntax near a secret')).not.toContain(' | ');
});
