/**
 * Done-when of the outside face: a canary in every secret there is, everything exercised that can be, errors first of
 * all, and then no canary in anything that anybody reads: logs, plans, status, metrics, messages, journal, outbox, errors.
 * In any of the spellings in which it would still be one.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { systemClock } from '../../src/cli/system.ts';
import type { Clock } from '../../src/service/ports.ts';
import { type EchoProxy, echoProxy } from '../support/echo-proxy.ts';
import { Repo } from '../support/git.ts';
import { type HttpGit, httpGit } from '../support/git-server.ts';
import { runCli } from '../support/io.ts';
import { ask, bearer } from '../support/ops.ts';
import { type Running, start } from '../support/program.ts';
import { type Receiver, receiver } from '../support/receiver.ts';
import { startServer, type TestServer } from '../support/server.ts';

const CANARIES = {
  apiKey: 'canary-api-key-7f31aa',
  gitToken: 'canary-git-token-81bc02',
  webhook: 'canary-webhook-93de14',
  operator: 'canary-operator-a5f026',
  viewer: 'canary-viewer-b71138',
  url: 'canary-url-c8324a',
  signing: 'canary-signing-d9535c',
  forge: 'canary-forge-ea746e',
  literal: 'canary-literal-fb9570 "quoted" \\ back',
  fromEnv: 'canary-from-env-0cb682/slash?&=ü',
  fromFile: 'canary-from-file-1dd794',
} as const;

/** The spellings in which a secret is still one. */
function spellings(secret: string): readonly string[] {
  const base64 = (text: string) => Buffer.from(text).toString('base64').replace(/=+$/, '');
  // As it stands in the middle of something that is encoded, whatever comes before.
  const inside = [0, 1, 2].map((shift) => base64('x'.repeat(shift) + secret).slice(shift === 0 ? 0 : 4, -4));
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    JSON.stringify(JSON.stringify(secret).slice(1, -1)).slice(1, -1),
    encodeURIComponent(secret),
    Buffer.from(secret).toString('hex'),
    ...inside,
    // Its beginning alone would tell too much, and shows what masks only a part.
    secret.slice(0, 18),
  ];
}

/** Where `text` holds a canary: which, and some of what stands around it. */
function leaks(text: string): readonly string[] {
  return Object.entries(CANARIES).flatMap(([name, secret]) => {
    const found = spellings(secret).find((spelling) => text.includes(spelling));
    if (found === undefined) return [];
    const at = text.indexOf(found);
    return [`${name} in … ${text.slice(Math.max(0, at - 120), at + 40)} …`];
  });
}

let scratch: string;
let server: TestServer;
let api: EchoProxy;
let forge: HttpGit;
let repo: Repo;
let hook: Receiver;
let daemon: Running | undefined;
let env: Readonly<Record<string, string>>;
/** Everything that anybody can read, by where. */
const read = new Map<string, string>();

const MANIFEST = (tag: string) =>
  [
    'name: web',
    `image: nginx:${tag}`,
    'container_envvars:',
    `  - { key: LITERAL, value: ${JSON.stringify(CANARIES.literal)} }`,
    '  - { key: FROM_ENV, value_from: { env: DB_PASSWORD } }',
    '  - { key: FROM_FILE, value_from: { file: password } }',
    // Another value each time, so that the whole list is sent.
    `  - { key: TAG, value: t-${tag} }`,
    '',
  ].join('\n');
const BROKEN = `name: web\nimage: nginx\ncontainer_envvars:\n  - { key: LITERAL, valeu: ${JSON.stringify(CANARIES.literal)} }\n`;
const TORN = `name: web\nimage: nginx\ncontainer_envvars:\n  - { key: A, value: "${CANARIES.fromFile} }\n`;

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'evenkeel-canaries-'));
  const secret = (name: string, value: string) => {
    const path = join(scratch, name);
    writeFileSync(path, `${value}\n`, { mode: 0o600 });
    return path;
  };
  server = await startServer({ users: [{ name: 'alice', key: CANARIES.apiKey }] });
  api = await echoProxy(server.url);
  const repositories = join(scratch, 'repositories');
  mkdirSync(repositories);
  repo = new Repo(join(repositories, 'fleet.git'));
  repo.commit({ 'web.yaml': MANIFEST('1') });
  forge = await httpGit(repositories);
  forge.credentials = `x-access-token:${CANARIES.gitToken}`;
  hook = await receiver();
  mkdirSync(join(scratch, 'values'));
  writeFileSync(join(scratch, 'values', 'password'), CANARIES.fromFile);
  secret('signing', CANARIES.signing);
  secret('url', `${hook.origin}/${CANARIES.url}`);
  secret('forge', CANARIES.forge);
  writeFileSync(
    join(scratch, 'notifications.yaml'),
    JSON.stringify({
      targets: [
        {
          name: 'hook',
          type: 'webhook',
          url_file: 'url',
          secret_file: 'signing',
          send: ['alert', 'recovery', 'converged'],
        },
        { name: 'chat', type: 'slack', url_file: 'url' },
        {
          name: 'forge',
          type: 'commit-status',
          api_url: hook.origin,
          repository: 'team/fleet',
          token_file: 'forge',
        },
      ],
    }),
  );
  env = {
    EVENKEEL_API_URL: api.origin,
    TUTUM_USER: 'alice',
    TUTUM_APIKEY: CANARIES.apiKey,
    DB_PASSWORD: CANARIES.fromEnv,
    EVENKEEL_ENV_ALLOW: 'DB_*',
    EVENKEEL_SECRETS_DIR: join(scratch, 'values'),
    EVENKEEL_STATE_DIR: join(scratch, 'state'),
    EVENKEEL_RATE: '200/s',
    EVENKEEL_LOG_LEVEL: 'debug',
    EVENKEEL_INTERVAL: '1s',
    EVENKEEL_GIT: `${forge.origin}/fleet.git`,
    EVENKEEL_GIT_TOKEN_FILE: secret('git-token', CANARIES.gitToken),
    EVENKEEL_OPS_LISTEN: '127.0.0.1:0',
    EVENKEEL_OPS_TOKEN_FILE: secret('operator', CANARIES.operator),
    EVENKEEL_VIEWER_TOKEN_FILE: secret('viewer', CANARIES.viewer),
    EVENKEEL_WEBHOOK_SECRET_FILE: secret('webhook', CANARIES.webhook),
    EVENKEEL_NOTIFICATIONS: join(scratch, 'notifications.yaml'),
    EVENKEEL_METRICS_NAMES: 'true',
  };
});

afterAll(async () => {
  daemon?.child.kill('SIGKILL');
  await daemon?.ended;
  await Promise.all([api.close(), forge.close(), hook.close(), server.close()]);
  rmSync(scratch, { recursive: true, force: true });
});

/** The commands' patience with an API that is down is half a minute of theirs. */
const HURRY = 20;
const HURRIED: Clock = {
  monotonic: () => systemClock.monotonic() * HURRY,
  wall: () => systemClock.wall(),
  sleep: (ms, signal) => systemClock.sleep(ms / HURRY, signal),
};

/** One call of a command, in this process: what it says is read. */
async function say(...argv: string[]): Promise<void> {
  const { exit, stdout, stderr } = await runCli(argv, COMMANDS, { env, clock: HURRIED });
  read.set(`${argv.join(' ')} (${exit}, ${api.mode})`, stdout + stderr);
}

/** Into a state directory of its own, from files, and in vain where the API refuses. */
async function apply(): Promise<void> {
  const whole = env;
  const { EVENKEEL_GIT: _, ...rest } = env;
  env = { ...rest, EVENKEEL_STATE_DIR: join(scratch, 'other-state') };
  await say('apply', join(scratch, 'good'), '--yes', '--deadline', '60s');
  env = whole;
}

async function everyCommand(): Promise<void> {
  const { EVENKEEL_GIT: _, ...rest } = env;
  const whole = env;
  await say('plan', '-o', 'text');
  await say('plan', '-o', 'json');
  await say('plan', '-o', 'markdown');
  env = rest;
  const paths: Readonly<Record<string, string>> = { good: MANIFEST('9'), broken: BROKEN, torn: TORN };
  for (const [name, text] of Object.entries(paths)) {
    mkdirSync(join(scratch, name), { recursive: true });
    writeFileSync(join(scratch, name, 'web.yaml'), text);
    await say('validate', join(scratch, name));
    await say('plan', join(scratch, name));
    await say('status', join(scratch, name));
  }
  await apply();
  for (const argv of [
    ['status'],
    ['status', '-o', 'json'],
    ['explain', 'web'],
    ['logs', 'web'],
    ['export'],
    ['history'],
  ])
    await say(...argv);
  env = whole;
}

it('leaves no canary anywhere', async () => {
  daemon = start(['run'], { env });
  await daemon.says('operations are served');
  const origin = /"origin":"([^"]+)","msg":"operations are served"/.exec(daemon.stderr())?.[1] ?? '';
  const http = async (
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body?: string,
  ) => {
    const { status, headers: got, body: text } = await ask(origin, method, path, headers, body);
    read.set(`${read.size} ${method} ${path} ${status}`, JSON.stringify(got) + text);
    return status;
  };
  const everyRoute = async () => {
    for (const path of ['/livez', '/readyz', '/metrics', '/api/status', '/nowhere', `/${CANARIES.operator}`])
      for (const token of [CANARIES.viewer, CANARIES.operator, `${CANARIES.operator}x`, ''])
        await http('GET', path, token === '' ? {} : bearer(token));
    for (const token of [CANARIES.viewer, CANARIES.webhook, CANARIES.operator])
      for (const path of ['/api/sync', '/api/suspend', '/api/resume'])
        await http('POST', path, bearer(token), `{"nonsense":"${CANARIES.operator}"}`);
    for (const token of [CANARIES.webhook, `${CANARIES.webhook}x`])
      await http('POST', '/hooks/git', { 'x-gitlab-token': token }, `{"secret":"${CANARIES.webhook}"}`);
    await http(
      'POST',
      '/hooks/git',
      { 'x-hub-signature-256': `sha256=${CANARIES.webhook}` },
      CANARIES.webhook,
    );
  };

  // As it should be.
  await daemon.says('"msg":"converged"');
  await everyRoute();
  await everyCommand();
  expect(
    await http('POST', '/api/suspend', bearer(CANARIES.operator), '{"until":"1h","reason":"test"}'),
  ).toBe(202);
  expect(await http('POST', '/api/resume', bearer(CANARIES.operator), '{}')).toBe(202);

  // Targets that fail and quote, so that letters lie in the outbox.
  hook.answer((response) => response.writeHead(500).end(`${CANARIES.signing} ${CANARIES.forge}`));
  // An API that quotes every write with its credentials and values.
  api.mode = 'quote';
  repo.commit({ 'web.yaml': MANIFEST('2') });
  await http('POST', '/hooks/git', { 'x-gitlab-token': CANARIES.webhook }, '{}');
  await expect.poll(() => api.quoted.length, { timeout: 20_000 }).toBeGreaterThan(0);
  await daemon.says('"event":"service:blocked"');
  await everyRoute();
  await say('plan', '-o', 'json');
  await say('status', '-o', 'json');
  await say('explain', 'web');
  await apply();
  // … and then everything.
  api.mode = 'quote-all';
  await daemon.says('"event":"observation:failed"');
  await everyRoute();
  await say('status');
  await say('plan');
  await expect.poll(() => readdirSync(stateDir('outbox')).length, { timeout: 30_000 }).toBeGreaterThan(2);
  readTree('the outbox', stateDir('outbox'));
  api.mode = 'pass';
  await daemon.says('"event":"observation:recovered"');

  // Manifests that are wrong, in ways whose messages quote; a server that quotes the token it was given.
  repo.commit({ 'web.yaml': BROKEN, 'torn.yaml': TORN });
  await http('POST', '/hooks/git', { 'x-gitlab-token': CANARIES.webhook }, '{}');
  await daemon.says('"event":"source:incomplete"');
  await everyRoute();
  forge.credentials = 'somebody:else';
  await expect.poll(() => forge.requests.length, { timeout: 20_000 }).toBeGreaterThan(0);
  await say('plan');
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  await everyRoute();

  // All well again, and everything is delivered.
  forge.credentials = `x-access-token:${CANARIES.gitToken}`;
  hook.answer(204);
  repo.commit({ 'web.yaml': MANIFEST('3') });
  await expect.poll(() => live(), { timeout: 60_000 }).toBe('nginx:3');
  await expect.poll(() => readdirSync(stateDir('outbox')).length, { timeout: 60_000 }).toBe(0);
  await everyRoute();
  daemon.child.kill('SIGTERM');
  expect(await daemon.ended).toBe(0);

  read.set('log of the daemon', daemon.stdout() + daemon.stderr());
  read.set('log of the server', server.logged().join('\n') + JSON.stringify(server.audit()));
  // What is signed and authorized with is in headers, where it belongs; the addresses are those of the receiver.
  for (const [index, { body }] of hook.received.entries()) read.set(`message ${index}`, body);
  readTree('state', join(scratch, 'state'));
  readTree('other state', join(scratch, 'other-state'));

  // The sieve finds what it should find.
  for (const secret of Object.values(CANARIES)) {
    expect(leaks(`x ${secret} x`).length).toBeGreaterThan(0);
    expect(leaks(Buffer.from(`user:${secret}\n`).toString('base64')).length).toBeGreaterThan(0);
  }
  const found = [...read].flatMap(([where, text]) => leaks(text).map((leak) => `${where}: ${leak}`));
  expect(found).toEqual([]);

  // It was really exercised: each canary was used, and each kind of output was had.
  expect(api.quoted.some((said) => said.includes(CANARIES.apiKey))).toBe(true);
  for (const value of [CANARIES.fromEnv, CANARIES.fromFile])
    expect(api.quoted.some((said) => said.includes(value))).toBe(true);
  expect(forge.requests.some(({ authorization }) => authorization !== undefined)).toBe(true);
  expect(hook.received.some(({ path }) => path.includes(CANARIES.url))).toBe(true);
  expect(hook.received.some(({ headers }) => headers.authorization === `token ${CANARIES.forge}`)).toBe(true);
  expect(
    [...read.keys()].filter((where) => /\/(?:metrics|api\/status) 200$/.test(where)).length,
  ).toBeGreaterThan(4);
  const kinds = hook.received.flatMap(({ body }) => /"(?:kind|state)":"(\w+)"/.exec(body)?.[1] ?? []);
  for (const kind of ['alert', 'recovery', 'success', 'failure']) expect(kinds).toContain(kind);
}, 600_000);

async function live(): Promise<string | undefined> {
  return (await server.services())[0]?.image_name;
}

function stateDir(inside: string): string {
  const [only = ''] = readdirSync(join(scratch, 'state'));
  return join(scratch, 'state', only, inside);
}

/** Every file below, but for the mirror: in it are the manifests themselves, as their author wrote them. */
function readTree(what: string, folder: string): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = join(folder, name);
    if (/(?:^|\/)(?:objects)\//.test(name) || !statSync(path).isFile()) continue;
    read.set(`${what}: ${name}`, readFileSync(path, 'latin1'));
  }
}
