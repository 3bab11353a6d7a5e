/** What is generated, documented or shipped as an example agrees with the schema and the code. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { generated } from '../../scripts/generate.ts';
import { load } from '../../src/manifest/load.ts';
import { createResolver } from '../../src/manifest/resolver.ts';
import { CODES } from '../../src/service/codes.ts';
import { FIELD_NAMES } from '../../src/service/fields.ts';
import { directorySource } from '../../src/source/directory.ts';
import { rendered } from '../support/manifests.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const text = (path: string) => readFileSync(`${root}${path}`, 'utf8');
const schema = JSON.parse(text('schemas/service.schema.json'));

describe('the schema', () => {
  it('has a title and a description on everything, and lets nothing unknown in', () => {
    const lacking: string[] = [];
    const visit = (node: Record<string, unknown>, path: string) => {
      if (typeof node['title'] !== 'string' || typeof node['description'] !== 'string') lacking.push(path);
      if (node['type'] === 'object' && node['additionalProperties'] === undefined)
        lacking.push(`${path} (open)`);
      const inner = Object.entries((node['properties'] ?? {}) as Record<string, Record<string, unknown>>);
      for (const [key, value] of inner) visit(value, `${path}/${key}`);
      if (typeof node['items'] === 'object') visit(node['items'] as Record<string, unknown>, `${path}/[]`);
    };
    visit(schema, '');
    expect(lacking).toEqual([]);
  });

  it('is draft-07 that a strict validator takes', () => {
    expect(schema.$schema).toBe('http://json-schema.org/draft-07/schema#');
    expect(new Ajv({ strict: true }).compile(schema)({ name: 'a', image: 'a' })).toBe(true);
  });

  it('has exactly the fields of the field table, name, state and reconcile', () => {
    expect(Object.keys(schema.properties).sort()).toEqual(
      [...FIELD_NAMES, 'name', 'state', 'reconcile'].sort(),
    );
    expect([...schema.properties.reconcile.properties.ignore.items.enum].sort()).toEqual(
      [...FIELD_NAMES, 'state'].sort(),
    );
  });

  it('is what the generated files say', async () => {
    for (const [path, content] of Object.entries(await generated())) expect(text(path), path).toBe(content);
  });

  it('is explained field by field in docs/manifest.md', () => {
    const page = text('docs/manifest.md');
    const names = Object.keys(schema.properties).concat(
      Object.keys(schema.properties.reconcile.properties).map((name) => `reconcile.${name}`),
    );
    expect(names.filter((name) => name !== 'reconcile' && !page.includes(`\`${name}\``))).toEqual([]);
  });
});

describe('docs/errors.md', () => {
  const sections = [...text('docs/errors.md').matchAll(/^### (EK\d{3}): (.*)$/gm)];

  it('has a section for every code, under its title, and no other', () => {
    expect(Object.fromEntries(sections.map(([, code, title]) => [code, title]))).toEqual(CODES);
    expect(sections).toHaveLength(Object.keys(CODES).length);
  });

  it('has for each what it means, an example and what to do', () => {
    const bodies = text('docs/errors.md')
      .split(/^### .*$/m)
      .slice(1);
    for (const body of bodies) expect(body).toMatch(/^\n+\S.*\n- Example: \S.*\n- What to do: \S/s);
  });

  it('knows every code that the sources use', () => {
    const used = readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && path !== 'service/codes.ts')
      .flatMap((path) => [...text(`src/${path}`).matchAll(/\bEK\d{3}\b/g)].map(([code]) => code));
    expect([...new Set(used)].filter((code) => !Object.hasOwn(CODES, code))).toEqual([]);
  });
});

describe('the examples', () => {
  const examples = readdirSync(`${root}examples`).sort();
  /** An example that holds more than manifests keeps them in a folder of their own. */
  const manifests = (name: string) => {
    const own = `examples/${name}/manifests`;
    return existsSync(`${root}${own}`) ? own : `examples/${name}`;
  };

  it.each(examples)('are sound without anything set: %s', async (name) => {
    const read = await directorySource([`${root}${manifests(name)}`]).read(new AbortController().signal);
    const result = load(read, { resolver: createResolver({ env: {} }) });
    expect(rendered([...result.diagnostics, ...result.warnings])).toBe('');
    expect(result.load.complete).toBe(true);
    expect(result.load.wishes.length).toBeGreaterThan(0);
    expect(result.load.wishes.flatMap(({ unknowns }) => unknowns)).toEqual([]);
    expect(readdirSync(`${root}examples/${name}`)).toContain('README.md');
  });

  it('name the schema in their first line, by a path that is there', () => {
    for (const name of examples)
      for (const file of readdirSync(`${root}${manifests(name)}`).filter((each) => each.endsWith('.yaml'))) {
        const [, path] =
          /^# yaml-language-server: \$schema=(\S+)\n/.exec(text(`${manifests(name)}/${file}`)) ?? [];
        expect(text(`${manifests(name)}/${path}`)).toContain('ServiceManifest');
      }
  });
});
