/** The built daemon and those it tells: what was decided to be told arrives, whoever is killed in between. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ask } from '../support/ops.ts';
import { type Running, start } from '../support/program.ts';
import { type Receiver, receiver } from '../support/receiver.ts';
import { KEY, startServer, type TestServer, USER } from '../support/server.ts';

let scratch: string;
let far: Receiver;
let server: TestServer | undefined;
const daemons: Running[] = [];

beforeEach(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'evenkeel-told-'));
  far = await receiver();
  for (const [name, text] of Object.entries({
    url: `${far.origin}/hook`,
    secret: 'signing-key',
    'notifications.yaml':
      'targets: [{ name: hook, type: webhook, url_file: url, secret_file: secret, send: [alert, recovery, converged] }]',
  }))
    writeFileSync(join(scratch, name), text, { mode: 0o600 });
  mkdirSync(join(scratch, 'fleet'));
  writeFileSync(join(scratch, 'fleet', 'web.yaml'), 'name: web\nimage: nginx:1\n');
});

afterEach(async () => {
  for (const daemon of daemons.splice(0)) {
    daemon.child.kill('SIGKILL');
    await daemon.ended;
  }
  await far.close();
  await server?.close();
  server = undefined;
  rmSync(scratch, { recursive: true, force: true });
});

function run(api: string): Running {
  const daemon = start(['run', join(scratch, 'fleet')], {
    env: {
      EVENKEEL_API_URL: api,
      TUTUM_USER: USER,
      TUTUM_APIKEY: KEY,
      EVENKEEL_STATE_DIR: join(scratch, 'state'),
      EVENKEEL_INTERVAL: '300ms',
      EVENKEEL_RATE: '200/s',
      EVENKEEL_OPS_LISTEN: '127.0.0.1:0',
      EVENKEEL_NOTIFICATIONS: join(scratch, 'notifications.yaml'),
    },
  });
  daemons.push(daemon);
  return daemon;
}

const origin = async (daemon: Running) => {
  await daemon.says('operations are served');
  return /"origin":"([^"]+)","msg":"operations are served"/.exec(daemon.stderr())?.[1] ?? '';
};
const outbox = () => {
  const [only] = readdirSync(join(scratch, 'state'));
  return only === undefined ? [] : readdirSync(join(scratch, 'state', only, 'outbox'));
};
const told = () => far.taken.map(({ body }) => (JSON.parse(body) as { kind: string; title: string }).title);

it('an alert outlives kill -9 of the daemon, and is followed by its recovery in the next life', async () => {
  server = await startServer();
  const { port } = server;
  const { store } = server;
  await server.close();
  far.answer(500);
  const first = run(`http://127.0.0.1:${port}`);
  expect(await ask(await origin(first), 'GET', '/readyz')).toMatchObject({ status: 503 });
  await expect
    .poll(() => outbox().filter((name) => name.endsWith('.json')).length, { timeout: 60_000 })
    .toBe(1);
  first.child.kill('SIGKILL');
  await first.ended;

  far.answer(204);
  const second = run(`http://127.0.0.1:${port}`);
  await far.took(1);
  expect(told()).toEqual(['the services cannot be seen']);
  server = await startServer({ port, store });
  await far.took(2);
  expect(told()).toEqual(['the services cannot be seen', 'the services can be seen again']);
  const at = await origin(second);
  await expect.poll(async () => (await ask(at, 'GET', '/readyz')).status, { timeout: 30_000 }).toBe(200);

  await second.says('"msg":"converged"');
  writeFileSync(join(scratch, 'fleet', 'web.yaml'), 'name: web\nimage: nginx:2\n');
  await far.took(3);
  expect(told()[2]).toBe('converged: 1 service as wished');
  await expect.poll(outbox, { timeout: 30_000 }).toEqual([]);
  second.child.kill('SIGTERM');
  expect(await second.ended).toBe(0);
});

it('a receiver that never answers delays neither a pass nor the end of the daemon', async () => {
  server = await startServer();
  far.answer('never');
  const daemon = run(server.url);
  await daemon.says('"msg":"converged"');
  writeFileSync(join(scratch, 'fleet', 'web.yaml'), 'name: web\nimage: nginx:2\n');
  await expect.poll(() => far.received.length, { timeout: 30_000 }).toBe(1);
  writeFileSync(join(scratch, 'fleet', 'web.yaml'), 'name: web\nimage: nginx:3\n');
  await expect
    .poll(async () => (await server?.services())?.[0]?.image_name, { timeout: 30_000 })
    .toBe('nginx:3');
  daemon.child.kill('SIGTERM');
  expect(await daemon.ended).toBe(0);
  expect(outbox().length).toBeGreaterThan(0);
});
