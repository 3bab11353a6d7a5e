/** Hints of changes, from the real system. Each test waits for the hint itself, however long it takes. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Watching, watch } from '../../src/source/watch.ts';

let top: string;
let root: string;
let watching: Watching | undefined;
let hints: number;
let lost: string[];

beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'evenkeel-'));
  root = join(top, 'manifests');
  mkdirSync(root);
  writeFileSync(join(root, 'a.yaml'), 'a');
  hints = 0;
  lost = [];
});

afterEach(async () => {
  await watching?.close();
  rmSync(top, { recursive: true });
});

const tick = () => new Promise((resolve) => setTimeout(resolve, 20));

/** Watches, and waits until the watcher is at work: until a change of a probe file is noticed. */
async function start(): Promise<void> {
  watching = watch([root], { hint: () => hints++, lost: (message) => lost.push(message) });
  for (let count = 0; hints === 0; count++) {
    writeFileSync(join(root, 'probe.yaml'), String(count));
    await tick();
  }
}

/** Does it again in another way until a hint comes; the test's own time limit ends it if none ever does. */
async function untilHint(change: (count: number) => void): Promise<void> {
  await tick();
  const before = hints;
  for (let count = 0; hints === before; count++) {
    change(count);
    await tick();
  }
}

it('come for files that are written, and for new directories', async () => {
  await start();
  await untilHint((count) => writeFileSync(join(root, 'a.yaml'), `a${count}`));
  mkdirSync(join(root, 'sub'));
  await untilHint((count) => writeFileSync(join(root, 'sub', `${count}.yaml`), 'b'));
  expect(lost).toEqual([]);
});

it('come when the links of a ConfigMap are swapped', async () => {
  mkdirSync(join(root, '..v0'));
  writeFileSync(join(root, '..v0', 'x.yaml'), '0');
  symlinkSync('..v0', join(root, '..data'));
  symlinkSync('..data/x.yaml', join(root, 'x.yaml'));
  await start();
  await untilHint((count) => {
    mkdirSync(join(root, `..v${count + 1}`));
    symlinkSync(`..v${count + 1}`, join(root, '..tmp'));
    renameSync(join(root, '..tmp'), join(root, '..data'));
  });
});

it('go on coming after the directory was replaced by another of its name', async () => {
  await start();
  mkdirSync(join(top, 'next'));
  writeFileSync(join(top, 'next', 'a.yaml'), 'b');
  renameSync(root, join(top, 'old'));
  renameSync(join(top, 'next'), root);
  await untilHint((count) => writeFileSync(join(root, 'a.yaml'), `b${count}`));
  await untilHint((count) => writeFileSync(join(root, `${count}.yaml`), 'c'));
});

it('come when a directory that was not there appears, and from what is then in it', async () => {
  await start();
  rmSync(root, { recursive: true });
  await untilHint(() => mkdirSync(root, { recursive: true }));
  await untilHint((count) => writeFileSync(join(root, `${count}.yaml`), 'c'));
});

it('end with closing', async () => {
  await start();
  await watching?.close();
  const before = hints;
  writeFileSync(join(root, 'late.yaml'), 'x');
  await tick();
  await tick();
  expect(hints).toBe(before);
});
