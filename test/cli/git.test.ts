import { createHmac } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { runProgram } from '../../src/cli/program.ts';
import { type FleetDir, fleetDir } from '../support/fleet-dir.ts';
import { type Entry, GitBench, git, manifest } from '../support/git.ts';
import { freePort, type HttpGit, httpGit } from '../support/git-server.ts';
import { memoryIo, type Ran } from '../support/io.ts';

const TOKEN = 'glpat-c4n4ry-t0ken';
let fleet: FleetDir;
let bench: GitBench;
let server: HttpGit;
let stop: AbortController;
let ended: Promise<Ran> | undefined;

beforeEach(async () => {
  fleet = await fleetDir();
  bench = new GitBench();
  server = await httpGit(bench.dir);
  server.credentials = `x-access-token:${TOKEN}`;
  writeFileSync(join(bench.dir, 'token'), TOKEN, { mode: 0o600 });
  stop = new AbortController();
  ended = undefined;
});
afterEach(async () => {
  stop.abort('SIGTERM');
  await ended;
  await server.close();
  await bench.close();
  await fleet.close();
});

const source = () => [
  '--git',
  `${server.origin}/fleet.git`,
  '--git-token-file',
  join(bench.dir, 'token'),
  '--path',
  'services/',
];

/** Starts the daemon; what it does is seen at the server of the API. */
function start(...flags: readonly string[]): void {
  const { io, written } = memoryIo({ env: fleet.env, stop: stop.signal });
  said = () => written().stderr;
  const argv = ['run', ...source(), '--branch', 'main', ...flags];
  ended = runProgram(argv, COMMANDS, io).then((exit) => ({ exit, ...written() }));
}
/** The log of the daemon so far. */
let said: () => string = () => '';

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 1_200; turn++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`it never came: ${what}`);
}

const services = (...names: readonly string[]): Record<string, Entry> =>
  Object.fromEntries(names.map((name) => [`services/${name}.yaml`, manifest(name)]));
const web = (image: string) => ({ ...services('api', 'db'), 'services/web.yaml': manifest('web', image) });
const running = (count: number) => async () => {
  const all = await fleet.server.services();
  return all.length === count && all.every((one) => one.state === 'Running');
};
const runs = (image: string) => async () =>
  (await fleet.server.services()).some((one) => one.image_name?.includes(image) && one.state === 'Running');
const status = () => {
  try {
    const [dir = ''] = readdirSync(fleet.env['EVENKEEL_STATE_DIR'] ?? '');
    return readFileSync(join(fleet.env['EVENKEEL_STATE_DIR'] ?? '', dir, 'status.json'), 'utf8');
  } catch {
    return '';
  }
};

describe('run --git', () => {
  it('carries out a push at the next poll, and names the commit', async () => {
    bench.repo.commit(web('nginx:1'));
    start('--interval', '300ms');
    await until('three services', running(3));
    const sha = bench.repo.commit(web('nginx:2'));
    await until('the new image', runs('nginx:2'));
    await until('the status names the commit', () => status().includes(`"revision":"${sha}"`));
    stop.abort('SIGTERM');
    expect((await ended)?.stderr).toContain(sha);
  });

  it('carries out a push as soon as the forge says so, long before the next poll', async () => {
    bench.repo.commit(web('nginx:1'));
    const port = await freePort();
    writeFileSync(join(bench.dir, 'secret'), 'a-webhook-secret-of-some-length', { mode: 0o600 });
    start(
      '--interval',
      '1h',
      '--ops-listen',
      `127.0.0.1:${port}`,
      '--webhook-secret-file',
      join(bench.dir, 'secret'),
    );
    await until('three services', running(3));
    bench.repo.commit(web('nginx:2'));
    const body = JSON.stringify({ ref: 'refs/heads/main' });
    const signature = createHmac('sha256', 'a-webhook-secret-of-some-length').update(body).digest('hex');
    const reply = await fetch(`http://127.0.0.1:${port}/hooks/git`, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        'x-github-event': 'push',
        'x-github-delivery': 'one',
        'x-hub-signature-256': `sha256=${signature}`,
      },
    });
    expect(reply.status).toBeLessThan(300);
    await until('the new image', runs('nginx:2'));
  });

  it('writes to one service when one of many manifests changed', async () => {
    const many = (image: string) =>
      Object.fromEntries(
        Array.from({ length: 100 }, (_, n) => [
          `services/s${n}.yaml`,
          `${manifest(`s${n}`, n === 50 ? image : 'nginx:1')}target_num_containers: 0\n`,
        ]),
      );
    bench.repo.commit(many('nginx:1'));
    start('--interval', '300ms', '--rate', '100000/s', '--burst', '100000', '--concurrency', '50');
    await until('all services', () => fleet.server.writes().length >= 100);
    await until('nothing is under way', () => said().includes('"converged"'));
    const before = fleet.server.writes().length;
    bench.repo.commit(many('nginx:2'));
    await until('the new image', () => fleet.server.writes().length > before);
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(
      fleet.server
        .writes()
        .slice(before)
        .map(({ name, verb }) => `${name} ${verb}`),
    ).toEqual(['s50 update']);
  });

  it('deletes and stops nothing whatever becomes of the server and the branch, says why, and recovers by itself', async () => {
    bench.repo.commit(web('nginx:1'));
    start('--interval', '100ms', '--prune', 'owned', '--owner', 'team', '--grace', '1ms');
    await until('three services', running(3));
    const away = `${bench.repo.dir}.away`;
    const big = `# ${'x'.repeat(300_000)}\n`;
    let image = 1;
    const faults: readonly (readonly [what: string, code: string, make: () => void, mend: () => void])[] = [
      ['down', 'EK407', () => (server.behave = 'reset'), () => (server.behave = 'serve')],
      [
        'cutting',
        'EK407',
        () => {
          server.behave = 'cut';
          bench.repo.commit(services('api'));
        },
        () => (server.behave = 'serve'),
      ],
      [
        'closed to us',
        'EK407',
        () => (server.credentials = 'a:b'),
        () => (server.credentials = `x-access-token:${TOKEN}`),
      ],
      ['gone', 'EK407', () => renameSync(bench.repo.dir, away), () => renameSync(away, bench.repo.dir)],
      [
        'older',
        'EK410',
        () => bench.repo.point('main', git(bench.repo.dir, ['rev-parse', 'main~1'])),
        () => {},
      ],
      ['forced', 'EK410', () => bench.repo.commit(services('other'), { parents: [] }), () => {}],
      ['deleted', 'EK408', () => bench.repo.deleteBranch('main'), () => {}],
      ['empty', 'EK409', () => bench.repo.commit({}), () => {}],
      ['with a huge blob', 'EK101', () => bench.repo.commit({ 'services/big.yaml': big }), () => {}],
      [
        'with a link',
        'EK412',
        () => bench.repo.commit({ 'services/web.yaml': { mode: '120000', data: '/etc/passwd' } }),
        () => {},
      ],
      [
        'with a submodule',
        'EK412',
        () => bench.repo.commit({ 'services/team': { mode: '160000', id: '1'.repeat(40) } }),
        () => {},
      ],
    ];
    for (const [what, code, make, mend] of faults) {
      const last = bench.repo.head();
      const before = fleet.server.writes().length;
      const from = said().length;
      make();
      await until(`the log says ${code} while it is ${what}`, () => said().slice(from).includes(`"${code} `));
      mend();
      // What comes next contains what was taken last, whatever was in between.
      bench.repo.commit(web(`nginx:${++image}`), { parents: [last] });
      await until(`the push after it was ${what}`, () => fleet.server.writes().length > before);
      await until(`rest after it was ${what}`, runs(`nginx:${image}`));
      const sent = fleet.server
        .writes()
        .slice(before)
        .map(({ name, verb }) => `${name} ${verb}`);
      expect(sent, what).toEqual(['web update']);
      expect(said().slice(from)).toContain('"source:recovered"');
    }
    expect(await fleet.server.services()).toHaveLength(3);
  }, 120_000);

  it('deletes above the limit what a commit approves by its trailer, and nothing else', async () => {
    bench.repo.commit(services('a', 'b', 'c', 'd', 'e', 'f'));
    start('--interval', '200ms', '--prune', 'owned', '--owner', 'team', '--grace', '1ms');
    await until('six services', running(6));
    bench.repo.commit(services('a', 'b'));
    await until('the refusal', () => said().includes('"deletes:refused"'));
    const gone = () =>
      fleet.server
        .writes()
        .filter(({ verb }) => verb === 'terminate')
        .map(({ name }) => name)
        .sort();
    expect(gone()).toEqual([]);
    const sha = bench.repo.commit(services('a', 'b'), { message: 'Meant\n\nAllow-Delete: c, d' });
    await until('two deletes', () => gone().length >= 2);
    await until('their end', async () => (await fleet.server.services()).length <= 4);
    expect(gone()).toEqual(['c', 'd']);
    await until('the log names the commit', () => said().includes(sha));
  });

  it('shows the token in no log, status, journal or error', async () => {
    bench.repo.commit(web('nginx:1'));
    start('--interval', '200ms', '--log-level', 'debug');
    await until('three services', running(3));
    server.credentials = 'x:another';
    await until('the status says so', () => status().includes('does not let us in'));
    stop.abort('SIGTERM');
    const ran = await ended;
    const state = fleet.env['EVENKEEL_STATE_DIR'] ?? '';
    const files = readdirSync(state, { recursive: true, encoding: 'utf8' })
      .map((name) => join(state, name))
      .filter((file) => statSync(file).isFile())
      .map((file) => readFileSync(file, 'latin1'));
    for (const secret of [TOKEN, Buffer.from(`x-access-token:${TOKEN}`).toString('base64')])
      for (const text of [ran?.stdout ?? '', ran?.stderr ?? '', ...files])
        expect(text.includes(secret)).toBe(false);
  });
});

describe('plan, apply and validate of a repository', () => {
  const temporary = () =>
    readdirSync(tmpdir()).filter((name) => name.startsWith('evenkeel-git-') && !name.includes('test'));

  it('plan names the commit in every format, sends GETs only and leaves nothing behind', async () => {
    const sha = bench.repo.commit(web('nginx:1'));
    const before = temporary();
    for (const format of ['text', 'json', 'markdown']) {
      const { exit, stdout } = await fleet.run(['plan', ...source(), '-o', format]);
      expect({ format, exit }).toEqual({ format, exit: 2 });
      expect(stdout).toContain(sha);
    }
    expect(fleet.server.writes()).toEqual([]);
    expect(temporary()).toEqual(before);
  });

  it('plan shows another branch, tag or commit; apply does it', async () => {
    const first = bench.repo.commit(web('nginx:1'));
    bench.repo.commit({ ...web('nginx:1'), ...services('extra') }, { branch: 'topic', parents: [first] });
    expect((await fleet.run(['apply', ...source(), '--yes'])).exit).toBe(0);
    expect((await fleet.run(['plan', ...source()])).exit).toBe(0);
    const { exit, stdout } = await fleet.run(['plan', ...source(), '--ref', 'topic']);
    expect(exit).toBe(2);
    expect(stdout).toContain('extra');
    expect((await fleet.run(['plan', ...source(), '--ref', first])).exit).toBe(0);
  });

  it('--cache-dir keeps the mirror for the next call', async () => {
    bench.repo.commit(web('nginx:1'));
    const cache = join(bench.dir, 'cache');
    await fleet.run(['validate', ...source(), '--cache-dir', cache]);
    server.requests.length = 0;
    expect((await fleet.run(['validate', ...source(), '--cache-dir', cache])).exit).toBe(0);
    expect(server.requests.filter(({ url }) => url.endsWith('/git-upload-pack'))).toHaveLength(1);
  });

  it('a problem of the source is exit 3, and nothing is written', async () => {
    bench.repo.commit(web('nginx:1'));
    for (const [command, flags, said] of [
      ['validate', ['--branch', 'nope'], 'EK408'],
      ['plan', ['--branch', 'nope'], 'EK408'],
      ['apply', ['--ref', 'nope', '--yes'], 'EK408'],
      ['validate', ['--branch', '--upload-pack=touch x'], 'EK532'],
      ['plan', ['--branch', 'a', '--ref', 'b'], 'EK512'],
      ['plan', [fleet.folder], 'EK512'],
    ] as const) {
      const { exit, stderr } = await fleet.run([command, ...source(), ...flags]);
      expect({ command, exit, stderr }).toEqual({ command, exit: 3, stderr: expect.stringContaining(said) });
    }
    expect((await fleet.run(['run'])).stderr).toContain('EK512');
    expect(fleet.server.writes()).toEqual([]);
  });

  it('goes by flags before the environment: paths, branch and ref that are given win', async () => {
    const first = bench.repo.commit(web('nginx:1'));
    fleet.write({ 'here.yaml': manifest('here') });
    const env = {
      ...fleet.env,
      EVENKEEL_GIT: `file://${bench.repo.dir}`,
      EVENKEEL_PATH: 'services',
      EVENKEEL_BRANCH: 'nope',
    };
    expect((await fleet.run(['plan', fleet.folder], { env })).stdout).toContain('here');
    expect((await fleet.run(['validate', '--ref', first], { env })).stdout).toContain('3 services');
    expect((await fleet.run(['validate'], { env })).stderr).toContain('EK408');
  });

  it('takes paths of its files from where it is called', async () => {
    bench.repo.commit(web('nginx:1'));
    const here = (path: string) => relative(process.cwd(), path);
    const argv = ['validate', '--git', `${server.origin}/fleet.git`, '--path', 'services'];
    const files = ['--git-token-file', here(join(bench.dir, 'token'))];
    const cache = ['--cache-dir', here(join(bench.dir, 'cache'))];
    expect(await fleet.run([...argv, ...files, ...cache])).toMatchObject({ exit: 0, stderr: '' });
  });

  it('lets the repository see only variables of --env-allow, in plan too', async () => {
    const text = `${manifest('web')}container_envvars: [{ key: A, value_from: { env: DEPLOY_KEY } }]\n`;
    bench.repo.commit({ 'services/web.yaml': text });
    const env = { DEPLOY_KEY: 'x' };
    const { stdout } = await fleet.run(['plan', ...source()], { env });
    expect(stdout).toContain('DEPLOY_KEY');
    expect((await fleet.run(['apply', ...source(), '--yes'], { env })).exit).toBe(3);
    expect((await fleet.run(['apply', ...source(), '--yes', '--env-allow', 'DEPLOY_*'], { env })).exit).toBe(
      0,
    );
  });
});
