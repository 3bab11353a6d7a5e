import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createUsers } from '../../src/server/auth/users.ts';
import { loadUsers } from '../../src/server/auth/users-file.ts';
import { loadFaults } from '../../src/server/faults/file.ts';
import { virtualClock } from '../support/clock.ts';
import {
  AUTHORIZATION,
  call,
  createOne,
  KEY,
  servicePath,
  startServer,
  type TestServer,
} from '../support/server.ts';

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

describe('keys', () => {
  it('may read, or write too', async () => {
    server = await startServer();
    const { url } = server;
    const { uuid } = await createOne(url);
    const authorization = 'ApiKey alice:alice-reads-0123456789';
    expect((await call(url, 'GET', servicePath(uuid), { authorization })).status).toBe(200);
    for (const [method, path] of [
      ['POST', '/api/v1/service/'],
      ['PATCH', servicePath(uuid)],
      ['POST', servicePath(uuid, 'start/')],
      ['DELETE', servicePath(uuid)],
    ] as const) {
      const reply = await call(url, method, path, {
        authorization,
        body: method === 'DELETE' ? undefined : { image: 'x' },
      });
      expect([method, reply.status, Object.keys(reply.json)]).toEqual([method, 403, ['error']]);
    }
  });

  it('are compared as a whole, several per user', () => {
    const users = createUsers([
      { name: 'a', key: 'first-key' },
      { name: 'a', key: 'second-key', scope: 'read' },
      { name: 'b', key_sha256: '2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b' },
    ]);
    expect(users.check('a', 'first-key')).toEqual({ user: 'a', scope: 'write' });
    expect(users.check('a', 'second-key')).toEqual({ user: 'a', scope: 'read' });
    expect(users.check('b', 'secret')).toEqual({ user: 'b', scope: 'write' });
    for (const [user, key] of [
      ['a', ''],
      ['a', 'first-key '],
      ['b', 'first-key'],
      ['c', 'secret'],
      ['', ''],
      ['nobody', ''],
    ])
      expect(users.check(user ?? '', key ?? '')).toBeUndefined();
  });
});

describe('guessing', () => {
  it('is slowed down per user and address, and a right key is let in all the while', async () => {
    const clock = virtualClock();
    server = await startServer({ clock });
    const { url } = server;
    const guess = async () =>
      (await call(url, 'GET', '/api/v1/service/', { authorization: 'ApiKey alice:wrong' })).status;
    const first = [];
    for (let count = 0; count < 12; count++) first.push(await guess());
    expect(first).toEqual([...Array(10).fill(401), 429, 429]);
    const slowed = await call(url, 'GET', '/api/v1/service/', { authorization: 'ApiKey bob:wrong' });
    expect([slowed.status, Number(slowed.headers.get('retry-after')) > 0]).toEqual([429, true]);
    expect((await call(url, 'GET', '/api/v1/service/')).status).toBe(200);
    await clock.advance(60_000);
    expect(await guess()).toBe(401);
  });
});

describe('what leaves the server', () => {
  it('never holds the key, whatever goes wrong', async () => {
    server = await startServer();
    const { url } = server;
    const texts: string[] = [];
    for (const authorization of [
      AUTHORIZATION,
      `Bearer ${KEY}`,
      `ApiKey x${AUTHORIZATION}`,
      `ApiKey alice:${KEY}x`,
    ])
      for (const [method, path] of [
        ['GET', '/api/v1/service/?nope=1'],
        ['POST', '/api/v1/service/'],
        ['GET', '/nothing'],
      ] as const)
        texts.push((await call(url, method, path, { authorization })).text);
    texts.push(JSON.stringify(server.audit()), server.logged().join());
    expect(texts.join('\n')).not.toContain(KEY);
  });

  it('is one audit line per write: who, what, from where, with what outcome', async () => {
    server = await startServer();
    const { url } = server;
    const made = await createOne(url, { name: 'web' });
    await call(url, 'GET', servicePath(made.uuid));
    await call(url, 'POST', servicePath(made.uuid, 'stop/'), { headers: { 'user-agent': 'tests/1' } });
    await call(url, 'POST', '/api/v1/service/', { authorization: null });
    const about = (line: object) => ({ user: 'alice', ip: '127.0.0.1', ...line });
    expect(server.audit()).toMatchObject([
      about({ method: 'POST', service: made.uuid, name: 'web', status: 201, committed: true }),
      about({
        path: servicePath(made.uuid, 'stop/'),
        userAgent: 'tests/1',
        name: 'web',
        status: 400,
        committed: false,
      }),
      { user: undefined, status: 401, committed: false },
    ]);
  });
});

/** Sends bytes, and returns all that comes back until the server hangs up. */
function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    let got = '';
    socket.on('data', (chunk) => {
      got += String(chunk);
    });
    socket.on('close', () => resolve(got));
    socket.on('error', () => undefined);
  });
}

describe('broken HTTP', () => {
  const HEAD = `Authorization: ${AUTHORIZATION}\r\nHost: x\r\nConnection: close\r\n`;
  it('is answered with an error in JSON, and the server lives on', async () => {
    server = await startServer();
    const { port, url } = server;
    for (const [text, status] of [
      ['NONSENSE\r\n\r\n', 400],
      [`GET /api/v1/service/%zz HTTP/1.1\r\n${HEAD}\r\n`, 400],
      [`GET /api/v1/service/ HTTP/1.1\r\nX: ${'x'.repeat(40_000)}\r\n${HEAD}\r\n`, 431],
      [`POST /api/v1/service/ HTTP/1.1\r\n${HEAD}Content-Length: 9999999\r\n\r\n{`, 413],
      [`POST /api/v1/service/ HTTP/1.1\r\n${HEAD}Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}`, 415],
      [`GET /api/v1/service/ HTTP/1.1\r\n${HEAD}Content-Length: 2\r\nContent-Type: x/y\r\n\r\n{}`, 200],
    ] as const) {
      const got = await raw(port, text);
      expect(got.split(' ')[1], got).toBe(String(status));
      expect(got).not.toMatch(/node_modules|at .*\.ts/);
    }
    expect((await call(url, 'GET', '/api/v1/service/')).status).toBe(200);
  });

  it('as JSON without a Content-Type is taken, as the Go clients send it', async () => {
    server = await startServer();
    const body = '{"image":"nginx","name":"go"}';
    const got = await raw(
      server.port,
      `POST /api/v1/service/ HTTP/1.1\r\n${HEAD}Content-Length: ${body.length}\r\n\r\n${body}`,
    );
    expect(got).toContain('201 Created');
    expect(await server.services()).toMatchObject([{ name: 'go' }]);
  });
});

describe("the server's files", () => {
  const files = async (text: string, load: (path: string) => Promise<unknown>) => {
    const directory = await mkdtemp(join(tmpdir(), 'evenkeel-files-'));
    const path = join(directory, 'file.yaml');
    await writeFile(path, text);
    const outcome = await load(path).catch((error: Error) => error.message.replaceAll(path, 'file.yaml'));
    await rm(directory, { recursive: true });
    return outcome;
  };

  it('users: YAML or JSON; every error with its place and without the key', async () => {
    expect(await files('users: [{name: a, key: long-enough}]', loadUsers)).toHaveProperty('check');
    expect(
      await files('{"users":[{"name":"a","key":"long-enough","scope":"read"}]}', loadUsers),
    ).toHaveProperty('check');
    const wrong = [
      'users: []',
      'users: [{name: a}]',
      'users: [{name: a, key: hunter2-secret, key_sha256: hunter2}]',
      'users: [{name: a:b, key: hunter2-secret}]',
      'users: [{name: a, key: hunter2-secret, role: admin}]',
      'users: [{name: a, key: hunter2-secret, scope: root}]',
      'users: [{name: a, key: hunter2-secret},\n  {name: a, key: hunter2-secret}]',
      'users: &x [{name: a, key: *x}]',
      'users: [{name: a, key: hunter2-secret',
      'a: 1\na: hunter2-secret',
    ];
    for (const text of wrong) {
      const message = await files(text, loadUsers);
      expect(message, text).toEqual(expect.stringMatching(/^file\.yaml/));
      expect(message).not.toContain('hunter2');
    }
    await expect(loadUsers('/nowhere/users.yaml')).rejects.toMatchObject({ code: 'EK803', exit: 3 });
  });

  it('faults: a good one with everything, a bad one named', async () => {
    const good = `
seed: 7
rules:
  - match: { verb: create, nth: [1, 3] }
    fault: { kind: timeout_after }
  - match: { path: /api/v1/service/*, probability: 0.1 }
    fault: { kind: stale_list, ms: 500 }
  - fault: { kind: too_many, retry_after: "soon" }
engine:
  delays: { start: 10 }
  jitter: 0.5
  hosts: 2
  failures: [{ verb: start, name: web, times: 1, reason: image, message: no such image }]
  images: { my/app: { ports: [{ protocol: tcp, inner_port: 8080 }], exits: { after_ms: 5, code: 1 } } }
`;
    expect(await files(good, loadFaults)).toMatchObject({ seed: 7, engine: { hosts: 2 } });
    for (const text of [
      'rules: [{}]',
      'rules: [{fault: {kind: explode}}]',
      'rules: [{fault: {kind: delay}}]',
      'engine: {delays: {walk: 1}}',
      'rule: []',
    ])
      expect(await files(text, loadFaults), text).toEqual(expect.stringMatching(/^file\.yaml: \//));
  });
});
