import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { GitBench, manifest, read, seen } from '../../support/git.ts';
import { SSHD, type SshGit, sshGit, sshKey } from '../../support/git-server.ts';

// Where engines must be there, sshd must be too (.ci/docker-setup.sh): its absence is a failure then.
const there =
  SSHD !== undefined || (process.env['CI'] === 'true' && process.env['EVENKEEL_ENGINES'] !== undefined);

describe.runIf(there)('a git server over ssh', () => {
  let keys: GitBench;
  let server: SshGit;
  let bench: GitBench;
  beforeAll(async () => {
    keys = new GitBench();
    server = await sshGit(join(keys.dir, 'sshd with space'));
  });
  afterAll(async () => {
    await server?.close();
    await keys.close();
  });
  beforeEach(() => {
    bench = new GitBench();
  });
  afterEach(() => bench.close());

  const one = { 'web.yaml': manifest('web', 'nginx:1') };
  const follower = (access: object = {}) =>
    bench.source({
      url: server.url(bench.repo.dir),
      access: { keyFile: server.keyFile, knownHosts: server.knownHosts, ...access },
    });

  it('is followed from push to push, also with spaces in paths of keys', async () => {
    bench.repo.commit(one);
    const source = follower();
    expect(seen(await read(source))).toEqual({ kind: 'complete', files: one, problems: '' });
    const sha = bench.repo.commit({ 'db.yaml': manifest('db') });
    expect(await read(source)).toMatchObject({ kind: 'complete', revision: sha });
  });

  it('with another host key is not spoken to', async () => {
    bench.repo.commit(one);
    sshKey(join(bench.dir, 'other'));
    const knownHosts = join(bench.dir, 'known');
    writeFileSync(
      knownHosts,
      `[127.0.0.1]:${server.port} ${readFileSync(join(bench.dir, 'other.pub'), 'utf8')}`,
    );
    expect(seen(await read(follower({ knownHosts }))).problems).toContain(
      'the host key of the server is not the one',
    );
  });

  it('that is not known is not spoken to, and not asked about', async () => {
    bench.repo.commit(one);
    const knownHosts = join(bench.dir, 'known');
    writeFileSync(knownHosts, '');
    expect(seen(await read(follower({ knownHosts }))).problems).toContain(
      'the host key of the server is not the one',
    );
    expect(seen(await read(follower({ knownHosts: undefined }))).problems).toContain(
      'EK534 ssh needs --git-known-hosts',
    );
    expect(readFileSync(knownHosts, 'utf8')).toBe('');
  });

  it('that does not take the key says so', async () => {
    bench.repo.commit(one);
    sshKey(join(bench.dir, 'mine'));
    expect(seen(await read(follower({ keyFile: join(bench.dir, 'mine') }))).problems).toContain(
      'the server does not take the key',
    );
  });

  it('gets no key that others can read', async () => {
    bench.repo.commit(one);
    sshKey(join(bench.dir, 'mine'));
    chmodSync(join(bench.dir, 'mine'), 0o644);
    expect(seen(await read(follower({ keyFile: join(bench.dir, 'mine') }))).problems).toContain(
      'has mode 0644',
    );
  });

  it.each(["o'clock", 'a"b', '$(touch pwned)', '%h'])(
    'a key file named %j is a name and nothing else',
    async (name) => {
      bench.repo.commit(one);
      writeFileSync(join(bench.dir, name), readFileSync(server.keyFile), { mode: 0o600 });
      const { kind, problems } = seen(await read(follower({ keyFile: join(bench.dir, name) })));
      if (name.includes('"')) expect(problems).toContain('must not hold a quote');
      else expect({ kind, problems }).toEqual({ kind: 'complete', problems: '' });
    },
  );
});
