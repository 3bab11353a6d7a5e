import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/cli/system.ts';
import type { Clock } from '../../../src/service/ports.ts';
import { gitRunner } from '../../../src/source/git/command.ts';
import { GitBench, git, manifest, read, seen } from '../../support/git.ts';
import { sshKey } from '../../support/git-server.ts';

let bench: GitBench;
let later = 0;
/** The real clock, with a wall clock that a test may set forward. */
const clock: Clock = { ...systemClock, wall: () => Date.now() + later };
beforeEach(() => {
  bench = new GitBench();
  later = 0;
});
afterEach(() => bench.close());

const one = { 'web.yaml': manifest('web', 'nginx:1') };
const two = { 'web.yaml': manifest('web', 'nginx:2') };
const other = { 'db.yaml': manifest('db') };

describe('a branch that went back to an older commit', () => {
  it('is held with the reason, as a lagging mirror is, and what was taken last stays wished', async () => {
    const old = bench.repo.commit(one);
    const last = bench.repo.commit(two);
    const source = bench.source({ clock });
    await read(source);
    bench.repo.point('main', old);
    const held = await read(source);
    expect(seen(held)).toMatchObject({ kind: 'unreadable', files: two });
    expect(seen(held).problems).toMatch(
      new RegExp(
        `^EK410 refs/heads/main went back to ${old.slice(0, 12)}, which is older than ${last.slice(0, 12)}`,
      ),
    );
    // The words stay the same, so that it is said once.
    expect(seen(await read(source)).problems).toBe(seen(held).problems);
    bench.repo.point('main', last);
    expect(await read(source)).toMatchObject({ kind: 'complete', revision: last });
  });

  it('is not followed back when the fetch is answered by a replica that lags', async () => {
    const old = bench.repo.commit(one);
    const last = bench.repo.commit(two);
    const run = gitRunner(clock);
    let lags = false;
    const source = bench.source({
      clock,
      run: async (command) => {
        const behind = lags && command.args[0] === 'fetch';
        if (behind) bench.repo.point('main', old);
        const result = await run(command);
        if (behind) bench.repo.point('main', last);
        return result;
      },
    });
    await read(source);
    bench.repo.point('main', old);
    await read(source);
    bench.repo.point('main', last);
    lags = true;
    expect((await read(source)).kind).toBe('unreadable');
    lags = false;
    later = 601_000;
    expect(await read(source)).toMatchObject({ kind: 'complete', revision: last });
  });

  it('waits anew after it came back, also with a commit that cannot be read', async () => {
    const old = bench.repo.commit(one);
    const last = bench.repo.commit(two);
    const source = bench.source({ clock });
    await read(source);
    bench.repo.point('main', old);
    await read(source);
    bench.repo.point('main', last);
    bench.repo.commit({ 'README.md': 'no manifest' });
    expect((await read(source)).kind).toBe('unreadable');
    bench.repo.point('main', old);
    later = 601_000;
    expect((await read(source)).kind).toBe('unreadable');
  });

  it('is taken when it still stands after the hold and two readings', async () => {
    const old = bench.repo.commit(one);
    bench.repo.commit(two);
    const source = bench.source({ clock });
    await read(source);
    bench.repo.point('main', old);
    await read(source);
    later = 599_000;
    expect((await read(source)).kind).toBe('unreadable');
    later = 601_000;
    expect(await read(source)).toMatchObject({ kind: 'complete', revision: old });
  });

  it('is held in one reading however late it comes: a second one must see it too', async () => {
    const old = bench.repo.commit(one);
    bench.repo.commit(two);
    const source = bench.source({ clock, holdMs: 1 });
    await read(source);
    bench.repo.point('main', old);
    later = 3_600_000;
    expect((await read(source)).kind).toBe('unreadable');
    later += 10;
    expect((await read(source)).kind).toBe('complete');
  });
});

describe('a rewritten history', () => {
  it('is held, through a restart, and taken in the end', async () => {
    bench.repo.commit(one);
    await read(bench.source({ clock }));
    const forced = bench.repo.commit(other, { parents: [] });
    const held = await read(bench.source({ clock }));
    expect(seen(held)).toMatchObject({
      kind: 'unreadable',
      files: one,
      problems: expect.stringContaining('the history of refs/heads/main was rewritten'),
    });
    later = 601_000;
    expect(await read(bench.source({ clock }))).toMatchObject({ kind: 'complete', revision: forced });
  });

  it('does not begin its wait anew with more commits on top, but with another history', async () => {
    bench.repo.commit(one);
    const source = bench.source({ clock });
    await read(source);
    bench.repo.commit(other, { parents: [] });
    await read(source);
    later = 300_000;
    bench.repo.commit(two);
    await read(source);
    later = 601_000;
    expect((await read(source)).kind).toBe('complete');
    bench.repo.commit(one, { parents: [], message: 'x' });
    await read(source);
    later += 300_000;
    bench.repo.commit(two, { parents: [], message: 'y' });
    await read(source);
    later += 310_000;
    expect((await read(source)).kind).toBe('unreadable');
  });

  it('is held for ever where that is wished, until the branch contains the last commit', async () => {
    const last = bench.repo.commit(one);
    const source = bench.source({ clock, holdMs: undefined });
    await read(source);
    const forced = bench.repo.commit(other, { parents: [] });
    await read(source);
    later = 365 * 86_400_000;
    expect((await read(source)).kind).toBe('unreadable');
    const merged = bench.repo.commit(other, { parents: [forced, last] });
    expect(await read(source)).toMatchObject({ kind: 'complete', revision: merged });
  });

  it('holds back no single reading: plan shows what was asked for', async () => {
    bench.repo.commit(one);
    await read(bench.source());
    bench.repo.commit(other, { parents: [] });
    expect(seen(await read(bench.source({ memoryFile: undefined })))).toMatchObject({
      kind: 'complete',
      files: other,
    });
  });
});

describe('what is remembered', () => {
  it('is the commit taken last: after a restart with the server gone its files are there', async () => {
    bench.repo.commit(one);
    await read(bench.source());
    const { renameSync } = await import('node:fs');
    renameSync(bench.repo.dir, `${bench.repo.dir}.away`);
    expect(seen(await read(bench.source()))).toMatchObject({
      kind: 'unreadable',
      files: one,
      problems: expect.stringContaining('EK407'),
    });
  });

  it('is of one repository, branch and path only', async () => {
    bench.repo.commit(one);
    bench.repo.commit({ 'services/db.yaml': manifest('db') }, { branch: 'other', parents: [] });
    await read(bench.source());
    expect(seen(await read(bench.source({ branch: 'other' })))).toMatchObject({ kind: 'complete' });
  });

  it('is no hindrance when it is damaged', async () => {
    bench.repo.commit(one);
    for (const text of ['', '{', '{"formatVersion":1,"taken":"--x","approved":1}', '[]', 'null']) {
      writeFileSync(join(bench.state, 'git.json'), text);
      expect((await read(bench.source())).kind).toBe('complete');
    }
  });
});

describe('a deleted branch', () => {
  it('is not an empty one', async () => {
    bench.repo.commit(one);
    const source = bench.source();
    await read(source);
    bench.repo.deleteBranch('main');
    expect(seen(await read(source))).toEqual({
      kind: 'unreadable',
      files: one,
      problems: `EK408 ${bench.repo.url}: there is no branch main; --branch names another`,
    });
    const again = bench.repo.commit(two, {
      parents: [JSON.parse(readFileSync(join(bench.state, 'git.json'), 'utf8')).taken],
    });
    expect(await read(source)).toMatchObject({ kind: 'complete', revision: again });
  });

  it('nor is a repository without commits, or another branch of a similar name', async () => {
    expect(seen(await read(bench.source())).problems).toContain('EK408');
    bench.repo.commit(one, { branch: 'x/refs/heads/main' });
    expect(seen(await read(bench.source())).problems).toContain(
      'there is no branch main; --branch names another; branches that are there: x/refs/heads/main',
    );
  });
});

describe('what commits approve to be deleted', () => {
  const approved = async (source: ReturnType<GitBench['source']>) => {
    const snapshot = await read(source);
    return snapshot.kind === 'complete'
      ? [...(snapshot.commit?.allowDeletes ?? [])].sort()
      : snapshot.problems;
  };

  it('is what trailers say, and nothing that only looks like one', async () => {
    bench.repo.commit(one, {
      message:
        'Remove two\n\nAllow-Delete: not-me is text\n\nmore text\n\nallow-delete: web, db\nAllow-Delete: api\n  , folded\nSigned-off-by: a\n',
    });
    expect(await approved(bench.source())).toEqual(['api', 'db', 'folded', 'web']);
  });

  it('is taken from all commits since the last reading', async () => {
    bench.repo.commit(one, { message: 'old\n\nAllow-Delete: ancient' });
    bench.repo.commit(one);
    const source = bench.source();
    expect(await approved(source)).toEqual([]);
    bench.repo.commit(two, { message: 'a\n\nAllow-Delete: a' });
    bench.repo.commit(one, { message: 'b\n\nAllow-Delete: b' });
    bench.repo.commit(two);
    expect(await approved(source)).toEqual(['a', 'b']);
  });

  it('is, at the first reading, that of the head and of what the head merged', async () => {
    const base = bench.repo.commit(one, { message: 'base\n\nAllow-Delete: old' });
    const topic = bench.repo.commit(two, {
      branch: 'topic',
      parents: [base],
      message: 't\n\nAllow-Delete: t',
    });
    bench.repo.commit(two, { parents: [base, topic], message: 'merge\n\nAllow-Delete: m' });
    expect(await approved(bench.source())).toEqual(['m', 't']);
  });

  it('stays with its commit through restarts; the next commit says only its own', async () => {
    bench.repo.commit(one);
    const source = bench.source();
    await read(source);
    bench.repo.commit(two, { message: 'x\n\nAllow-Delete: a' });
    expect(await approved(source)).toEqual(['a']);
    expect(await approved(source)).toEqual(['a']);
    expect(await approved(bench.source())).toEqual(['a']);
    bench.repo.commit(one);
    expect(await approved(source)).toEqual([]);
  });

  it('is not lost with a commit that could not be taken', async () => {
    bench.repo.commit(one);
    const source = bench.source();
    await read(source);
    bench.repo.commit(
      { ...one, 'x.yaml': { mode: '120000', data: 'y' } },
      { message: 'x\n\nAllow-Delete: a' },
    );
    await read(source);
    bench.repo.commit(two);
    expect(await approved(source)).toEqual(['a']);
  });

  it('is not carried over a rewritten history, whose old commits approve nothing', async () => {
    bench.repo.commit(one);
    const source = bench.source({ clock, holdMs: 1 });
    await read(source);
    bench.repo.commit(two, { message: 'x\n\nAllow-Delete: a' });
    expect(await approved(source)).toEqual(['a']);
    bench.repo.commit(one, { parents: [], message: 'y\n\nAllow-Delete: hidden' });
    bench.repo.commit(two);
    await read(source);
    later = 10;
    expect(await approved(source)).toEqual([]);
  });
});

describe('signed commits', () => {
  let signers: string;
  const key = (name: string) => join(bench.dir, name);
  /** Signs a commit of the repository and makes it the head. */
  const sign = (sha: string, with_: string): string => {
    const tree = git(bench.repo.dir, ['rev-parse', `${sha}^{tree}`]);
    const parents = git(bench.repo.dir, ['rev-list', '--parents', '-1', sha]).split(' ').slice(1);
    const message = git(bench.repo.dir, ['log', '-1', '--format=%B', sha]);
    const config = ['-c', 'gpg.format=ssh', '-c', `user.signingKey=${key(with_)}`];
    const signed = git(
      bench.repo.dir,
      [...config, 'commit-tree', '-S', tree, ...parents.flatMap((parent) => ['-p', parent])],
      message,
    );
    bench.repo.point('main', signed);
    return signed;
  };
  beforeEach(() => {
    signers = key('allowed signers');
    for (const name of ['trusted', 'stranger']) sshKey(key(name));
    writeFileSync(signers, `a@example.com namespaces="git" ${readFileSync(key('trusted.pub'), 'utf8')}`);
  });

  it('are taken; unsigned ones and those of strangers change nothing', async () => {
    const good = sign(bench.repo.commit(one), 'trusted');
    const source = bench.source({ allowedSigners: signers });
    expect(await read(source)).toMatchObject({ kind: 'complete', revision: good });
    const unsigned = bench.repo.commit(two);
    expect(seen(await read(source))).toEqual({
      kind: 'unreadable',
      files: one,
      problems: `EK411 commit ${unsigned.slice(0, 12)}: it is not signed; nothing of it is taken`,
    });
    const strange = sign(unsigned, 'stranger');
    expect(seen(await read(source))).toEqual({
      kind: 'unreadable',
      files: one,
      problems: `EK411 commit ${strange.slice(0, 12)}: its signer is not in --git-allowed-signers; nothing of it is taken`,
    });
    const mended = sign(bench.repo.commit(two), 'trusted');
    expect(await read(source)).toMatchObject({ kind: 'complete', revision: mended });
  });

  it('are taken after a check that the disk kept from being made', async () => {
    const good = sign(bench.repo.commit(one), 'trusted');
    const run = gitRunner(clock);
    let full = true;
    const source = bench.source({
      allowedSigners: signers,
      run: async (command) => {
        if (command.args[0] !== 'verify-commit' || !full) return run(command);
        const stderr = 'error: could not create temporary file: No space left on device';
        return { ok: false, stdout: Buffer.alloc(0), stderr, ended: undefined };
      },
    });
    expect((await read(source)).kind).toBe('unreadable');
    full = false;
    expect(await read(source)).toMatchObject({ kind: 'complete', revision: good });
  });

  it('that are not trusted are checked once, and again when the signers change', async () => {
    sign(bench.repo.commit(one), 'stranger');
    const source = bench.source({ allowedSigners: signers });
    await read(source);
    await read(source);
    expect(bench.ran.filter(({ args }) => args[0] === 'verify-commit')).toHaveLength(1);
    writeFileSync(signers, `b@example.com ${readFileSync(key('stranger.pub'), 'utf8')}`);
    expect((await read(source)).kind).toBe('complete');
  });

  it('whose content was changed afterwards are not', async () => {
    const good = sign(bench.repo.commit(one), 'trusted');
    const raw = git(bench.repo.dir, ['cat-file', 'commit', good]);
    const tree = git(bench.repo.dir, ['rev-parse', `${bench.repo.commit(two, { branch: 'x' })}^{tree}`]);
    const forged = git(
      bench.repo.dir,
      ['hash-object', '-t', 'commit', '-w', '--stdin'],
      `${raw.replace(/^tree \w+/, `tree ${tree}`)}\n`,
    );
    bench.repo.point('main', forged);
    expect(seen(await read(bench.source({ allowedSigners: signers })))).toMatchObject({
      kind: 'unreadable',
      files: {},
      problems: expect.stringContaining('its signature does not hold'),
    });
  });

  it('approve deletes; an unsigned one among them does not', async () => {
    sign(bench.repo.commit(one), 'trusted');
    const source = bench.source({ allowedSigners: signers });
    await read(source);
    bench.repo.commit(two, { message: 'x\n\nAllow-Delete: unsigned' });
    sign(bench.repo.commit(one, { message: 'y\n\nAllow-Delete: signed' }), 'trusted');
    expect(await read(source)).toMatchObject({ kind: 'complete', commit: { allowDeletes: ['signed'] } });
  });

  it('cannot be told without the file of signers, so nothing is taken', async () => {
    sign(bench.repo.commit(one), 'trusted');
    expect(seen(await read(bench.source({ allowedSigners: '/nonexistent/signers' }))).problems).toContain(
      'EK411',
    );
  });
});
