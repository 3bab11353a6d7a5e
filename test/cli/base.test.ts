import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FleetDir, fleetDir } from '../support/fleet-dir.ts';
import { git } from '../support/git.ts';

let fleet: FleetDir;
const inFleet = (...args: readonly string[]) => git(fleet.folder, args);
const put = (files: Readonly<Record<string, string>>) => {
  for (const name of readdirSync(fleet.folder))
    if (name !== '.git') rmSync(join(fleet.folder, name), { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(fleet.folder, name, '..'), { recursive: true });
    writeFileSync(join(fleet.folder, name), text);
  }
};
const commit = (files: Readonly<Record<string, string>>) => {
  put(files);
  inFleet('add', '--all');
  inFleet('commit', '--quiet', '--allow-empty', '--message', 'x');
};

const WEB = `name: web
image: nginx:1
target_num_containers: 2
container_envvars:
  - { key: KEPT, value: s3cr3t-canary-1 }
  - { key: CHANGED, value: s3cr3t-canary-2 }
  - { key: DROPPED, value: s3cr3t-canary-3 }
`;
const WEB_NOW = `name: web
image: nginx:2
run_command: sleep 1
container_envvars:
  - { key: KEPT, value: s3cr3t-canary-1 }
  - { key: CHANGED, value: s3cr3t-canary-4 }
  - { key: NEW, value: s3cr3t-canary-5 }
state: Stopped
reconcile: { protect: true }
`;
const one = (name: string) => `name: ${name}\nimage: redis:7\n`;

beforeEach(async () => {
  fleet = await fleetDir();
  inFleet('init', '--quiet', '--initial-branch=main');
  commit({ 'web.yaml': WEB, 'old.yaml': one('old'), 'same.yaml': one('same') });
  inFleet('update-ref', 'refs/remotes/origin/main', 'main');
  inFleet('checkout', '--quiet', '-b', 'topic');
});
afterEach(() => fleet.close());

describe('plan --base', () => {
  it('says what the branch changes against its base, beside what that would do', async () => {
    commit({ 'web.yaml': WEB_NOW, 'extra.yaml': one('extra'), 'same.yaml': one('same') });
    const { exit, stdout, stderr } = await fleet.run(['plan', fleet.folder, '--base', 'origin/main']);
    expect({ exit, stderr }).toEqual({ exit: 2, stderr: '' });
    const base = inFleet('rev-parse', 'main').slice(0, 12);
    expect(stdout).toContain(`This branch against origin/main (${base}): 1 added, 1 changed, 1 removed
  + extra
  ~ web
      image                  nginx:1 → nginx:2
      target_num_containers  2 → (none)
      run_command            (none) → sleep 1
      container_envvars      CHANGED changed, DROPPED removed, NEW added
      state                  Running → Stopped
      reconcile.protect      false → true
  - old
`);
    expect(stdout).not.toContain('canary');
  });

  it('does so in JSON and Markdown, GETs only, and touches no file of the checkout', async () => {
    commit({ 'web.yaml': WEB_NOW, 'same.yaml': one('same') });
    const files = () =>
      readdirSync(fleet.folder, { recursive: true, encoding: 'utf8' })
        .sort()
        .map((name) => `${name} ${statSync(join(fleet.folder, name)).mtimeMs}`);
    const before = files();
    const json = await fleet.run(['plan', fleet.folder, '--base', 'origin/main', '-o', 'json']);
    const { base } = JSON.parse(json.stdout);
    expect(base).toMatchObject({
      ref: 'origin/main',
      added: [],
      removed: ['old'],
      behind: 0,
      complete: true,
    });
    expect(base.changed[0].differences[0]).toEqual({ field: 'image', base: 'nginx:1', wanted: 'nginx:2' });
    const markdown = await fleet.run(['plan', fleet.folder, '--base', 'origin/main', '-o', 'markdown']);
    expect(markdown.stdout).toContain('- **removed** `old`');
    expect(json.stdout + markdown.stdout).not.toContain('canary');
    expect(fleet.server.writes()).toEqual([]);
    expect(files()).toEqual(before);
  });

  it('does not take for this branch’s doing what happened on the base since', async () => {
    commit({ 'web.yaml': WEB, 'old.yaml': one('old'), 'same.yaml': one('same'), 'mine.yaml': one('mine') });
    inFleet('checkout', '--quiet', 'main');
    commit({
      'web.yaml': WEB_NOW,
      'old.yaml': one('old'),
      'same.yaml': one('same'),
      'theirs.yaml': one('theirs'),
    });
    inFleet('update-ref', 'refs/remotes/origin/main', 'main');
    inFleet('checkout', '--quiet', 'topic');
    const { stdout } = await fleet.run(['plan', fleet.folder, '--base', 'origin/main']);
    expect(stdout).toContain(
      '): 1 added\n  + mine\n  (origin/main has 1 commit that is not in this branch and not shown)',
    );
    expect(stdout).not.toContain('theirs');
  });

  it('sees what is not committed yet, and a path that is only in the base', async () => {
    put({ 'sub/new.yaml': one('new'), 'web.yaml': WEB });
    const all = await fleet.run(['plan', fleet.folder, '--base', 'origin/main']);
    expect(all.stdout).toContain('1 added, 2 removed');
    const some = await fleet.run(['plan', join(fleet.folder, 'web.yaml'), '--base', 'origin/main']);
    expect(some.stdout).toContain('no manifest changes');
  });

  it.each([
    ['a base that is not there', 'origin/nope', 'git fetch origin nope'],
    ['a base that would be an option', '--upload-pack=x', 'EK532'],
  ])('refuses %s', async (_what, base, said) => {
    const { exit, stderr } = await fleet.run(['plan', fleet.folder, `--base=${base}`]);
    expect({ exit, stderr }).toEqual({ exit: 3, stderr: expect.stringContaining(said) });
  });

  it('refuses paths outside a checkout, and a repository as the source', async () => {
    rmSync(join(fleet.folder, '.git'), { recursive: true });
    expect((await fleet.run(['plan', fleet.folder, '--base', 'main'])).stderr).toContain(
      'is in no git checkout',
    );
    expect((await fleet.run(['plan', '--git', 'file:///x/y', '--base', 'main'])).stderr).toContain('EK512');
  });

  it('runs nothing that the checkout’s configuration names', async () => {
    const pwned = join(fleet.folder, '..', 'pwned');
    for (const key of [
      'core.fsmonitor',
      'core.sshCommand',
      'core.pager',
      'core.editor',
      'diff.external',
      'core.gitProxy',
    ])
      inFleet('config', key, `touch ${pwned}`);
    inFleet('config', 'core.hooksPath', fleet.folder);
    await fleet.run(['plan', fleet.folder, '--base', 'origin/main']);
    expect(readdirSync(join(fleet.folder, '..'))).not.toContain('pwned');
  });
});
