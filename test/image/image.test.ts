/**
 * The image: built from the Dockerfile on a base that is assembled here, then run as an operator would, read-only and
 * without root. Needs a Docker engine and busybox-static; `npm run test:image`, not part of `npm test`.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/cli/system.ts';
import { ROOT } from '../support/program.ts';

const BASE = 'evenkeel-test-base:node';
const IMAGE = 'evenkeel-test:image';
const [SERVER, DAEMON] = ['evenkeel-test-server', 'evenkeel-test-daemon'];
const ORIGIN = 'http://127.0.0.1:8839';
const KEY = 'image-key-0123456789';

const docker = (...argv: readonly string[]) => execFileSync('docker', argv, { cwd: ROOT, encoding: 'utf8' });
const remove = () => docker('rm', '-f', SERVER, DAEMON);

describe('the image', () => {
  let scratch: string;

  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), 'evenkeel-image-'));
    const users = join(scratch, 'users.json');
    writeFileSync(users, JSON.stringify({ users: [{ name: 'image', key: KEY }] }), { mode: 0o644 });
    execFileSync('bash', [join(ROOT, 'scripts', 'image-base.sh'), BASE], { stdio: 'inherit' });
    execFileSync(
      'docker',
      ['build', '--network', 'host', '--build-arg', `BASE_IMAGE=${BASE}`, '-t', IMAGE, '.'],
      {
        cwd: ROOT,
        stdio: 'inherit',
        env: { ...process.env, DOCKER_BUILDKIT: '0' },
      },
    );
    remove();
    const locked = ['run', '-d', '--read-only', '--cap-drop', 'ALL', '--network', 'host'];
    const mount = `${users}:/users.json:ro`;
    docker(
      ...locked,
      '--name',
      SERVER,
      '-v',
      mount,
      IMAGE,
      'serve',
      '--listen',
      ORIGIN.slice(7),
      '--users',
      '/users.json',
    );
    const env = [`EVENKEEL_API_URL=${ORIGIN}`, 'TUTUM_USER=image', `TUTUM_APIKEY=${KEY}`].flatMap((one) => [
      '-e',
      one,
    ]);
    docker(...locked, '--name', DAEMON, ...env, IMAGE, 'run', '/app/examples/first');
  }, 900_000);

  afterAll(() => {
    remove();
    docker('rmi', '-f', IMAGE);
    rmSync(scratch, { recursive: true, force: true });
  });

  it('converges its example with a read-only root file system, as nobody in particular', async () => {
    const until = systemClock.monotonic() + 60_000;
    while (!logs(DAEMON).includes('"msg":"converged"') && systemClock.monotonic() < until)
      await systemClock.sleep(250);
    expect(logs(DAEMON)).toContain('"msg":"converged"');
    expect(logs(DAEMON)).not.toContain(KEY);
    expect(docker('exec', DAEMON, 'id', '-u').trim()).toBe('65532');
    const status = docker('exec', DAEMON, 'node', '/app/dist/cli/main.js', 'status', '/app/examples/first');
    expect(status).toMatch(/web .*Running .*2\/2 .*in-sync/);
  }, 120_000);

  it('answers its health checks', () => {
    expect(docker('exec', DAEMON, 'node', '/app/dist/cli/main.js', 'health')).toContain('alive');
    expect(
      docker('exec', SERVER, 'node', '/app/dist/cli/main.js', 'health', '--listen', ORIGIN.slice(7)),
    ).toContain('answers');
  });

  it('gets the signals of a stop and ends by itself', () => {
    docker('stop', '--time', '9', DAEMON);
    expect(docker('inspect', '-f', '{{.State.ExitCode}}', DAEMON).trim()).toBe('0');
    expect(logs(DAEMON)).toContain('"msg":"stopped"');
  });
});

function logs(container: string): string {
  return execFileSync('sh', ['-c', `docker logs ${container} 2>&1`], { encoding: 'utf8' });
}
