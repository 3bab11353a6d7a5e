import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { Ajv } from 'ajv';
import { afterEach, describe, expect, it } from 'vitest';
import { renderStatusJson } from '../../src/render/status.ts';
import type { FleetStatus } from '../../src/service/status.ts';
import { virtualClock } from '../support/clock.ts';
import { ask, type BenchOptions, bearer, type OpsBench, opsBench, secretsOf } from '../support/ops.ts';

const benches: OpsBench[] = [];
async function open(options: BenchOptions = {}): Promise<OpsBench> {
  const bench = await opsBench(options);
  benches.push(bench);
  return bench;
}
afterEach(async () => {
  await Promise.all(benches.splice(0).map((bench) => bench.close()));
});

const sign = (secret: string, body: string | Uint8Array) =>
  createHmac('sha256', secret).update(body).digest('hex');
const PUSH = JSON.stringify({ ref: 'refs/heads/main', after: 'a'.repeat(40) });

describe('health', () => {
  it('is alive while it answers, and ready while the last success is younger than three intervals', async () => {
    const clock = virtualClock();
    let last: number | undefined;
    const { origin } = await open({ clock, lastSuccess: () => last });
    expect(await ask(origin, 'GET', '/livez')).toMatchObject({ status: 200, body: 'ok\n' });
    expect(await ask(origin, 'GET', '/readyz')).toMatchObject({
      status: 503,
      body: 'not ready: no pass has seen everything yet\n',
    });
    last = clock.monotonic();
    expect(await ask(origin, 'GET', '/readyz')).toMatchObject({ status: 200 });
    await clock.advance(179_999);
    expect(await ask(origin, 'GET', '/readyz')).toMatchObject({ status: 200 });
    await clock.advance(1);
    expect(await ask(origin, 'GET', '/readyz')).toMatchObject({
      status: 503,
      body: 'not ready: the last pass that saw everything is more than 3 intervals old\n',
    });
  });

  it('answers probes under any host name and without a token', async () => {
    const { origin } = await open({ viewer: secretsOf('viewer-token').file });
    for (const path of ['/livez', '/readyz'])
      expect(await ask(origin, 'GET', path, { host: 'anything.example' })).toMatchObject({ status: 200 });
  });
});

describe('reading', () => {
  it('needs no token on loopback, and one where one is set; the operator may read too', async () => {
    const free = await open();
    expect((await ask(free.origin, 'GET', '/metrics')).status).toBe(200);
    const { origin } = await open({
      viewer: secretsOf('viewer-token').file,
      operator: secretsOf('op-token').file,
    });
    for (const path of ['/metrics', '/api/status']) {
      expect((await ask(origin, 'GET', path)).status).toBe(401);
      expect((await ask(origin, 'GET', path, bearer('wrong'))).status).toBe(401);
      expect((await ask(origin, 'GET', path, bearer('viewer-token'))).status).toBe(200);
      expect((await ask(origin, 'GET', path, bearer('op-token'))).status).toBe(200);
    }
  });

  it('needs a token on an address that others reach, also where only the operator has one', async () => {
    const bench = await open({ host: '0.0.0.0', operator: secretsOf('op-token').file });
    const origin = `http://127.0.0.1:${bench.port}`;
    expect((await ask(origin, 'GET', '/api/status')).status).toBe(401);
    expect((await ask(origin, 'GET', '/api/status', bearer('op-token'))).status).toBe(200);
  });

  it('is refused a start on an address that others reach without any token, whatever the webhook has', async () => {
    await expect(opsBench({ host: '0.0.0.0', webhook: secretsOf('hook').file })).rejects.toMatchObject({
      code: 'EK521',
      exit: 3,
    });
    await expect(opsBench({ host: '192.0.2.1' })).rejects.toMatchObject({ code: 'EK521' });
  });

  it('is refused under a host name that is not ours, so that no page can read us through a name of its own', async () => {
    const { origin } = await open({ hosts: ['ops.example.com'] });
    for (const host of ['evil.example', 'evil.example:8801', '127.0.0.1.evil.example', 'a b'])
      expect((await ask(origin, 'GET', '/metrics', { host })).status).not.toBe(200);
    for (const host of [
      'localhost',
      'LOCALHOST:1',
      '127.0.0.1',
      '[::1]:8801',
      'ops.example.com',
      '192.0.2.7',
    ])
      expect((await ask(origin, 'GET', '/metrics', { host })).status).toBe(200);
  });

  it('is refused to a page of another origin', async () => {
    const { origin } = await open();
    expect((await ask(origin, 'GET', '/api/status', { origin: 'http://evil.example' })).status).toBe(403);
    expect((await ask(origin, 'GET', '/api/status', { origin: 'null' })).status).toBe(403);
    expect((await ask(origin, 'GET', '/api/status', { origin })).status).toBe(200);
  });

  it('gives the status as its published schema says, with the passes and no text that holds a secret', async () => {
    const suspensions = () => [{ name: undefined, until: 7, by: 'ops', reason: 'canary' }];
    const { origin, passes } = await open({ status: () => STATUS, control: { suspensions } });
    passes.begin();
    passes.listen({
      type: 'pass:start',
      revision: 'r1',
      services: 1,
      complete: true,
      commit: 'c'.repeat(40),
    });
    passes.listen({
      type: 'pass:end',
      revision: 'r1',
      inSync: 1,
      moving: 0,
      blocked: 0,
      failing: 0,
      tookMs: 5.4,
    });
    passes.begin();
    const { body } = await ask(origin, 'GET', '/api/status');
    const schema = readFileSync(new URL('../../schemas/status.schema.json', import.meta.url), 'utf8');
    const validate = new Ajv({ allErrors: true }).compile(JSON.parse(schema) as object);
    validate(JSON.parse(body));
    expect(validate.errors).toBe(null);
    expect(body).not.toContain('canary');
    expect(JSON.parse(body)).toMatchObject({
      formatVersion: 1,
      revision: 'r1',
      problems: ['web.yaml: *** is not right'],
      suspensions: [{ until: 7, by: 'ops', reason: '***' }],
      services: [{ name: 'web', sync: 'blocked', note: 'the server said ***' }],
      daemon: {
        version: '1.2.3',
        ready: true,
        passes: [
          {
            id: '01234567-1',
            result: 'success',
            revision: 'r1',
            commit: 'c'.repeat(40),
            inSync: 1,
            tookMs: 5,
          },
          { id: '01234567-2', result: 'running' },
        ],
      },
    });
  });

  it('tells a person at the command line the same', () => {
    const schema = readFileSync(new URL('../../schemas/status.schema.json', import.meta.url), 'utf8');
    const validate = new Ajv({ allErrors: true }).compile(JSON.parse(schema) as object);
    validate(JSON.parse(renderStatusJson(STATUS)));
    expect(validate.errors).toBe(null);
  });

  it('gives a status before the fleet was seen', async () => {
    const { origin } = await open({ lastSuccess: () => undefined });
    expect(JSON.parse((await ask(origin, 'GET', '/api/status')).body)).toMatchObject({
      services: [],
      revision: null,
      daemon: { ready: false, lastSuccessAt: null, passes: [] },
    });
  });
});

describe('operating', () => {
  it('is open to the operator alone, and to nobody where no token is set', async () => {
    const without = await open();
    expect((await ask(without.origin, 'POST', '/api/sync', bearer('anything'))).status).toBe(403);
    const { origin, asked } = await open({
      operator: secretsOf('op-1', 'op-2').file,
      viewer: secretsOf('viewer-token').file,
    });
    for (const headers of [{}, bearer('op-3'), { authorization: 'Basic b3AtMTo=' }])
      expect((await ask(origin, 'POST', '/api/sync', headers)).status).toBe(401);
    for (const path of ['/api/sync', '/api/suspend', '/api/resume'])
      expect(await ask(origin, 'POST', path, bearer('viewer-token'))).toMatchObject({
        status: 403,
        body: expect.stringContaining("needs an operator's token"),
      });
    expect(asked.hints).toBe(0);
    expect((await ask(origin, 'POST', '/api/sync', bearer('op-1'))).status).toBe(202);
    expect((await ask(origin, 'POST', '/api/sync', bearer('op-2'))).status).toBe(202);
    expect(asked.hints).toBe(2);
  });

  it('answers a sync with the id of the next pass to begin', async () => {
    const { origin, passes } = await open({ operator: secretsOf('op').file });
    const sync = async () =>
      JSON.parse((await ask(origin, 'POST', '/api/sync', bearer('op'))).body) as object;
    expect(await sync()).toEqual({ pass: '01234567-1' });
    passes.begin();
    expect(await sync()).toEqual({ pass: '01234567-2' });
  });

  it('hands a suspension and its end on, and looks at once', async () => {
    const { origin, asked } = await open({ operator: secretsOf('op').file });
    const post = (path: string, body: object) =>
      ask(origin, 'POST', path, bearer('op'), JSON.stringify(body));
    const suspend = { names: ['web'], until: '2h', reason: 'migration' };
    expect((await post('/api/suspend', suspend)).status).toBe(202);
    expect((await post('/api/suspend', { until: '2h', reason: 'all of it' })).status).toBe(202);
    expect((await post('/api/resume', {})).status).toBe(202);
    expect(asked.suspended).toEqual([suspend, { names: [], until: '2h', reason: 'all of it' }]);
    expect(asked.resumed).toEqual([{ names: [] }]);
    expect(asked.hints).toBe(3);
  });

  it.each([
    ['no end', '{"reason":"x"}'],
    ['no reason', '{"until":"2h"}'],
    ['a reason that is no text', '{"until":"2h","reason":{}}'],
    ['no names in names', '{"until":"2h","reason":"x","names":[]}'],
    ['a name that is no text', '{"until":"2h","reason":"x","names":[null]}'],
    ['a typing mistake that would widen it', '{"until":"2h","reason":"x","name":"web"}'],
    ['a list', '[]'],
    ['null', 'null'],
    ['no JSON', '{"until":'],
    ['no UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
    ['depth', `${'['.repeat(8_000)}${']'.repeat(8_000)}`],
  ])('refuses a suspension with %s', async (_what, body) => {
    const { origin, asked } = await open({ operator: secretsOf('op').file });
    expect((await ask(origin, 'POST', '/api/suspend', bearer('op'), body)).status).toBe(400);
    expect(asked.suspended).toEqual([]);
  });

  it('answers too many wrong tokens with 429, and the right one still with yes', async () => {
    const { origin } = await open({ operator: secretsOf('op').file });
    const statuses: number[] = [];
    for (let guess = 0; guess < 12; guess++)
      statuses.push((await ask(origin, 'POST', '/api/sync', bearer(`guess-${guess}`))).status);
    expect(statuses.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 401));
    expect(statuses.at(-1)).toBe(429);
    expect((await ask(origin, 'POST', '/api/sync', bearer('op'))).status).toBe(202);
  });

  it('says nothing of its insides when something fails', async () => {
    const { origin, broken } = await open({
      operator: secretsOf('op').file,
      control: { resume: () => Promise.reject(new Error('secret insides at /home/x.ts:1')) },
    });
    const reply = await ask(origin, 'POST', '/api/resume', bearer('op'), '{}');
    expect(reply).toMatchObject({ status: 500, body: '{"error":"internal error"}' });
    expect(broken).toHaveLength(1);
    for (const path of ['/', '/api', '/api/sync', '/hooks/git', '/../etc/passwd', '/%00', '/%zz']) {
      const { status, body } = await ask(origin, 'GET', path);
      expect([400, 404]).toContain(status);
      expect(body).not.toMatch(/\bat .*:\d+|node_modules|\.ts/);
    }
  });
});

describe('the webhook', () => {
  it('is not there without a secret', async () => {
    const { origin } = await open();
    const headers = { 'x-hub-signature-256': `sha256=${sign('', PUSH)}` };
    expect(await ask(origin, 'POST', '/hooks/git', headers, PUSH)).toMatchObject({
      status: 404,
      body: expect.stringContaining('--webhook-secret-file'),
    });
  });

  it.each([
    ['GitHub', (secret: string, body: string) => ({ 'x-hub-signature-256': `sha256=${sign(secret, body)}` })],
    ['Gitea', (secret: string, body: string) => ({ 'x-gitea-signature': sign(secret, body) })],
    ['Forgejo', (secret: string, body: string) => ({ 'x-forgejo-signature': sign(secret, body) })],
    ['GitLab', (secret: string) => ({ 'x-gitlab-token': secret })],
  ])('takes what %s sends: each active secret, and no other', async (_forge, headers) => {
    const { origin, asked } = await open({ webhook: secretsOf('hook-old', 'hook-new').file });
    const post = (secret: string, body = PUSH) =>
      ask(origin, 'POST', '/hooks/git', headers(secret, body), body);
    expect(await post('hook-old')).toMatchObject({ status: 202, body: '{"pass":"01234567-1"}' });
    expect((await post('hook-new')).status).toBe(202);
    expect(asked.hints).toBe(2);
    for (const secret of ['hook', 'hook-newer', 'HOOK-NEW', 'hook-nea', 'x'.repeat(5_000)])
      expect((await post(secret)).status).toBe(401);
    expect(asked.hints).toBe(2);
  });

  it('signs the bytes as they came: a body that differs in one byte, or in spelling only, is another', async () => {
    const { origin, asked } = await open({ webhook: secretsOf('hook').file });
    const headers = { 'x-hub-signature-256': `sha256=${sign('hook', PUSH)}` };
    expect((await ask(origin, 'POST', '/hooks/git', headers, `${PUSH} `)).status).toBe(401);
    expect((await ask(origin, 'POST', '/hooks/git', headers, '')).status).toBe(401);
    expect(asked.hints).toBe(0);
  });

  it('takes no SHA-1, no empty, cut, or wordy signature', async () => {
    const { origin, asked } = await open({ webhook: secretsOf('hook').file });
    const right = sign('hook', PUSH);
    const sha1 = createHmac('sha1', 'hook').update(PUSH).digest('hex');
    for (const headers of [
      {},
      { 'x-hub-signature': `sha1=${sha1}` },
      { 'x-hub-signature-256': '' },
      { 'x-hub-signature-256': right },
      { 'x-hub-signature-256': `sha256=${right.slice(1)}` },
      { 'x-hub-signature-256': `sha256=${right}00` },
      { 'x-gitea-signature': `sha256=${right}` },
      { 'x-gitea-signature': 'é'.repeat(32) },
      { 'x-gitlab-token': '' },
    ])
      expect([401, 429]).toContain((await ask(origin, 'POST', '/hooks/git', headers, PUSH)).status);
    expect(asked.hints).toBe(0);
  });

  it('does not look at what the payload says, whatever it is', async () => {
    const { origin, asked, broken } = await open({ webhook: secretsOf('hook').file });
    const bodies = ['', 'null', '[]', '{"ref":5}', '{"__proto__":{"x":1}}', '\u0000', '{'.repeat(50_000)];
    for (const body of bodies) {
      const headers = { 'x-gitlab-token': 'hook', 'content-type': 'application/x-www-form-urlencoded' };
      expect((await ask(origin, 'POST', '/hooks/git', headers, body)).status).toBe(202);
    }
    expect(broken).toEqual([]);
    expect(asked.hints).toBeGreaterThan(0);
  });

  it('is reached under any host name: the signature is the proof', async () => {
    const { origin } = await open({ webhook: secretsOf('hook').file });
    const headers = { 'x-gitlab-token': 'hook', host: 'evenkeel.example.com' };
    expect((await ask(origin, 'POST', '/hooks/git', headers, PUSH)).status).toBe(202);
  });

  it('refuses a body that says it is too large before it is sent, and one that becomes it', async () => {
    const { origin, port } = await open({ webhook: secretsOf('hook').file });
    const head = 'POST /hooks/git HTTP/1.1\r\nhost: localhost\r\nx-gitlab-token: hook\r\n';
    expect(await raw(port, `${head}content-length: 1048577\r\n\r\n`)).toMatch(/^HTTP\/1\.1 413 /);
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    expect(await raw(port, `${head}transfer-encoding: chunked\r\n\r\n${chunk.repeat(17)}`)).toMatch(
      /^HTTP\/1\.1 413 /,
    );
    expect(
      (await ask(origin, 'POST', '/hooks/git', { 'x-gitlab-token': 'hook' }, 'x'.repeat(1_048_576))).status,
    ).toBe(202);
  });

  it('answers a body without any signature before it has come', async () => {
    const { port } = await open({ webhook: secretsOf('hook').file });
    const head = 'POST /hooks/git HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000000\r\n\r\n';
    expect(await raw(port, head)).toMatch(/^HTTP\/1\.1 401 /);
  });

  it('turns a storm into few looks, and its last poke into one', async () => {
    const clock = virtualClock();
    const { origin, asked } = await open({ clock, webhook: secretsOf('hook').file });
    for (let poke = 0; poke < 50; poke++)
      expect((await ask(origin, 'POST', '/hooks/git', { 'x-gitlab-token': 'hook' }, PUSH)).status).toBe(202);
    expect(asked.hints).toBe(5);
    await clock.advance(5_000);
    expect(asked.hints).toBe(6);
    await clock.advance(60_000);
    expect(asked.hints).toBe(6);
  });
});

describe('a file of secrets', () => {
  it('is read again at each use, and its last good content holds while it cannot be', async () => {
    const { file, write, lost, known } = secretsOf('one', '', ' two ');
    expect(file.values()).toEqual(['one', 'two']);
    write('three\n');
    expect(file.values()).toEqual(['three']);
    write('');
    expect(file.values()).toEqual(['three']);
    write('four\n', 0o644);
    expect(file.values()).toEqual(['three']);
    expect(lost).toHaveLength(1);
    expect(lost.join()).not.toContain('four');
    write('five\n');
    expect(file.values()).toEqual(['five']);
    expect(known).not.toContain('four');
    expect(new Set(known)).toEqual(new Set(['one', 'two', 'three', 'five']));
  });

  it('is refused at the start when others can read it, it is not there, or holds nothing', async () => {
    const { write, path } = secretsOf('one');
    const { secretFile } = await import('../../src/ops/secret-file.ts');
    const opened = (at: string) => () =>
      secretFile(at, { setting: '--ops-token-file', known: () => {}, lost: () => {} });
    write('one\n', 0o640);
    expect(opened(path)).toThrow(expect.objectContaining({ code: 'EK504' }));
    write('\n \n');
    expect(opened(path)).toThrow(expect.objectContaining({ code: 'EK520' }));
    expect(opened(`${path}-not-there`)).toThrow(expect.objectContaining({ code: 'EK520' }));
  });
});

/** What comes back for these bytes, until the other side closes. */
function raw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.setEncoding('utf8').on('data', (more: string) => {
      text += more;
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(text));
  });
}

const STATUS: FleetStatus = {
  formatVersion: 1,
  at: 1_767_225_600_000,
  revision: 'r1',
  problems: ['web.yaml: canary is not right'],
  services: [
    {
      name: 'web',
      uuid: '11111111-2222-4333-8444-555555555555',
      want: 'running',
      state: 'Running',
      image: 'nginx:1',
      containers: { target: 2, running: 1 },
      deployedAt: null,
      sync: 'blocked',
      block: { code: 'refused', verb: 'update', message: 'canary is bad', place: undefined },
      waitsFor: undefined,
      next: ['update'],
      differences: [{ field: 'image', live: 'nginx:1', wanted: 'nginx:2' }],
      notes: [],
      allows: ['stop'],
      note: 'the server said canary',
      since: 1_767_225_500_000,
      deadline: undefined,
      nextLook: undefined,
      decisions: [{ at: 1_767_225_500_000, decision: 'act update', state: 'Running' }],
    },
  ],
};
