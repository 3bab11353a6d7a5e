import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT, type Running, runBuilt, start } from '../support/program.ts';

let scratch: string;
let server: Running;
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'evenkeel-e2e-'));
  const faults = join(scratch, 'faults.yaml');
  writeFileSync(
    faults,
    'engine: { delays: { start: 300, scale: 300, redeploy: 300, stop: 100, terminate: 100 } }\n',
  );
  server = start(['serve', '--listen', '127.0.0.1:0', '--faults', faults, '--store', join(scratch, 'store')]);
  const said = await server.says('TUTUM_APIKEY=');
  const exports = [...said.matchAll(/^export (\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [
    name,
    value,
  ]);
  env = {
    ...Object.fromEntries(exports),
    EVENKEEL_STATE_DIR: join(scratch, 'state'),
    EVENKEEL_RATE: '200/s',
  };
});

afterAll(async () => {
  server.child.kill('SIGTERM');
  expect(await server.ended).toBe(0);
  rmSync(scratch, { recursive: true, force: true });
});

function fleet(name: string, files: Readonly<Record<string, string>>): string {
  const folder = join(scratch, name);
  mkdirSync(folder, { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  return folder;
}

describe('the built program', () => {
  it('says its version and its help', async () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    expect(await runBuilt(['--version'])).toEqual({ exit: 0, stdout: `${version}\n`, stderr: '' });
    expect((await runBuilt(['apply', '--help'])).stdout).toContain('Example:');
  });

  it('plans, applies and comes to rest against the server it brings along', async () => {
    const path = join(ROOT, 'examples/single');
    expect((await runBuilt(['plan', path], { env })).exit).toBe(2);
    expect(await runBuilt(['apply', path, '--yes'], { env })).toMatchObject({ exit: 0, stderr: '' });
    expect(await runBuilt(['plan', path], { env })).toMatchObject({ exit: 0, stderr: '' });
  });

  it('ends quietly when the reader has had enough', async () => {
    const command = `"${process.execPath}" dist/cli/main.js plan examples/first -o json | head -n 1`;
    const stdout = await new Promise<string>((resolve, reject) => {
      execFile(
        'sh',
        ['-c', command],
        { cwd: ROOT, env: { PATH: process.env['PATH'], HOME: '/', ...env } },
        (error, out, err) => (error === null && err === '' ? resolve(out) : reject(new Error(err))),
      );
    });
    expect(stdout).toBe('{\n');
  });

  it('colours only where it is wanted', async () => {
    const path = join(ROOT, 'examples/first');
    const escapeCode = String.fromCharCode(27);
    expect((await runBuilt(['plan', path], { env })).stdout).not.toContain(escapeCode);
    const forced = { ...env, FORCE_COLOR: '1' };
    expect((await runBuilt(['plan', path], { env: forced })).stdout).toContain(escapeCode);
    expect((await runBuilt(['plan', path], { env: { ...forced, NO_COLOR: '1' } })).stdout).not.toContain(
      escape,
    );
  });

  it('takes its settings from a file that lies elsewhere, and refuses one among the manifests', async () => {
    const path = fleet('configured', {
      'a.yaml': 'name: configured\nimage: nginx\n',
      'settings.yaml': 'owner: team-b\n',
    });
    const inside = await runBuilt(['plan', path, '--config', join(path, 'settings.yaml')], { env });
    expect(inside).toMatchObject({ exit: 3, stdout: '' });
    expect(inside.stderr).toContain('EK510');
    const config = join(scratch, 'settings.yaml');
    writeFileSync(config, 'owner: team-b\nrate: 10/m\nburst: 1\n');
    rmSync(join(path, 'settings.yaml'));
    const { EVENKEEL_RATE: _, EVENKEEL_BURST: __, ...rest } = env;
    const outside = await runBuilt(['plan', path, '--config', config], { env: rest });
    expect(outside.exit).toBe(2);
    expect(outside.stdout).toContain('at 10/m');
  });

  it('stops at SIGINT with 130, and the next apply finishes without a duplicate', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 12 }, (_, n) => [`s${n}.yaml`, `name: sig${n}\nimage: nginx\n`]),
    );
    const path = fleet('signalled', files);
    const applying = start(['apply', path, '--yes', '--rate', '20/s', '--burst', '1'], { env });
    await applying.says(' create\n');
    applying.child.kill('SIGINT');
    expect(await applying.ended).toBe(130);
    expect(applying.stdout()).toContain('SIGINT: no new write is sent');
    expect(await runBuilt(['apply', path, '--yes'], { env })).toMatchObject({ exit: 0 });
    const { stdout } = await runBuilt(['status', path, '-o', 'json'], { env });
    const { services } = JSON.parse(stdout) as { services: { name: string; sync: string }[] };
    const mine = services.filter(({ name }) => name.startsWith('sig'));
    expect(mine.map(({ sync }) => sync)).toEqual(Array.from({ length: 12 }, () => 'in-sync'));
  });

  it('lets one writer at a time into a state directory; whoever only looks may come in', async () => {
    const path = fleet('held', { 'a.yaml': 'name: held\nimage: nginx\n' });
    const daemon = start(['run', path], { env });
    await daemon.says('"msg":"converged"');
    const refused = await runBuilt(['apply', path, '--yes'], { env });
    expect(refused.exit).toBe(1);
    expect(refused.stderr).toContain('EK701');
    expect((await runBuilt(['plan', path], { env })).exit).toBe(0);
    const elsewhere = ['health', '--listen', '127.0.0.1:1'];
    expect(await runBuilt(elsewhere, { env })).toMatchObject({ exit: 0, stdout: 'the daemon is alive\n' });
    daemon.child.kill('SIGTERM');
    expect(await daemon.ended).toBe(0);
    expect((await runBuilt(['apply', path, '--yes'], { env })).exit).toBe(0);
    expect((await runBuilt(elsewhere, { env })).exit).toBe(1);
  });

  it('knows for a health check whether its server answers', async () => {
    const listen = new URL(env['EVENKEEL_API_URL'] ?? '').host;
    expect(await runBuilt(['health', '--listen', listen])).toMatchObject({
      exit: 0,
      stdout: 'the server answers\n',
    });
  });
});

describe('the first run', () => {
  it('serves, converges, says what to edit, carries the edit out, and ends cleanly', async () => {
    // A copy, because it is to be edited.
    const root = join(scratch, 'copy');
    mkdirSync(root);
    for (const entry of ['dist', 'schemas', 'examples', 'package.json'])
      cpSync(join(ROOT, entry), join(root, entry), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
    const first = start(['first'], { root });
    const said = await first.says('Ctrl-C ends it all');
    expect(said).toContain('web create\n');
    expect(said).toContain('converged: 2 services as wished');
    expect(said).toContain('now edit examples/first/web.yaml');
    const exported = Object.fromEntries(
      [...said.matchAll(/^ {2}export (\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
    );
    const status = await runBuilt(['status', join(root, 'examples/first')], { env: exported });
    expect(status.exit).toBe(0);
    expect(status.stdout).toMatch(/web .*Running/);

    const file = join(root, 'examples/first/web.yaml');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace('target_num_containers: 2', 'target_num_containers: 7'));
    await first.says('web PATCH target_num_containers 2→7\n');
    first.child.kill('SIGINT');
    expect(await first.ended).toBe(0);
    expect(first.stdout()).toMatch(/stopped\n$/);
    expect(first.stderr()).toBe('');
  });
});
