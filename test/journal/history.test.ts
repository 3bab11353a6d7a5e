/** The history's file: bounded, readable after a kill in the middle of a line, and never an error. */
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type HistoryEntry, openHistory, readHistory } from '../../src/journal/history.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'evenkeel-history-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const entry = (at: number, name = 'web'): HistoryEntry => ({
  at,
  revision: 'r1',
  name,
  what: 'PATCH target_num_containers 2→7',
  why: undefined,
  outcome: 'accepted',
});
const times = (most = 1_000_000) => readHistory(directory, () => true, most).map(({ at }) => at);

test('what was added is read back, the latest so many, also by the next process', () => {
  const add = openHistory(directory);
  for (let at = 0; at < 5; at++) add(entry(at));
  openHistory(directory)(entry(5, 'db'));
  expect(times()).toEqual([0, 1, 2, 3, 4, 5]);
  expect(times(2)).toEqual([4, 5]);
  expect(readHistory(directory, ({ name }) => name === 'db', 9)).toEqual([
    { at: 5, revision: 'r1', name: 'db', what: 'PATCH target_num_containers 2→7', outcome: 'accepted' },
  ]);
});

test('a line that was cut off costs itself and nothing else', () => {
  openHistory(directory)(entry(1));
  appendFileSync(join(directory, 'history.jsonl'), '{"at":2,"what":"PAT');
  openHistory(directory)(entry(3));
  expect(times()).toEqual([1, 3]);
  writeFileSync(join(directory, 'history.jsonl'), '\u0000\u0000\n{"at":"x"}\nnull\n[]\n');
  expect(times()).toEqual([]);
});

test('it takes two files of a bounded size, however much is added, and they are the owner’s alone', () => {
  const add = openHistory(directory, 10_000);
  for (let at = 0; at < 2_000; at++) add(entry(at));
  add({ ...entry(2_000), why: 'x'.repeat(100_000) });
  const files = readdirSync(directory).sort();
  expect(files).toEqual(['history.1.jsonl', 'history.jsonl']);
  for (const file of files) {
    const { size, mode } = statSync(join(directory, file));
    expect(size).toBeLessThanOrEqual(10_000);
    expect(mode & 0o077).toBe(0);
  }
  const kept = times();
  expect(kept.at(-1)).toBe(2_000);
  expect(kept).toEqual(kept.toSorted((a, b) => a - b));
  expect(kept.length).toBeGreaterThan(60);
});

test('a directory that is not there, or cannot be written, is an empty history', () => {
  expect(readHistory(join(directory, 'none'), () => true, 9)).toEqual([]);
  mkdirSync(join(directory, 'history.jsonl'));
  openHistory(directory)(entry(1));
  expect(times()).toEqual([]);
});
