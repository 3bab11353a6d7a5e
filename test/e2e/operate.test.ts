/** A daemon that is operated by others on its machine: suspended and resumed, accompanied by a standby, killed. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../src/cli/system.ts';
import { runBuilt, start } from '../support/program.ts';
import { KEY, startServer, type TestServer, USER } from '../support/server.ts';

let scratch: string;
let manifests: string;
let server: TestServer;
let env: Readonly<Record<string, string>>;

beforeEach(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'evenkeel-operate-'));
  manifests = join(scratch, 'fleet');
  mkdirSync(manifests);
  write(1);
  server = await startServer({ simulation: { delays: { start: 50, scale: 50, redeploy: 50, stop: 50 } } });
  env = {
    EVENKEEL_API_URL: server.url,
    TUTUM_USER: USER,
    TUTUM_APIKEY: KEY,
    EVENKEEL_STATE_DIR: join(scratch, 'state'),
    EVENKEEL_RATE: '100/s',
    USER: 'ann',
  };
});

afterEach(async () => {
  await server.close();
  rmSync(scratch, { recursive: true, force: true });
});

function write(revision: number): void {
  writeFileSync(
    join(manifests, 'web.yaml'),
    `name: web\nimage: nginx:${revision}\ntarget_num_containers: 1\n`,
  );
}

/** Only ends what hangs. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const end = systemClock.monotonic() + 60_000; systemClock.monotonic() < end; ) {
    if (await holds()) return;
    await systemClock.sleep(50);
  }
  throw new Error('it did not come to pass');
}

const isLive = (image: string) => async () =>
  (await server.services()).some((one) => one.image_name === image && one.state === 'Running');
const run = () => start(['run', manifests, '--interval', '1s'], { env });

it('suspended, it plans and reports and writes nothing, also the next one; resumed, it goes on', async () => {
  const first = run();
  await until(isLive('nginx:1'));
  const suspended = await runBuilt(['suspend', '--until', '1h', '--reason', 'freeze'], { env });
  expect(suspended).toMatchObject({ exit: 0, stderr: '' });
  const writes = server.writes().length;
  write(2);
  await first.says('"block":"suspended"');
  first.child.kill('SIGKILL');
  await first.ended;
  const second = run();
  await second.says('"block":"suspended"');
  expect((await runBuilt(['status'], { env })).stdout).toMatch(
    /the fleet: suspended until .* by ann: freeze/,
  );
  await systemClock.sleep(2_500);
  expect(server.writes()).toHaveLength(writes);
  expect(await runBuilt(['resume'], { env })).toMatchObject({ exit: 0, stderr: '' });
  await until(isLive('nginx:2'));
  second.child.kill('SIGTERM');
  expect(await second.ended).toBe(0);
});

it('says what somebody else changed, and who it was by the server’s records', async () => {
  const daemon = run();
  await until(isLive('nginx:1'));
  await daemon.says('"msg":"converged"');
  const [web] = await server.services();
  const changed = await fetch(`${server.url}/api/v1/service/${web?.uuid}/`, {
    method: 'PATCH',
    headers: {
      authorization: `ApiKey ${USER}:${KEY}`,
      'content-type': 'application/json',
      'user-agent': 'tutum-cli/0.20',
    },
    body: JSON.stringify({ target_num_containers: 4 }),
  });
  expect(changed.status).toBe(202);
  await daemon.says('live changed by somebody else');
  const line = daemon
    .stderr()
    .split('\n')
    .find((one) => one.includes('live changed by somebody else'));
  expect(JSON.parse(line ?? '{}')).toMatchObject({
    event: 'service:foreign-change',
    name: 'web',
    fields: ['target_num_containers'],
    by: expect.stringMatching(/^by Service Update of \S+ \(tutum-cli\/0\.20, 127\.0\.0\.1\) at \w{3}, /),
  });
  const told = await runBuilt(['history', 'web'], { env });
  expect(told.stdout).toContain('live changed: target_num_containers by Service Update of');
  daemon.child.kill('SIGTERM');
  expect(await daemon.ended).toBe(0);
});

it('a second daemon says that it is a standby, writes nothing, and takes over when the first is killed', async () => {
  const first = run();
  await until(isLive('nginx:1'));
  const second = run();
  await second.says('standby');
  expect((await runBuilt(['status'], { env })).stdout).toContain('web');
  const apply = await runBuilt(['apply', manifests, '--yes'], { env });
  expect(apply.exit).toBe(1);
  expect(apply.stderr).toMatch(/EK701 .*in use by process \d+/);
  first.child.kill('SIGKILL');
  await first.ended;
  write(2);
  await second.says('takes over');
  await until(isLive('nginx:2'));
  const third = run();
  await third.says('standby');
  third.child.kill('SIGTERM');
  expect(await third.ended).toBe(0);
  second.child.kill('SIGTERM');
  expect(await second.ended).toBe(0);
  expect(server.requests().filter((one) => one.verb === 'create' && one.committed)).toHaveLength(1);
});

it('its history names the revision of what it did and of what it refused', async () => {
  for (const name of ['a', 'b', 'c'])
    writeFileSync(join(manifests, `${name}.yaml`), `name: ${name}\nimage: nginx\n`);
  const flags = ['--interval', '1s', '--grace', '1s', '--prune', 'owned', '--owner', 'team'];
  const daemon = start(['run', manifests, ...flags], { env });
  await daemon.says('"msg":"converged"');
  for (const name of ['a', 'b', 'c']) rmSync(join(manifests, `${name}.yaml`));
  await daemon.says('deletes and replaces are refused');
  daemon.child.kill('SIGTERM');
  expect(await daemon.ended).toBe(0);
  const { stdout } = await runBuilt(['history', '--owner', 'team', '-o', 'json'], { env });
  const { entries } = JSON.parse(stdout) as {
    entries: readonly { what: string; outcome: string; revision: string | null }[];
  };
  expect(entries.filter(({ revision }) => revision === null)).toEqual([]);
  expect(entries.some(({ what }) => what.startsWith('the manifests changed: a, b and c'))).toBe(true);
  expect(entries.some(({ what }) => what.startsWith('REFUSED: 3 deletes'))).toBe(true);
});
