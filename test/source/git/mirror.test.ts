import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/service/limits.ts';
import { BlobCache } from '../../../src/source/git/blobs.ts';
import { GitBench, manifest, read, seen } from '../../support/git.ts';

let bench: GitBench;
beforeEach(() => {
  bench = new GitBench();
});
afterEach(() => bench.close());

const one = { 'web.yaml': manifest('web', 'nginx:1') };
const two = { 'web.yaml': manifest('web', 'nginx:2') };
const mirror = () => {
  const base = join(bench.state, 'git');
  return join(base, readdirSync(base).find((name) => name.endsWith('.git')) ?? '');
};
const packs = () => {
  const dir = join(mirror(), 'objects/pack');
  return readdirSync(dir)
    .filter((name) => name.endsWith('.pack'))
    .map((name) => join(dir, name));
};
const corrupt = (file: string, change: (bytes: Buffer) => void) => {
  const bytes = readFileSync(file);
  change(bytes);
  rmSync(file, { force: true });
  writeFileSync(file, bytes);
};

describe('a damaged mirror is made anew', () => {
  it.each<[string, () => void]>([
    ['HEAD is gone', () => rmSync(join(mirror(), 'HEAD'))],
    ['HEAD is rubbish', () => writeFileSync(join(mirror(), 'HEAD'), 'rubbish')],
    ['the configuration is rubbish', () => writeFileSync(join(mirror(), 'config'), '[[[')],
    [
      'a pack is gone',
      () =>
        packs().forEach((pack) => {
          rmSync(pack);
        }),
    ],
    [
      'a pack was cut',
      () =>
        packs().forEach((pack) => {
          truncateSync(pack, 40);
        }),
    ],
    [
      'a pack is full of zeros',
      () =>
        packs().forEach((pack) => {
          corrupt(pack, (bytes) => bytes.fill(0, 12));
        }),
    ],
    ['objects are gone', () => rmSync(join(mirror(), 'objects'), { recursive: true })],
    ['refs are gone', () => rmSync(join(mirror(), 'refs'), { recursive: true })],
    [
      'refs are rubbish',
      () => {
        for (const ref of readdirSync(join(mirror(), 'refs/evenkeel')))
          writeFileSync(join(mirror(), 'refs/evenkeel', ref), 'rubbish\n');
      },
    ],
    [
      'it is a file',
      () => {
        const dir = mirror();
        rmSync(dir, { recursive: true });
        writeFileSync(dir, '');
      },
    ],
    [
      'it is an empty directory',
      () => {
        const dir = mirror();
        rmSync(dir, { recursive: true });
        mkdirSync(dir);
      },
    ],
  ])('%s', async (_what, damage) => {
    bench.repo.commit(one);
    await read(bench.source());
    damage();
    const sha = bench.repo.commit(two);
    expect(await read(bench.source())).toMatchObject({ kind: 'complete', revision: sha });
    const next = bench.repo.commit(one);
    expect(await read(bench.source())).toMatchObject({ kind: 'complete', revision: next });
    expect(readdirSync(join(bench.state, 'git'))).toHaveLength(1);
  });

  it('while it runs, too: in the middle of a life nothing but the next push is needed', async () => {
    bench.repo.commit(one);
    const source = bench.source();
    await read(source);
    rmSync(mirror(), { recursive: true });
    expect((await read(source)).kind).toBe('complete');
    const sha = bench.repo.commit(two);
    expect(await read(source)).toMatchObject({ kind: 'complete', revision: sha });
  });

  it('but not again and again when that does not help', async () => {
    bench.repo.commit(one);
    const source = bench.source({
      run: () =>
        Promise.resolve({
          ok: false,
          stdout: Buffer.alloc(0),
          stderr: 'fatal: never heard of it',
          ended: undefined,
        }),
    });
    expect(seen(await read(source)).problems).toMatch(/^EK4/);
  });
});

describe('what a killed process left', () => {
  it('locks and drafts of packs, is taken away when nobody can own it any more', async () => {
    bench.repo.commit(one);
    await read(bench.source());
    const [ref = ''] = readdirSync(join(mirror(), 'refs/evenkeel')).filter((name) =>
      name.startsWith('incoming'),
    );
    const left = [
      join(mirror(), 'refs/evenkeel', `${ref}.lock`),
      join(mirror(), 'packed-refs.lock'),
      join(mirror(), 'objects/pack/tmp_pack_x'),
      `${mirror()}.draft-abc`,
    ];
    for (const file of left) {
      writeFileSync(file, 'x');
      utimesSync(file, 1_000, 1_000);
    }
    const sha = bench.repo.commit(two);
    expect(await read(bench.source())).toMatchObject({ kind: 'complete', revision: sha });
    expect(left.filter((file) => existsSync(file))).toEqual([]);
  });

  it('in the middle of a fetch does no harm to the next one', async () => {
    bench.repo.commit(one);
    const script = `
      const { GitBench } = await import('./test/support/git.ts');
      const bench = new GitBench();
      const source = bench.source({ url: process.argv[1], mirrors: process.argv[2], memoryFile: process.argv[3] });
      process.stdout.write('ready');
      for (;;) await source.read(new AbortController().signal);
    `;
    const noise = Buffer.alloc(2_000_000);
    for (let round = 0; round < 3; round++) {
      for (let at = 0; at < noise.length; at++)
        noise[at] = Math.imul(at + round, 2_654_435_761) >>> ((at * 7) % 24);
      bench.repo.commit({ ...two, 'noise.bin': noise });
      const child = spawn(
        process.execPath,
        [
          '--import',
          'tsx',
          '--input-type=module',
          '-e',
          script,
          '--',
          bench.repo.url,
          join(bench.state, 'git'),
          join(bench.state, 'git.json'),
        ],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      await new Promise((resolve) => child.stdout.once('data', resolve));
      await new Promise((resolve) => setTimeout(resolve, 30 + 70 * round));
      child.kill('SIGKILL');
      await new Promise((resolve) => child.on('close', resolve));
      expect(await read(bench.source())).toMatchObject({ kind: 'complete', revision: bench.repo.head() });
    }
  });
});

describe('two processes on one mirror', () => {
  it('both read every push', async () => {
    bench.repo.commit(one);
    const memory = (name: string) => ({ memoryFile: join(bench.state, `${name}.json`) });
    const sources = [bench.source(memory('a')), bench.source(memory('b')), bench.source(memory('c'))];
    for (let push = 0; push < 5; push++) {
      const sha = bench.repo.commit({ 'web.yaml': manifest('web', `nginx:${push}`) });
      for (const snapshot of await Promise.all(sources.map(read)))
        expect(snapshot).toMatchObject({ kind: 'complete', revision: sha });
    }
  });
});

describe('the mirror', () => {
  it('is kept in few packs, however often is pushed', async () => {
    const source = bench.source({ limits: { packs: 3 } });
    for (let push = 0; push < 12; push++) {
      bench.repo.commit({ 'web.yaml': manifest('web', `nginx:${push}`) });
      expect((await read(source)).kind).toBe('complete');
    }
    await source.close();
    expect(packs().length).toBeLessThanOrEqual(5);
  });

  it('where it cannot be made is a problem in words', async () => {
    bench.repo.commit(one);
    expect(seen(await read(bench.source({ mirrors: join(bench.repo.dir, 'HEAD', 'x') }))).problems).toMatch(
      /^EK413 /,
    );
  });

  it('is believed only as far as its blobs have the ids they are asked by', async () => {
    const id = createHash('sha1').update('blob 5\0hello').digest('hex');
    const answering = (text: string) => (args: readonly string[]) =>
      Promise.resolve({
        ok: true,
        stdout: Buffer.from(args[1] === '--batch' ? `${id} blob 5\n${text}\n` : `${id} blob 5\n`),
        stderr: '',
        ended: undefined,
      });
    const reading = (text: string) =>
      new BlobCache().read(answering(text), [{ path: 'a.yaml', id }], LIMITS).then(({ kind }) => kind);
    expect(await reading('hello')).toBe('files');
    expect(await reading('hellO')).toBe('failed');
    expect(await reading('hell')).toBe('failed');
  });

  it.runIf(process.getuid?.() === 0)('of a repository of another user is not read', async () => {
    bench.repo.commit(one);
    chownSync(bench.repo.dir, 12_345, 12_345);
    expect(seen(await read(bench.source())).problems).toContain('belongs to another user');
  });
});

describe('git', () => {
  it('that is not installed is said', async () => {
    bench.repo.commit(one);
    expect(seen(await read(bench.source({ inherited: { PATH: '/nonexistent' } }))).problems).toContain(
      'there is no git on this machine',
    );
  });

  it('gets nothing of our environment or of anybody else’s configuration', async () => {
    bench.repo.commit(one);
    await read(bench.source());
    for (const { env, args } of bench.ran) {
      expect(
        Object.keys(env)
          .filter((name) => !name.startsWith('GIT_'))
          .sort(),
      ).toEqual(['HOME', 'LC_ALL', 'PATH', 'SSH_ASKPASS_REQUIRE']);
      expect(env).toMatchObject({
        GIT_CONFIG_NOSYSTEM: '1',
        GIT_CONFIG_GLOBAL: '/dev/null',
        GIT_TERMINAL_PROMPT: '0',
        HOME: '/nonexistent',
      });
      expect(env['GIT_ALLOW_PROTOCOL']).toBe(args[0] === 'fetch' || args[0] === 'ls-remote' ? 'file' : '');
    }
  });
});
