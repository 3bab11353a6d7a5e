import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readState } from '../../src/journal/statedir.ts';
import { seededRandom } from '../support/clock.ts';
import { compileChild } from '../support/compile.ts';

let folder: string;
let child: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'evenkeel-crash-'));
  child = compileChild('test/journal/child.ts', join(folder, 'compiled'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Run {
  readonly lines: readonly string[];
  readonly code: number | null;
}

/** Runs the appending child; `watch` sees the lines so far and says whether to kill it. */
function run(
  command: string,
  args: readonly string[],
  watch: (lines: readonly string[]) => boolean,
): Promise<Run> {
  return new Promise((resolve, reject) => {
    const process = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    process.on('error', reject);
    process.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (watch(text.split('\n').slice(0, -1))) process.kill('SIGKILL');
    });
    process.on('close', (code) => resolve({ lines: text.split('\n').slice(0, -1), code }));
  });
}

const numbers = (lines: readonly string[]) => lines.filter((line) => /^\d+$/.test(line));

const remembered = async (base: string) => {
  const warnings: string[] = [];
  const warn = (message: string) => void warnings.push(message);
  const { memory } = await readState({ base, origin: 'http://127.0.0.1:1', owner: 'default', warn });
  expect(warnings).toEqual([]);
  return memory;
};

async function killAgainAndAgain(base: string, seed: number, rounds: number): Promise<number> {
  const random = seededRandom(seed);
  let from = 0;
  const said: string[] = [];
  for (let round = 0; round < rounds; round++) {
    const enough = 1 + Math.floor(random.next() * 40);
    const { lines } = await run(process.execPath, [child, base, String(from)], (so) => so.length > enough);
    expect(lines[0]).toBe('open');
    expect(lines.filter((line) => line.startsWith('warned'))).toEqual([]);
    said.push(...numbers(lines));
    const { tokens } = await remembered(base);
    expect(said.filter((number) => !tokens.has(`u${number}`))).toEqual([]);
    from = Math.max(from, ...[...tokens.keys()].map((key) => Number(key.slice(1)))) + 1;
  }
  return said.length;
}

it('kill -9 at 50 moments loses no record that was said to be on disk, and the next one takes the lock over', async () => {
  const runs = [3, 5].map((seed) => killAgainAndAgain(join(folder, `killed-${seed}`), seed, 25));
  const [one = 0, two = 0] = await Promise.all(runs);
  expect(one + two).toBeGreaterThan(50);
});

it('a full disk rejects the append; all before it is there, and what still fits goes in behind it', async () => {
  const base = join(folder, 'full');
  const limited = ['-c', 'ulimit -f 16 && exec "$0" "$@"', process.execPath, child, base, '0', '20'];
  const { lines, code } = await run('/bin/bash', limited, () => false);
  expect(code).toBe(0);
  expect(lines.filter((line) => line === 'rejected EFBIG').length).toBeGreaterThan(0);
  const memory = await remembered(base);
  expect(numbers(lines).length).toBeGreaterThan(10);
  expect([...memory.tokens.keys()]).toEqual(numbers(lines).map((number) => `u${number}`));
  expect(lines.at(-1)).toBe('small');
  expect([...memory.protectedNames]).toEqual(['small']);
});
