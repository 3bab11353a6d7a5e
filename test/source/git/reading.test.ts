import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLoadCache, load } from '../../../src/manifest/load.ts';
import { OFFLINE } from '../../../src/manifest/resolver.ts';
import { LIMITS } from '../../../src/service/limits.ts';
import { parseRef } from '../../../src/source/git/address.ts';
import { GitBench, git, manifest, read, seen } from '../../support/git.ts';

let bench: GitBench;
beforeEach(() => {
  bench = new GitBench();
});
afterEach(() => bench.close());

describe('a commit', () => {
  it('is read with the manifests below the path, and names itself', async () => {
    const sha = bench.repo.commit({
      'services/web.yaml': manifest('web'),
      'services/team/db.yml': manifest('db'),
      'services/README.md': '# hello',
      'services/.github/ci.yaml': 'on: push',
      'other/x.yaml': manifest('x'),
    });
    const snapshot = await read(bench.source({ path: 'services/' }));
    expect(seen(snapshot)).toEqual({
      kind: 'complete',
      files: { 'services/team/db.yml': manifest('db'), 'services/web.yaml': manifest('web') },
      problems: '',
    });
    expect(snapshot).toMatchObject({ revision: sha, commit: { sha } });
  });

  it('leaves no work tree, no index and no hook in the mirror, and runs none of the repository', async () => {
    bench.repo.commit({
      'web.yaml': manifest('web'),
      '.gitattributes': '*.yaml filter=evil diff=evil text eol=crlf\n',
      '.gitmodules': '[submodule "x"]\n\tpath = x\n\turl = ext::sh -c touch% /tmp/pwned\n',
    });
    const source = bench.source();
    expect(seen(await read(source)).files).toEqual({ 'web.yaml': manifest('web') });
    const names = readdirSync(bench.state, { recursive: true, encoding: 'utf8' });
    expect(names.filter((name) => /index$|hooks|\.yaml$|modules/.test(name))).toEqual([]);
    expect(bench.ran.map(({ args }) => args[0]).sort()).not.toContain('checkout');
  });

  it('comes newly with each push, and only what changed is read and parsed', async () => {
    const many = (changed: string) =>
      Object.fromEntries(
        Array.from({ length: 1_000 }, (_, n) => [
          `${n}.yaml`,
          manifest(`s${n}`, n === 500 ? changed : 'nginx:1'),
        ]),
      );
    bench.repo.commit(many('nginx:1'));
    const source = bench.source();
    const cache = createLoadCache();
    const options = { resolver: OFFLINE, cache };
    const before = load(await read(source), options).load.wishes;
    expect(before).toHaveLength(1_000);
    bench.ran.length = 0;
    bench.repo.commit(many('nginx:2'));
    const snapshot = await read(source);
    expect(seen(snapshot).files['500.yaml']).toContain('nginx:2');
    const asked = bench.ran.filter(({ args }) => args.join(' ') === 'cat-file --batch');
    expect(asked.map(({ input }) => input?.trim().split('\n').length)).toEqual([1]);
    // The very same values: they were not made anew.
    const known = new Set(before);
    const fresh = load(snapshot, options).load.wishes.filter((wish) => !known.has(wish));
    expect(fresh.map(({ name }) => name)).toEqual(['s500']);
  });

  it('that stands still costs one question to the server', async () => {
    bench.repo.commit({ 'web.yaml': manifest('web') });
    const source = bench.source();
    await read(source);
    bench.ran.length = 0;
    const snapshot = await read(source);
    expect(seen(snapshot).files).toEqual({ 'web.yaml': manifest('web') });
    expect(bench.ran.map(({ args }) => args[0])).toEqual(['ls-remote']);
  });

  it('that changed nothing below the path reads no blob', async () => {
    bench.repo.commit({ 'services/web.yaml': manifest('web'), 'README.md': 'one' });
    const source = bench.source({ path: 'services' });
    await read(source);
    bench.ran.length = 0;
    const sha = bench.repo.commit({ 'services/web.yaml': manifest('web'), 'README.md': 'two' });
    expect(await read(source)).toMatchObject({ kind: 'complete', revision: sha });
    expect(bench.ran.some(({ args }) => args.join(' ') === 'cat-file --batch')).toBe(false);
  });

  it('may be named by a tag, also an annotated one', async () => {
    const sha = bench.repo.commit({ 'web.yaml': manifest('web') });
    git(bench.repo.dir, ['tag', '-a', '-m', 'x', 'v1', sha]);
    for (const name of ['v1', 'refs/tags/v1', sha]) {
      const source = bench.source({ memoryFile: undefined, ref: parseRef(name) });
      expect(await read(source)).toMatchObject({ kind: 'complete', revision: sha });
    }
  });
});

describe('a commit that cannot be read whole is not taken at all', () => {
  const whole = { 'services/web.yaml': manifest('web'), 'services/db.yaml': manifest('db') };
  const big = 'x'.repeat(LIMITS.fileBytes + 1);
  const id = '1234567890123456789012345678901234567890';

  it.each([
    [
      'a manifest that is a link',
      { 'services/a.yaml': { mode: '120000', data: '/etc/passwd' } },
      'EK412 services/a.yaml: a symbolic link',
    ],
    [
      'a directory that is a link',
      { 'services/team': { mode: '120000', data: '../other' } },
      'EK412 services/team: a symbolic link',
    ],
    ['a submodule', { 'services/team': { mode: '160000', id } }, 'EK412 services/team: a submodule'],
    ['a huge blob', { 'services/big.yaml': big }, `EK101 services/big.yaml: ${big.length} bytes`],
  ])('%s among good manifests', async (_what, entry, problem) => {
    const good = bench.repo.commit(whole);
    const source = bench.source({ path: 'services' });
    await read(source);
    bench.repo.commit({ 'services/web.yaml': manifest('web', 'nginx:2'), ...entry });
    const snapshot = await read(source);
    expect(seen(snapshot)).toEqual({
      kind: 'unreadable',
      files: whole,
      problems: expect.stringContaining(problem),
    });
    expect(snapshot).toMatchObject({ revision: good });
    // And it mends itself.
    const mended = bench.repo.commit({ 'services/web.yaml': manifest('web', 'nginx:2') });
    expect(await read(source)).toMatchObject({ kind: 'complete', revision: mended });
  });

  it.each([
    ['the directory is gone', { 'other/web.yaml': manifest('web') }, 'services/ at'],
    ['the directory is a file', { services: 'x' }, 'it is not a directory'],
    [
      'the directory is a link',
      { services: { mode: '120000', data: 'other' }, 'other/web.yaml': manifest('web') },
      'it is not a directory',
    ],
    ['it holds no manifest', { 'services/README.md': 'x' }, 'no manifest is there'],
    ['the tree is empty', {}, 'there is no such directory'],
  ])('%s', async (_what, files, problem) => {
    bench.repo.commit(whole);
    const source = bench.source({ path: 'services' });
    await read(source);
    bench.repo.commit(files as Record<string, string>);
    expect(seen(await read(source))).toEqual({
      kind: 'unreadable',
      files: whole,
      problems: expect.stringContaining(problem),
    });
  });

  it('a tree that holds itself a billion times, in a few bytes', async () => {
    bench.repo.commit(whole);
    const source = bench.source({ path: 'services' });
    await read(source);
    const { dir } = bench.repo;
    let tree = git(
      dir,
      ['mktree'],
      `100644 blob ${git(dir, ['rev-parse', 'main:services/web.yaml'])}\ta.yaml\n`,
    );
    for (let level = 0; level < 9; level++) {
      const entries = Array.from({ length: 10 }, (_, n) => `040000 tree ${tree}\td${n}\n`);
      tree = git(dir, ['mktree'], entries.join(''));
    }
    const root = git(dir, ['mktree'], `040000 tree ${tree}\tservices\n`);
    bench.repo.point('main', git(dir, ['commit-tree', root, '-p', 'main', '-m', 'bomb']));
    expect(seen(await read(source))).toEqual({
      kind: 'unreadable',
      files: whole,
      problems: expect.stringContaining('EK404'),
    });
  });

  it('a link that is plainly a document is passed over', async () => {
    bench.repo.commit({ 'web.yaml': manifest('web'), 'README.md': { mode: '120000', data: 'docs/x.md' } });
    expect(seen(await read(bench.source()))).toMatchObject({ kind: 'complete' });
  });

  it('a commit without a manifest is believed where that is said to be meant', async () => {
    bench.repo.commit({ 'services/README.md': 'x' });
    const source = bench.source({ path: 'services', allowEmpty: true });
    expect(seen(await read(source))).toMatchObject({ kind: 'complete', files: {} });
  });

  it('a file that is no UTF-8 text is a broken manifest among the others', async () => {
    bench.repo.commit({ 'a.yaml': manifest('a'), 'b.yaml': new Uint8Array([0x66, 0xff, 0xfe]) });
    const { files } = await read(bench.source());
    expect(files.map(({ defect }) => defect)).toEqual([undefined, 'not-utf8']);
  });
});
