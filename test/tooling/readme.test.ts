import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { ROWS } from '../../src/cli/rows.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const readme = readFileSync(`${ROOT}README.md`, 'utf8');
const { scripts } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as {
  scripts: Record<string, string>;
};

it.each(['README.md', 'CONTRIBUTING.md'])('%s names only files and scripts that exist', (file) => {
  const text = readFileSync(`${ROOT}${file}`, 'utf8');
  const links = [...text.matchAll(/\]\(([^)#:]+)\)/g)].map(([, path = '']) => path);
  expect(links.filter((path) => !existsSync(ROOT + path))).toEqual([]);
  const named = [...text.matchAll(/npm run (?:--silent )?([\w:-]+)/g)].map(([, name = '']) => name);
  expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
});

it('the README names every command, and no flag that is not one', () => {
  const missing = COMMANDS.filter(({ hidden, name }) => hidden !== true && !readme.includes(name));
  expect(missing).toEqual([]);
  const flags = Object.values(ROWS).flatMap((row) => row.flag.match(/--[\w-]+/g) ?? []);
  const known = new Set([...flags, '--help', '--silent', '--read-only', '--some-thing']);
  expect((readme.match(/--[a-z][\w-]+/g) ?? []).filter((flag) => !known.has(flag))).toEqual([]);
});
