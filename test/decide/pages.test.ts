/** Pages that speak of the code are compared with it, so that they cannot grow old. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { statesPage } from '../support/states-page.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

test('docs/states.md is what the tables say', async () => {
  await expect(statesPage()).toMatchFileSnapshot('../../docs/states.md');
});

test('docs/lifecycle.md names files and functions that are there', () => {
  const steps = [...read('docs/lifecycle.md').matchAll(/^\| (\d+) \| .* \| `(src\/[^`]+)` \| `(\w+)` \|$/gm)];
  expect(steps.map(([, number]) => Number(number))).toEqual(steps.map((_, at) => at + 1));
  expect(steps.length).toBeGreaterThan(20);
  const lost = steps.filter(([, , path = '', name = '']) => {
    const there = existsSync(new URL(`../../${path}`, import.meta.url));
    return (
      !there || !new RegExp(`^export (?:async )?(?:function|class|const) ${name}\\b`, 'm').test(read(path))
    );
  });
  expect(lost.map(([line]) => line)).toEqual([]);
});

test.each([
  ['src/decide/unfold.ts', 'export function unfold'],
  ['src/drive/converge.ts', 'export async function converge'],
])('docs/architecture.md shows %s as it is', (path, start) => {
  const source = read(path);
  expect(read('docs/architecture.md')).toContain(source.slice(source.indexOf(start)).trimEnd());
});
