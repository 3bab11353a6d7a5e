import { type ChildProcess, spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTransport, type Transport } from '../../src/api/transport.ts';
import type { Message, Notice } from '../../src/ops/message.ts';
import { Outbox, type Target } from '../../src/ops/outbox.ts';
import { commitStatusTarget, slackTarget, webhookTarget } from '../../src/ops/targets.ts';
import type { Clock } from '../../src/service/ports.ts';
import { seededRandom, virtualClock } from '../support/clock.ts';
import { secretsOf } from '../support/ops.ts';
import { type Received, type Receiver, receiver } from '../support/receiver.ts';

let posted = 0;
const NOTHING: Received = { headers: {}, body: '', path: '' };

let dir: string;
let far: Receiver;
const transports: Transport[] = [];
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'evenkeel-outbox-'));
  far = await receiver();
});
afterEach(async () => {
  for (const transport of transports.splice(0)) transport.close();
  await far.close();
  rmSync(dir, { recursive: true, force: true });
});

const notice = (title: string, more: Partial<Notice> = {}): Message & Notice => ({
  id: `id-of-${title.replaceAll(' ', '-')}`,
  kind: 'alert',
  title,
  text: '',
  causes: [title],
  services: [],
  ...more,
});
const connect = (origin: string) => {
  const transport = createTransport(origin);
  transports.push(transport);
  return transport;
};
const parts = (name: string, clock: Clock) => ({ name, clock, connect, userAgent: 'evenkeel/1.2.3' });
const hook = (clock: Clock, name = 'hook', origin = far.origin) =>
  webhookTarget(
    parts(name, clock),
    () => `${origin}/hook?a=1`,
    secretsOf('key-1', 'key-2').file,
    ['alert', 'recovery'],
    {
      owner: 'default',
    },
  );

interface Opened {
  readonly outbox: Outbox;
  readonly told: string[];
  readonly logged: string[];
  end(): Promise<void>;
}

async function open(clock: Clock, targets: readonly Target[]): Promise<Opened> {
  const told: string[] = [];
  const logged: string[] = [];
  const outbox = await Outbox.open({
    dir,
    clock,
    random: seededRandom(7),
    targets,
    told: (type, result) => told.push(`${type} ${result}`),
    log: (_level, message, facts) => logged.push(`${message} ${JSON.stringify(facts)}`),
  });
  const over = new AbortController();
  const running = outbox.run(over.signal);
  return {
    outbox,
    told,
    logged,
    async end() {
      over.abort();
      await running;
    },
  };
}

/** Advances the clock bit by bit until `done`, letting real sockets work in between. */
async function until(clock: ReturnType<typeof virtualClock>, done: () => boolean): Promise<void> {
  for (let step = 0; step < 3_000 && !done(); step++) {
    await clock.advance(1_000);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  expect(done()).toBe(true);
}

const titles = (all: readonly { readonly body: string }[]) =>
  all.map(({ body }) => (JSON.parse(body) as Notice).title);

describe('a signed webhook', () => {
  it('is signed as Standard Webhooks has it, with each active secret, over exactly what is sent', async () => {
    const clock = virtualClock();
    const { outbox, end } = await open(clock, [hook(clock)]);
    await outbox.post(notice('a', { text: 'ä\nb' }));
    await far.took(1);
    const { headers, body, path } = far.taken[0] ?? NOTHING;
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
    const expected = ['key-1', 'key-2'].map(
      (key) => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`,
    );
    expect(headers['webhook-signature']).toBe(expected.join(' '));
    expect(Number(headers['webhook-timestamp'])).toBe(Math.floor(clock.wall() / 1_000));
    expect(path).toBe('/hook?a=1');
    expect(JSON.parse(body)).toMatchObject({
      id: headers['webhook-id'],
      kind: 'alert',
      title: 'a',
      from: { owner: 'default' },
    });
    await end();
  });

  it('takes a secret of the form whsec_ as base64', async () => {
    const clock = virtualClock();
    const key = Buffer.from('some bytes');
    const target = webhookTarget(
      parts('hook', clock),
      () => far.origin,
      secretsOf(`whsec_${key.toString('base64')}`).file,
      ['alert'],
      {},
    );
    const { outbox, end } = await open(clock, [target]);
    await outbox.post(notice('a'));
    await far.took(1);
    const { headers, body } = far.taken[0] ?? NOTHING;
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
    expect(headers['webhook-signature']).toBe(
      `v1,${createHmac('sha256', key).update(signed).digest('base64')}`,
    );
    await end();
  });
});

describe('other targets', () => {
  it('Slack gets one text in which nothing is markup of ours that is not meant', async () => {
    const clock = virtualClock();
    const target = slackTarget(parts('chat', clock), () => `${far.origin}/services/T/B/x`, [
      'alert',
      'recovery',
    ]);
    const { outbox, end } = await open(clock, [target]);
    await outbox.post(notice('web is <!channel> & blocked', { text: 'why' }));
    await far.took(1);
    expect(JSON.parse(far.taken[0]?.body ?? '')).toEqual({
      text: '*ALERT web is &lt;!channel&gt; &amp; blocked*\nwhy',
    });
    await end();
  });

  it('a forge gets the status of a commit, and of several that wait the newest only', async () => {
    const clock = virtualClock();
    const target = commitStatusTarget(
      parts('commits', clock),
      { api: `${far.origin}/api/v1/`, repository: 'team/fleet', context: 'evenkeel/prod', link: undefined },
      secretsOf('forge-token').file,
    );
    const { outbox, end } = await open(clock, [target]);
    const sha = 'd'.repeat(40);
    far.answer(201);
    const state = (now: 'pending' | 'success' | 'failure') =>
      outbox.post({ id: `id-of-${now}-${++posted}`, kind: 'commit', sha, state: now, description: now });
    await state('pending');
    await far.took(1);
    expect(far.taken[0]).toMatchObject({
      path: `/api/v1/repos/team/fleet/statuses/${sha}`,
      headers: { authorization: 'token forge-token' },
    });
    expect(JSON.parse(far.taken[0]?.body ?? '')).toEqual({
      state: 'pending',
      description: 'pending',
      context: 'evenkeel/prod',
    });
    far.answer('never');
    await state('failure');
    await expect.poll(() => far.received.length).toBe(2);
    await state('pending');
    await state('success');
    expect(outbox.waiting()).toBe(2);
    far.answer(201);
    await end();
    const next = await open(clock, [target]);
    await far.took(3);
    expect(far.taken.map(({ body }) => (JSON.parse(body) as { state: string }).state)).toEqual([
      'pending',
      'failure',
      'success',
    ]);
    await next.end();
  });

  it('each get what they asked for', async () => {
    const clock = virtualClock();
    const target = slackTarget(parts('chat', clock), () => far.origin, ['recovery']);
    const { outbox, end } = await open(clock, [target]);
    await outbox.post(notice('a'));
    await outbox.post({ id: 'c', kind: 'commit', sha: 'e'.repeat(40), state: 'success', description: 'x' });
    expect(outbox.waiting()).toBe(0);
    await outbox.post(notice('b', { kind: 'recovery' }));
    await far.took(1);
    await end();
  });
});

describe('the outbox', () => {
  it('delivers in order to a receiver that fails in every way before it takes anything', async () => {
    const clock = virtualClock();
    const { outbox, told, end } = await open(clock, [hook(clock)]);
    far.answer(500, 'reset', 503, 302, 404, 429, 'never', 204);
    for (const title of ['a', 'b', 'c']) await outbox.post(notice(title));
    await until(clock, () => far.taken.length === 3);
    expect(titles(far.taken)).toEqual(['a', 'b', 'c']);
    const ids = new Set(far.received.slice(0, 8).map(({ body }) => (JSON.parse(body) as { id: string }).id));
    expect(ids.size).toBe(1);
    expect(told.filter((one) => one === 'webhook failed')).toHaveLength(7);
    await until(clock, () => readdirSync(dir).length === 0);
    await end();
  });

  it('waits longer and longer, and never hammers: a day of a dead receiver is few attempts', async () => {
    const clock = virtualClock();
    const dead = {
      exchange: async () => ({ kind: 'error', sent: false, message: 'connection refused' }) as const,
    };
    const target = slackTarget({ ...parts('chat', clock), connect: () => dead }, () => far.origin, ['alert']);
    const { outbox, told, logged, end } = await open(clock, [target]);
    await outbox.post(notice('a'));
    await clock.advance(24 * 3_600_000);
    const attempts = told.length;
    expect(attempts).toBeGreaterThan(100);
    expect(attempts).toBeLessThan(700);
    expect(logged).toHaveLength(1);
    expect(outbox.waiting()).toBe(1);
    await end();
  });

  it('takes a message that waits already for what it is, and one that has left for a repetition under its id', async () => {
    const clock = virtualClock();
    const down = await open(clock, [hook(clock, 'hook', 'http://127.0.0.1:1')]);
    await down.outbox.post(notice('a'));
    await down.outbox.post(notice('a'));
    expect(down.outbox.waiting()).toBe(1);
    await down.end();
    const up = await open(clock, [hook(clock)]);
    await far.took(1);
    await expect.poll(() => up.outbox.waiting()).toBe(0);
    await up.outbox.post(notice('a'));
    await far.took(2);
    expect(new Set(far.taken.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    await up.end();
  });

  it('lets a target that is down hold up no other', async () => {
    const clock = virtualClock();
    const { outbox, end } = await open(clock, [
      hook(clock, 'dead', 'http://127.0.0.1:1'),
      hook(clock, 'well'),
    ]);
    await outbox.post(notice('a'));
    await far.took(1);
    await expect.poll(() => outbox.waiting()).toBe(1);
    await end();
  });

  it('gives a letter up that its target will never take, and says so', async () => {
    const clock = virtualClock();
    const { outbox, told, logged, end } = await open(clock, [hook(clock)]);
    far.answer(422, 422, 422, 422, 422, 204);
    await outbox.post(notice('poison'));
    await outbox.post(notice('fine'));
    await until(clock, () => far.taken.length === 1);
    expect(titles(far.taken)).toEqual(['fine']);
    expect(told).toContain('webhook dropped');
    expect(logged.join('\n')).toContain('given up');
    await end();
  });

  it('keeps what waits over a restart, readable by its owner only, and passes over what is not whole', async () => {
    const clock = virtualClock();
    const down = await open(clock, [hook(clock, 'hook', 'http://127.0.0.1:1')]);
    await down.outbox.post(notice('a'));
    await down.outbox.post(notice('b'));
    await down.end();
    for (const name of readdirSync(dir)) expect(statSync(join(dir, name)).mode & 0o777).toBe(0o600);
    writeFileSync(join(dir, '000000000000000-000001-half.json'), '{"id":"x","mess');
    writeFileSync(join(dir, '999.json.new'), 'draft');
    const up = await open(clock, [hook(clock)]);
    await far.took(2);
    expect(titles(far.taken)).toEqual(['a', 'b']);
    await expect.poll(() => readdirSync(dir)).toEqual([]);
    await up.end();
  });

  it('is bounded: of one topic the newest stand for the older ones, other topics stay', async () => {
    const clock = virtualClock();
    const { outbox, told, end } = await open(clock, [hook(clock, 'hook', 'http://127.0.0.1:1')]);
    await outbox.post(notice('first'));
    await outbox.post(notice('other'));
    for (let n = 0; n < 300; n++) await outbox.post(notice(`flap ${n}`, { causes: ['flapping'] }));
    expect(outbox.waiting()).toBe(200);
    const letters = readdirSync(dir)
      .sort()
      .map(
        (name) => JSON.parse(readFileSync(join(dir, name), 'utf8')) as { collapsed: number; message: Notice },
      );
    expect(letters).toHaveLength(200);
    expect(letters.slice(0, 2).map(({ message }) => message.title)).toEqual(['first', 'other']);
    expect(letters.at(-1)?.message.title).toBe('flap 299');
    expect(letters.reduce((sum, { collapsed }) => sum + collapsed, letters.length)).toBe(302);
    expect(told.filter((one) => one === 'webhook dropped')).toHaveLength(102);
    await end();
  });

  it('delivers also what the disk did not take', async () => {
    const clock = virtualClock();
    const { outbox, logged, end } = await open(clock, [hook(clock)]);
    rmSync(dir, { recursive: true });
    await outbox.post(notice('a'));
    await outbox.post(notice('b'));
    await far.took(2);
    expect(logged).toHaveLength(1);
    await end();
  });

  it('loses nothing that was posted when the process is killed at any moment', async () => {
    const acknowledged = new Set<string>();
    for (let life = 0; life < 3; life++) {
      far.answer(...(life % 2 === 0 ? (['reset', 500, 204, 'never', 204] as const) : [204]));
      const child = start(life);
      await new Promise<void>((resolve) => {
        let text = '';
        child.stdout?.setEncoding('utf8').on('data', (more: string) => {
          text += more;
          for (const line of text.split('\n').slice(0, -1)) acknowledged.add(line);
          if (text.split('\n').length > 8 + life) child.kill('SIGKILL');
        });
        child.on('close', () => resolve());
      });
    }
    expect(acknowledged.size).toBeGreaterThan(20);
    far.answer(204);
    const clock = virtualClock();
    const { outbox, end } = await open(clock, [hook(clock)]);
    await until(clock, () => outbox.waiting() === 0);
    const arrived = new Set(titles(far.taken));
    expect([...acknowledged].filter((title) => !arrived.has(title))).toEqual([]);
    await end();
  });
});

/** A process that posts to this receiver for ever and says the title of each letter once it is posted. */
function start(life: number): ChildProcess {
  const file = fileURLToPath(new URL('./outbox-child.ts', import.meta.url));
  return spawn(
    process.execPath,
    ['--import', 'tsx', file, dir, far.origin, secretsOf('key-1').path, String(life)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
}
