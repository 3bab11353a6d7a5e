/** Reading directories: what is believed, what is not, and that "could not read" is never "is empty". */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Snapshot } from '../../src/service/ports.ts';
import { type DirectoryOptions, directorySource } from '../../src/source/directory.ts';
import { type Files, nodeFiles } from '../../src/source/files.ts';
import { virtualClock } from '../support/clock.ts';

let top: string;
let root: string;

beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'evenkeel-'));
  root = join(top, 'manifests');
  mkdirSync(root);
});

afterEach(() => rmSync(top, { recursive: true }));

function put(path: string, text: string): void {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), text);
}

const read = (paths: readonly string[] = [root], options: DirectoryOptions = {}): Promise<Snapshot> =>
  directorySource(paths, options).read(new AbortController().signal);

const texts = ({ files }: Snapshot) =>
  Object.fromEntries(files.map(({ path, text }) => [path.replace(`${root}/`, ''), text]));

const problems = (snapshot: Snapshot) =>
  snapshot.kind === 'unreadable' ? snapshot.problems.map((each) => each.replaceAll(root, 'ROOT')) : [];

/** The real file system, with one method made to misbehave. */
const withFiles = (over: Partial<Files>): DirectoryOptions => ({ files: { ...nodeFiles, ...over } });

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: no`), { code });
}

describe('a directory', () => {
  it('gives its manifests, at any depth, sorted, and nothing else', async () => {
    for (const path of ['b.yaml', 'a.yml', 'sub/deep/c.yaml']) put(path, path);
    for (const path of [
      'x.txt',
      '.h.yaml',
      'a.yaml~',
      'b.yaml.swp',
      'c.tmp',
      '.git/d.yaml',
      '.hidden/e.yaml',
    ])
      put(path, path);
    const snapshot = await read();
    expect(snapshot.kind).toBe('complete');
    expect(snapshot.files.map(({ path }) => path)).toEqual(
      ['a.yml', 'b.yaml', 'sub/deep/c.yaml'].map((path) => join(root, path)),
    );
  });

  it('without a manifest is complete and empty', async () => {
    expect(await read()).toMatchObject({ kind: 'complete', files: [] });
  });

  it('that is not there, or is another thing, is unreadable', async () => {
    expect(problems(await read([join(root, 'gone')]))).toEqual([
      'EK401 ROOT/gone: no such file or directory',
    ]);
    put('f.yaml', 'x');
    expect(problems(await read([join(root, 'f.yaml', 'x')]))).toEqual([
      'EK401 ROOT/f.yaml/x: not a directory',
    ]);
    expect(problems(await read([]))).toEqual(['EK401 no path was given']);
  });

  it('next to one that is not there still gives its files, as unreadable', async () => {
    put('a.yaml', 'a');
    const snapshot = await read([root, join(top, 'gone')]);
    expect(snapshot.kind).toBe('unreadable');
    expect(texts(snapshot)).toEqual({ 'a.yaml': 'a' });
  });

  it('given twice, or with a file of it, gives each file once', async () => {
    put('a.yaml', 'a');
    expect((await read([root, join(root, 'a.yaml'), root])).files).toHaveLength(1);
  });

  it('has a revision that changes with a byte, a name and a file, and with nothing else', async () => {
    const revision = async () => {
      const snapshot = await read();
      return snapshot.kind === 'complete' ? snapshot.revision : 'unreadable';
    };
    put('a.yaml', 'a');
    const first = await revision();
    utimesSync(join(root, 'a.yaml'), 1, 1);
    expect(await revision()).toBe(first);
    put('a.yaml', 'b');
    const second = await revision();
    renameSync(join(root, 'a.yaml'), join(root, 'b.yaml'));
    const third = await revision();
    put('c.yaml', '');
    expect(new Set([first, second, third, await revision(), 'unreadable']).size).toBe(5);
  });

  it('names each file by its bytes', async () => {
    put('a.yaml', 'a');
    const [file] = (await read()).files;
    expect(file?.id).toBe(createHash('sha256').update('a').digest('hex'));
  });
});

describe('a file', () => {
  it('that is given by name is read whatever its name is', async () => {
    put('.hidden.txt', 'x');
    expect(texts(await read([join(root, '.hidden.txt')]))).toEqual({ '.hidden.txt': 'x' });
  });

  it('that is not UTF-8 or too large is a broken file, not a missing one', async () => {
    writeFileSync(join(root, 'a.yaml'), Uint8Array.from([0xff]));
    writeFileSync(join(root, 'b.yaml'), 'x'.repeat(300_000));
    const snapshot = await read();
    expect(snapshot.kind).toBe('complete');
    expect(snapshot.files).toMatchObject([
      { defect: 'not-utf8', text: '' },
      { defect: 'too-large', text: '' },
    ]);
  });

  it('that is a pipe is a problem and is not waited for', async () => {
    execFileSync('sh', ['-c', 'mkfifo "$1"', 'sh', join(root, 'a.yaml')]);
    expect(problems(await read())).toEqual(['EK403 ROOT/a.yaml: not a regular file']);
    expect(problems(await read([join(root, 'a.yaml')]))).toEqual(['EK403 ROOT/a.yaml: not a regular file']);
  });

  it('that may not be read makes the snapshot unreadable', async () => {
    put('a.yaml', 'a');
    put('b.yaml', 'b');
    const snapshot = await read(
      [root],
      withFiles({
        read: (path, max) => {
          if (path.endsWith('a.yaml')) throw systemError('EACCES');
          return nodeFiles.read(path, max);
        },
      }),
    );
    expect(problems(snapshot)).toEqual(['EK401 ROOT/a.yaml: permission denied']);
    expect(texts(snapshot)).toEqual({ 'b.yaml': 'b' });
  });

  it('that vanishes between listing and reading makes the snapshot unreadable', async () => {
    put('a.yaml', 'a');
    put('b.yaml', 'b');
    const snapshot = await read(
      [root],
      withFiles({
        read: (path, max) => {
          rmSync(join(root, 'b.yaml'), { force: true });
          return nodeFiles.read(path, max);
        },
      }),
    );
    expect(problems(snapshot)).toEqual(['EK401 ROOT/b.yaml: no such file or directory']);
  });

  it('that is replaced by a link between listing and reading is not followed', async () => {
    put('a.yaml', 'a');
    writeFileSync(join(top, 'secret'), 'CANARY');
    const snapshot = await read(
      [root],
      withFiles({
        read: (path, max) => {
          rmSync(path);
          symlinkSync(join(top, 'secret'), path);
          return nodeFiles.read(path, max);
        },
      }),
    );
    expect(snapshot.kind).toBe('unreadable');
    expect(JSON.stringify(snapshot)).not.toContain('CANARY');
  });
});

describe('a subdirectory', () => {
  it('that may not be listed, or vanishes, makes the snapshot unreadable', async () => {
    put('a.yaml', 'a');
    put('sub/b.yaml', 'b');
    const failing = (code: string) =>
      withFiles({
        list: (path) => (path.endsWith('sub') ? Promise.reject(systemError(code)) : nodeFiles.list(path)),
      });
    expect(problems(await read([root], failing('EACCES')))).toEqual(['EK401 ROOT/sub: permission denied']);
    expect(problems(await read([root], failing('ENOENT')))).toEqual([
      'EK401 ROOT/sub: no such file or directory',
    ]);
    expect(problems(await read([root], failing('EMFILE')))).toEqual(['EK401 ROOT/sub: too many open files']);
  });
});

describe('links', () => {
  it('inside the tree are followed, as Kubernetes lays a ConfigMap out', async () => {
    put('..2026_01/x.yaml', 'one');
    symlinkSync('..2026_01', join(root, '..data'));
    symlinkSync('..data/x.yaml', join(root, 'x.yaml'));
    expect(texts(await read())).toEqual({ 'x.yaml': 'one' });
    put('..2026_02/x.yaml', 'two');
    symlinkSync('..2026_02', join(root, '..tmp'));
    renameSync(join(root, '..tmp'), join(root, '..data'));
    expect(texts(await read())).toEqual({ 'x.yaml': 'two' });
  });

  it('that are swapped in the middle of reading never give half of each', async () => {
    for (const version of ['1', '2'])
      for (const name of ['a', 'b']) put(`..v${version}/${name}.yaml`, version);
    symlinkSync('..v1', join(root, '..data'));
    for (const name of ['a', 'b']) symlinkSync(`..data/${name}.yaml`, join(root, `${name}.yaml`));
    let swapped = false;
    const snapshot = await read(
      [root],
      withFiles({
        read: (path, max) => {
          const result = nodeFiles.read(path, max);
          if (!swapped) {
            swapped = true;
            symlinkSync('..v2', join(root, '..tmp'));
            renameSync(join(root, '..tmp'), join(root, '..data'));
          }
          return result;
        },
      }),
    );
    expect(texts(snapshot)).toEqual({ 'a.yaml': '2', 'b.yaml': '2' });
  });

  it('that lead out of the tree are problems, to files and to directories', async () => {
    writeFileSync(join(top, 'out.yaml'), 'CANARY');
    mkdirSync(join(top, 'manifests-not'));
    symlinkSync(join(top, 'out.yaml'), join(root, 'a.yaml'));
    symlinkSync('../manifests-not', join(root, 'dir'));
    const snapshot = await read();
    expect(problems(snapshot)).toEqual([
      'EK402 ROOT/a.yaml: a link that leads out of the given directory',
      'EK402 ROOT/dir: a link that leads out of the given directory',
    ]);
    expect(JSON.stringify(snapshot)).not.toContain('CANARY');
  });

  it('that lead nowhere or round in circles are problems when they are manifests, and else ignored', async () => {
    symlinkSync('gone', join(root, 'notes.txt'));
    symlinkSync('.', join(root, 'loop'));
    put('a.yaml', 'a');
    expect(await read()).toMatchObject({ kind: 'complete', files: [{ text: 'a' }] });
    symlinkSync('gone.yaml', join(root, 'b.yaml'));
    symlinkSync('c.yaml', join(root, 'c.yaml'));
    expect(problems(await read())).toEqual([
      'EK401 ROOT/b.yaml: a link that leads nowhere (no such file or directory)',
      expect.stringMatching(/^EK401 ROOT\/c\.yaml: a link that leads nowhere/),
    ]);
  });

  it('may be the given path itself', async () => {
    put('a.yaml', 'a');
    symlinkSync(root, join(top, 'current'));
    expect((await read([join(top, 'current')])).files).toMatchObject([
      { path: join(top, 'current', 'a.yaml') },
    ]);
  });
});

describe('limits', () => {
  it('of the number of files end in a problem', async () => {
    const entries = Array.from({ length: 20_001 }, (_, index) => ({
      name: `${index}.yaml`,
      kind: 'file' as const,
    }));
    const stamp = { kind: 'file' as const, node: 'n', identity: 'i' };
    const snapshot = await read([root], {
      allowWorktree: true,
      ...withFiles({
        list: () => Promise.resolve(entries),
        lstat: () => stamp,
        read: () => ({ bytes: Uint8Array.of(120), stamp, stable: true }),
      }),
    });
    expect(problems(snapshot)).toEqual(['EK404 ROOT: more than 20000 files or 100 MiB of manifests']);
  });
});

describe('a git work tree', () => {
  it('at rest is read, and while git is at work it is not', async () => {
    put('a.yaml', 'a');
    put('.git/HEAD', 'x');
    expect((await read()).kind).toBe('complete');
    for (const marker of ['index.lock', 'MERGE_HEAD', 'rebase-merge/done']) {
      put(`.git/${marker}`, '');
      expect(problems(await read())).toEqual([
        `EK406 ROOT: a git operation is under way (.git/${marker.split('/')[0]} is there)`,
      ]);
      expect((await read([root], { allowWorktree: true })).kind).toBe('complete');
      rmSync(join(root, '.git', marker.split('/')[0] ?? ''), { recursive: true });
    }
  });

  it('that is linked is looked up where its .git file says', async () => {
    put('a.yaml', 'a');
    mkdirSync(join(top, 'real'));
    put('.git', `gitdir: ${join(top, 'real')}\n`);
    expect((await read()).kind).toBe('complete');
    writeFileSync(join(top, 'real', 'index.lock'), '');
    expect(problems(await read())).toHaveLength(1);
  });
});

describe('standard input', () => {
  async function* chunks(...all: string[]) {
    for (const text of all) yield Buffer.from(text);
  }

  it('is one file, and is remembered, because it can be read once only', async () => {
    put('a.yaml', 'a');
    const source = directorySource(['-', root], { stdin: chunks('name: ', 'é') });
    const { signal } = new AbortController();
    const first = await source.read(signal);
    expect(first.files.map(({ path, text }) => [path.replace(root, 'ROOT'), text])).toEqual([
      ['<stdin>', 'name: é'],
      ['ROOT/a.yaml', 'a'],
    ]);
    expect(await source.read(signal)).toEqual(first);
  });

  it('that fails or is not there is unreadable', async () => {
    async function* broken() {
      yield Buffer.from('name');
      throw systemError('EIO');
    }
    expect(problems(await read(['-'], { stdin: broken() }))).toEqual(['EK401 <stdin>: input/output error']);
    expect(problems(await read(['-']))).toEqual(['EK401 <stdin>: there is no standard input here']);
  });
});

describe('reading for a daemon', () => {
  const settled = (files: Files = nodeFiles) => {
    const clock = virtualClock();
    const source = directorySource([root], { settle: { clock, ms: 1000 }, files });
    return { clock, read: () => clock.runUntil(source.read(new AbortController().signal)) };
  };

  it('takes two walks that see the same, one settle time apart', async () => {
    put('a.yaml', 'a');
    const { clock, read: readSettled } = settled();
    const start = clock.monotonic();
    expect(await readSettled()).toMatchObject({ kind: 'complete', files: [{ text: 'a' }] });
    expect(clock.monotonic() - start).toBe(1000);
  });

  it('waits for a writer that pauses in the middle of a file', async () => {
    put('a.yaml', 'half');
    let walks = 0;
    const { read: readSettled } = settled({
      ...nodeFiles,
      list: (path) => {
        if (++walks === 2) put('a.yaml', 'half and half');
        return nodeFiles.list(path);
      },
    });
    expect(texts(await readSettled())).toEqual({ 'a.yaml': 'half and half' });
    expect(walks).toBe(3);
  });

  it('sees a file that was replaced by equal bytes as touched, and still settles', async () => {
    put('a.yaml', 'a');
    let walks = 0;
    const { read: readSettled } = settled({
      ...nodeFiles,
      list: (path) => {
        if (++walks === 2) {
          put('.new', 'a');
          renameSync(join(root, '.new'), join(root, 'a.yaml'));
        }
        return nodeFiles.list(path);
      },
    });
    expect((await readSettled()).kind).toBe('complete');
    expect(walks).toBe(3);
  });

  it('gives up on files that never come to rest, as unreadable', async () => {
    let walks = 0;
    const { read: readSettled } = settled({
      ...nodeFiles,
      list: (path) => {
        put('a.yaml', String(++walks));
        return nodeFiles.list(path);
      },
    });
    expect(problems(await readSettled())).toEqual(['EK405 ROOT: the files were still changing']);
    expect(walks).toBe(10);
  });

  it('is not kept from settling by other files that come and go', async () => {
    put('a.yaml', 'a');
    let walks = 0;
    const { read: readSettled } = settled({
      ...nodeFiles,
      list: (path) => {
        put(`log-${++walks}.txt`, 'x');
        return nodeFiles.list(path);
      },
    });
    expect((await readSettled()).kind).toBe('complete');
    expect(walks).toBe(2);
  });

  it('never takes a directory that is replaced in between for an empty one', async () => {
    put('a.yaml', 'a');
    let walks = 0;
    const { read: readSettled } = settled({
      ...nodeFiles,
      list: (path) => {
        walks++;
        if (walks === 1) renameSync(root, join(top, 'away'));
        if (walks === 2) renameSync(join(top, 'away'), root);
        return nodeFiles.list(path);
      },
    });
    const snapshot = await readSettled();
    expect(snapshot.kind === 'unreadable' || snapshot.files.length === 1).toBe(true);
  });

  it('stops at once when asked to, as unreadable', async () => {
    put('a.yaml', 'a');
    const clock = virtualClock();
    const stop = new AbortController();
    const reading = directorySource([root], { settle: { clock, ms: 60_000 } }).read(stop.signal);
    stop.abort();
    expect(problems(await reading)).toEqual(['EK405 ROOT: reading was stopped']);
    expect(clock.sleepers()).toBe(0);
  });
});
