/**
 * Copies of this directory to plant bugs in: the files as they are, packages by a link.
 */
import { execFile, fork } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Mutant, plant } from '../../test/mutants/mutant.ts';
import type { Said } from '../../test/mutants/probe-child.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const LEFT_OUT = new Set(['node_modules', '.git', 'dist', 'coverage']);
const MOST_MS = 120_000;

export interface Tree {
  /** The file that has the mutant's text: the one it names, or the only one of that folder. Throws where there is none. */
  fileOf(mutant: Mutant): Promise<string>;
  /** Plants it, works, and takes it out again. */
  with<T>(mutant: Mutant, work: () => Promise<T>): Promise<T>;
  /** Runs probes in a process of their own, up to the first that says something, or all. `end`: it did not end well. */
  probe(names: readonly string[], all: boolean): Promise<{ said: readonly Said[]; end: string | undefined }>;
  test(files: readonly string[]): Promise<{ failed: boolean; tail: string }>;
  remove(): Promise<void>;
}

export function copies(count: number): Promise<readonly Tree[]> {
  return Promise.all(Array.from({ length: count }, copy));
}

async function copy(): Promise<Tree> {
  const root = await mkdtemp(join(tmpdir(), 'evenkeel-mutants-'));
  await cp(ROOT, root, { recursive: true, filter: (from) => !LEFT_OUT.has(basename(from)) });
  await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  return {
    fileOf: (mutant) => fileOf(root, mutant),
    async with(mutant, work) {
      const path = join(root, await fileOf(root, mutant));
      const text = await readFile(path, 'utf8');
      await writeFile(path, plant(mutant, text));
      try {
        return await work();
      } finally {
        await writeFile(path, text);
      }
    },
    probe: (names, all) => probe(root, names, all),
    test: (files) => test(root, files),
    remove: () => rm(root, { recursive: true, force: true }),
  };
}

/** A text that moved to another file of its folder is still the same bug. */
async function fileOf(root: string, mutant: Mutant): Promise<string> {
  const folder = dirname(mutant.file);
  const names = await readdir(join(root, folder));
  const others = names.map((name) => `${folder}/${name}`).filter((file) => file.endsWith('.ts'));
  const has = async (file: string) => (await readFile(join(root, file), 'utf8')).includes(mutant.find);
  const there = others.includes(mutant.file) && (await has(mutant.file));
  const found = there ? [mutant.file] : [];
  if (!there) for (const file of others) if (await has(file)) found.push(file);
  const [one = mutant.file] = found;
  if (found.length !== 1)
    throw new Error(`${mutant.name}: ${found.length} files of ${folder} have its text: ${mutant.find}`);
  plant(mutant, await readFile(join(root, one), 'utf8'));
  return one;
}

function probe(root: string, names: readonly string[], all: boolean) {
  return new Promise<{ said: readonly Said[]; end: string | undefined }>((resolve) => {
    const child = fork(join(root, 'test/mutants/probe-child.ts'), [...names, ...(all ? ['--all'] : [])], {
      cwd: root,
      silent: true,
    });
    let said: readonly Said[] = [];
    let text = '';
    let late = false;
    child.stderr?.on('data', (bytes: Buffer) => {
      text = `${text}${bytes.toString('utf8')}`.slice(-2_000);
    });
    child.on('message', (message) => {
      said = (message as { said: readonly Said[] }).said;
    });
    const timer = setTimeout(
      () => {
        late = true;
        child.kill('SIGKILL');
      },
      all ? 20 * MOST_MS : MOST_MS,
    );
    child.on('exit', (code) => {
      clearTimeout(timer);
      const end = late ? 'it did not end' : code === 0 ? undefined : `it ended with ${code}: ${text}`;
      resolve({ said, end });
    });
  });
}

function test(root: string, files: readonly string[]) {
  return new Promise<{ failed: boolean; tail: string }>((resolve) => {
    const vitest = join(root, 'node_modules/vitest/vitest.mjs');
    execFile(
      process.execPath,
      [vitest, 'run', '--project', 'unit', '--bail', '1', ...files],
      { cwd: root, timeout: 5 * MOST_MS, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) =>
        resolve({ failed: error !== null, tail: `${stdout}${stderr}`.slice(-2_500) }),
    );
  });
}
