import { randomBytes } from 'node:crypto';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GitBench, git, manifest, Repo, read, seen } from '../../support/git.ts';
import { type Behaviour, type HttpGit, httpGit } from '../../support/git-server.ts';

let bench: GitBench;
let server: HttpGit;
beforeEach(async () => {
  bench = new GitBench();
  server = await httpGit(bench.dir);
});
afterEach(async () => {
  await server.close();
  await bench.close();
});

const one = { 'web.yaml': manifest('web', 'nginx:1') };
const two = { 'web.yaml': manifest('web', 'nginx:2') };
const follower = (limits: object = {}) => bench.source({ url: `${server.origin}/fleet.git`, limits });
const CANARY = 'glpat-c4n4ry-t0ken';

describe('a git server over HTTP', () => {
  it('is followed from push to push', async () => {
    bench.repo.commit(one);
    const source = follower();
    expect(seen(await read(source))).toMatchObject({ kind: 'complete', files: one });
    bench.repo.commit(two);
    expect(seen(await read(source))).toMatchObject({ kind: 'complete', files: two });
  });

  it.each<[string, Behaviour, string]>([
    ['resets connections', 'reset', 'EK407'],
    ['breaks off in the middle of the answer', 'cut', 'EK407'],
    ['answers 500', { status: 500 }, 'EK407'],
    ['answers 403', { status: 403 }, 'does not let us in'],
    ['answers 404', { status: 404 }, 'there is no repository at this URL'],
    [
      'answers with a page in HTML',
      { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' },
      'EK40',
    ],
    [
      'answers with an empty list of refs',
      {
        status: 200,
        headers: { 'content-type': 'application/x-git-upload-pack-advertisement' },
        body: '001e# service=git-upload-pack\n0000',
      },
      'EK40',
    ],
    [
      'redirects elsewhere',
      { status: 302, headers: { location: 'http://169.254.169.254/fleet.git' } },
      'the server redirects, which is not followed',
    ],
  ])('that %s changes nothing, and is well again by itself', async (_what, behaviour, problem) => {
    bench.repo.commit(one);
    const source = follower();
    await read(source);
    const sha = bench.repo.commit(two);
    server.behave = behaviour;
    const bad = seen(await read(source));
    expect(bad).toMatchObject({ kind: 'unreadable', files: one });
    expect(bad.problems).toContain(problem);
    server.behave = 'serve';
    expect(await read(source)).toMatchObject({ kind: 'complete', revision: sha });
  });

  it.each<[string, Behaviour]>([
    ['never answers', 'hang'],
    ['answers a byte a second', 'drip'],
  ])('that %s is given up after the time limit, with all its processes', async (_what, behaviour) => {
    bench.repo.commit(one);
    await read(follower());
    bench.repo.commit(two);
    server.behave = behaviour;
    const snapshot = seen(await read(follower({ exchangeMs: 1_500 })));
    expect(snapshot).toMatchObject({ kind: 'unreadable', files: one });
    expect(snapshot.problems).toContain('the server did not finish within 2 s');
    server.behave = 'serve';
    expect(seen(await read(follower()))).toMatchObject({ kind: 'complete', files: two });
  });

  it('that is slow does not hold up a daemon: it goes on with what it has, and hears when the answer came', async () => {
    bench.repo.commit(one);
    await read(follower());
    const source = follower({ patienceMs: 200, exchangeMs: 60_000 });
    bench.repo.commit(two);
    server.behave = 'hang';
    const came = new Promise<void>((resolve) => source.watch(resolve));
    const first = seen(await read(source));
    expect(first).toMatchObject({ kind: 'unreadable', files: one });
    expect(first.problems).toContain('it is still waited for');
    await server.close();
    await came;
    expect(seen(await read(source)).problems).toContain('EK407');
  });

  it('in the same trouble at each poll is told in the same words, whatever it says itself', async () => {
    bench.repo.commit(one);
    const source = follower();
    await read(source);
    bench.repo.commit(two);
    const said = [];
    for (let turn = 0; turn < 3; turn++) {
      server.behave = {
        status: 500,
        headers: { 'content-type': 'text/plain' },
        body: `request ${turn} failed`,
      };
      said.push(seen(await read(source)).problems);
    }
    expect(new Set(said).size).toBe(1);
    server.behave = { status: 403 };
    expect(seen(await read(source)).problems).not.toBe(said[0]);
  });

  it('that is down says so, and an empty or absent repository is not an empty wish', async () => {
    bench.repo.commit(one);
    const source = follower();
    await read(source);
    renameSync(bench.repo.dir, join(bench.dir, 'away'));
    expect(seen(await read(source))).toMatchObject({ kind: 'unreadable', files: one });
    new Repo(bench.repo.dir);
    const emptied = seen(await read(source));
    expect(emptied).toMatchObject({ kind: 'unreadable', files: one });
    expect(emptied.problems).toContain('EK408');
    await server.close();
    expect(seen(await read(source)).problems).toContain('the server cannot be reached');
  });

  it('that serves an older copy now and then is not followed back', async () => {
    bench.repo.commit(one);
    mkdirSync(join(bench.dir, 'lagging'));
    git('/', ['clone', '--quiet', '--mirror', bench.repo.dir, join(bench.dir, 'lagging', 'fleet.git')]);
    const last = bench.repo.commit(two);
    const source = follower();
    await read(source);
    for (let turn = 0; turn < 3; turn++) {
      server.root = join(bench.dir, 'lagging');
      expect(seen(await read(source))).toMatchObject({ kind: 'unreadable', files: two });
      server.root = bench.dir;
      expect(await read(source)).toMatchObject({ kind: 'complete', revision: last });
    }
  });

  it('whose repository is larger than is taken fills no disk, and is not fetched again and again', async () => {
    bench.repo.commit(one);
    const source = follower({ mirrorBytes: 300_000 });
    await read(source);
    const taken = bench.repo.head();
    const noise = randomBytes(3_000_000);
    bench.repo.commit({ ...one, 'noise.bin': noise });
    const large = seen(await read(source));
    expect(large).toMatchObject({ kind: 'unreadable', files: one });
    expect(large.problems).toContain('larger than');
    server.requests.length = 0;
    await read(source);
    expect(
      server.requests.filter(({ url }) => url.includes('git-upload-pack') && !url.includes('info/refs')),
    ).toHaveLength(1);
    // What was taken last is still there for a restart, and the next push is followed.
    expect(seen(await read(follower({ mirrorBytes: 300_000 }))).files).toEqual(one);
    bench.repo.commit(two, { parents: [taken] });
    expect(seen(await read(source))).toMatchObject({ kind: 'complete', files: two });
  });
});

describe('a token', () => {
  const token = (text: string, mode = 0o600) => {
    const file = join(bench.dir, 'token');
    writeFileSync(file, text, { mode });
    return file;
  };

  it('lets us in, is read anew at each exchange, and is in no argument', async () => {
    bench.repo.commit(one);
    server.credentials = `x-access-token:${CANARY}`;
    const access = { tokenFile: token(`${CANARY}\n`) };
    const source = bench.source({ url: `${server.origin}/fleet.git`, access });
    expect((await read(source)).kind).toBe('complete');
    expect(JSON.stringify(bench.ran.map(({ args, cwd, input }) => ({ args, cwd, input })))).not.toContain(
      CANARY,
    );
    server.credentials = 'x-access-token:another';
    token('another');
    bench.repo.commit(two);
    expect(seen(await read(source))).toMatchObject({ kind: 'complete', files: two });
  });

  it('that is wrong is told without showing it, also by a server that repeats it', async () => {
    bench.repo.commit(one);
    server.credentials = 'x-access-token:right';
    const source = bench.source({ url: `${server.origin}/fleet.git`, access: { tokenFile: token(CANARY) } });
    const { problems } = seen(await read(source));
    expect(problems).toContain('the server does not let us in; check --git-token-file');
    for (const form of [CANARY, Buffer.from(`x-access-token:${CANARY}`).toString('base64')])
      expect(problems).not.toContain(form);
  });

  it('goes to no other server', async () => {
    bench.repo.commit(one);
    const elsewhere = await httpGit(bench.dir);
    server.behave = {
      status: 302,
      headers: { location: `${elsewhere.origin}/fleet.git/info/refs?service=git-upload-pack` },
    };
    await read(bench.source({ url: `${server.origin}/fleet.git`, access: { tokenFile: token(CANARY) } }));
    expect(elsewhere.requests).toEqual([]);
    await elsewhere.close();
  });

  it.each([
    ['can be read by others', CANARY, 0o644, 'has mode 0644'],
    ['is empty', ' \n', 0o600, 'is empty'],
    ['would forge a header', `${CANARY}\r\nX-Evil: 1`, 0o600, 'one word of printable ASCII'],
  ])('file that %s is refused', async (_what, text, mode, problem) => {
    bench.repo.commit(one);
    const access = { tokenFile: token(text, mode) };
    const { problems } = seen(await read(bench.source({ url: `${server.origin}/fleet.git`, access })));
    expect(problems).toContain('EK534');
    expect(problems).toContain(problem);
    expect(problems).not.toContain(CANARY);
    expect(server.requests).toEqual([]);
  });
});
