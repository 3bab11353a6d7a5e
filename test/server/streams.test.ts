import { connect } from 'node:net';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cursorAfter } from '../../src/server/stream/cursor.ts';
import type { LogLine } from '../../src/service/engine.ts';
import {
  AUTHORIZATION,
  call,
  createOne,
  KEY,
  servicePath,
  startServer,
  type TestServer,
} from '../support/server.ts';
import { listen, listening } from '../support/stream.ts';

let server: TestServer;
beforeEach(async () => {
  server = await startServer();
});
afterEach(() => server.close());

const QUERY = `user=alice&token=${KEY}`;
const base64 = (text: string) => Buffer.from(text).toString('base64');

/** A service that runs `count` containers, each of which has said one line. */
async function running(count = 2): Promise<string> {
  const { uuid } = await createOne(server.url, { name: 'web', target_num_containers: count });
  await act(uuid, 'start');
  return uuid;
}

async function act(uuid: string, action: string): Promise<void> {
  expect((await call(server.url, 'POST', servicePath(uuid, `${action}/`))).status).toBe(202);
  await server.idle();
}

describe('a log stream', () => {
  it.each([
    [
      'the first Python client',
      (uuid: string) => `/v1/service/${uuid}/logs/?${QUERY}&tail=10&follow=false`,
      {},
    ],
    [
      'the Python client inside a container of the role',
      (uuid: string) =>
        `/v1/service/${uuid}/logs/?auth=${encodeURIComponent(AUTHORIZATION).replaceAll('%20', '+')}&follow=false`,
      {},
    ],
    [
      'the later Python client',
      (uuid: string) => `/v1/service/${uuid}/logs/?follow=false&tail=10`,
      { Authorization: `Basic ${base64(`alice:${KEY}`)}`, 'User-Agent': 'python-dockercloud/1.0.9' },
    ],
    [
      'a client that leaves the slash out, at the address of the API',
      (uuid: string) => `/api/v1/service/${uuid}/logs?follow=False`,
      { Authorization: AUTHORIZATION, Origin: 'http://localhost' },
    ],
  ])('answers %s, in the messages of the platform', async (_name, path, headers) => {
    const stream = await listening(server.url, path(await running()), headers);
    expect(await stream.closed).toBe(1000);
    expect(stream.messages).toEqual(
      ['web-1', 'web-2'].map((source) => ({
        type: 'log',
        source,
        log: 'started nginx (simulated)\n',
        streamType: 'stdout',
        timestamp: expect.any(Number),
      })),
    );
    const [{ timestamp = 0 } = {}] = stream.messages;
    expect(Math.abs(Number(timestamp) - Date.now() / 1_000)).toBeLessThan(600);
  });

  it('goes on with what is added, through a redeploy and a scaling, until the service is terminated', async () => {
    const uuid = await running(1);
    const stream = await listening(server.url, `/v1/service/${uuid}/logs/?${QUERY}`);
    await stream.heard(1);
    await act(uuid, 'redeploy');
    await stream.heard(2);
    await call(server.url, 'PATCH', servicePath(uuid), { body: { target_num_containers: 2 } });
    const heard = await stream.heard(3);
    expect(heard.map((one) => one['source'])).toEqual(['web-1', 'web-1', 'web-2']);
    await call(server.url, 'DELETE', servicePath(uuid));
    expect(await stream.closed).toBe(1000);
  });

  it('begins with the last lines that are asked for, and says none twice', async () => {
    const uuid = await running(3);
    const none = await listening(server.url, `/v1/service/${uuid}/logs/?${QUERY}&tail=0`);
    const one = await listening(server.url, `/v1/service/${uuid}/logs/?${QUERY}&tail=1`);
    await act(uuid, 'stop');
    await one.heard(4);
    await none.heard(3);
    expect(one.messages.map(({ log }) => log)).toEqual([
      'started nginx (simulated)\n',
      ...Array(3).fill('stopped\n'),
    ]);
    expect(none.messages.map(({ log }) => log)).toEqual(Array(3).fill('stopped\n'));
    one.close();
    none.close();
  });

  it('of one container is its lines alone, over REST too', async () => {
    const uuid = await running(3);
    const list = await call(server.url, 'GET', '/api/v1/container/?name=web-2');
    const [container] = list.json['objects'] as { uuid: string }[];
    const stream = await listening(server.url, `/v1/container/${container?.uuid}/logs/?${QUERY}`);
    await act(uuid, 'stop');
    await stream.heard(2);
    expect(stream.messages.map(({ source, log }) => [source, log])).toEqual([
      ['web-2', 'started nginx (simulated)\n'],
      ['web-2', 'stopped\n'],
    ]);
    stream.close();
    const { json } = await call(server.url, 'GET', `/api/v1/container/${container?.uuid}/logs/?tail=1`);
    expect(json['logs']).toMatch(/^\[web-2\] \S+ stopped\n$/);
  });

  it('ends with the server, and with a client that talks too much', async () => {
    const uuid = await running();
    const one = await listening(server.url, `/v1/service/${uuid}/logs/?${QUERY}`);
    one.socket.send('hello');
    one.socket.send('x'.repeat(10_000));
    expect(await one.closed).toBe(1009);
    const other = await listening(server.url, `/v1/service/${uuid}/logs/?${QUERY}`);
    await server.close();
    expect(await other.closed).toBe(1001);
  });

  it('is one of a limited number per user, and a closed one makes room', async () => {
    const uuid = await running();
    const path = `/v1/service/${uuid}/logs/?${QUERY}`;
    const all = await Promise.all(Array.from({ length: 20 }, () => listening(server.url, path)));
    expect(await listen(server.url, path)).toMatchObject({
      status: 429,
      json: { error: expect.any(String) },
    });
    all[0]?.close();
    await all[0]?.closed;
    let again = await listen(server.url, path);
    for (let tries = 0; 'status' in again && tries < 100; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      again = await listen(server.url, path);
    }
    expect(again).not.toHaveProperty('status');
    // Finished ones hold no place.
    for (const one of all) one.close();
  });

  it('is refused as any request is', async () => {
    const uuid = await running();
    const logs = `/v1/service/${uuid}/logs/`;
    const nobody = `/v1/service/00000000-0000-4000-8000-000000000000/logs/?${QUERY}`;
    for (const [path, status] of [
      [logs, 401],
      [`${logs}?user=alice&token=wrong`, 401],
      [`${logs}?auth=ApiKey`, 401],
      [`${logs}?user=bob&token=bob-key-0123456789`, 404],
      [nobody, 404],
      [`${logs}?${QUERY}&tail=many`, 400],
      [`${logs}?${QUERY}&follow=maybe`, 400],
    ] as const) {
      expect([path, await listen(server.url, path)]).toEqual([
        path,
        { status, json: { error: expect.any(String) } },
      ]);
    }
    for (let tries = 0; tries < 10; tries += 1) await listen(server.url, `${logs}?user=alice&token=wrong`);
    expect(await listen(server.url, `${logs}?user=alice&token=wrong`)).toMatchObject({ status: 429 });
  });

  it('is the only request whose address may hold the key, and needs its handshake', async () => {
    const uuid = await running();
    const bare = { authorization: null };
    expect((await call(server.url, 'GET', `${servicePath(uuid)}?${QUERY}`, bare)).status).toBe(401);
    expect((await call(server.url, 'GET', `/v1/service/${uuid}/logs/?${QUERY}`, bare)).status).toBe(401);
    const plain = await call(server.url, 'GET', `/v1/service/${uuid}/logs/`);
    expect([plain.status, plain.headers.get('upgrade')]).toEqual([426, 'websocket']);
    expect(server.requests().map(({ path }) => path.split('?')[0])).not.toContain(KEY);
  });

  it('that is no proper handshake ends without a stream, and holds no place', async () => {
    const uuid = await running();
    for (let count = 0; count < 25; count += 1) {
      const answer = await raw(
        `GET /v1/service/${uuid}/logs/?${QUERY} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n` +
          'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n',
      );
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    }
    (await listening(server.url, `/v1/service/${uuid}/logs/?${QUERY}`)).close();
  });
});

describe('a request that offers another protocol', () => {
  const offer = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAA\r\n';

  it('is answered in the one it came in, with a body or without', async () => {
    const auth = `Host: x\r\nAuthorization: ${AUTHORIZATION}\r\n`;
    const list = await raw(`GET /api/v1/service/ HTTP/1.1\r\n${auth}${offer}\r\n`);
    expect(list).toMatch(/^HTTP\/1\.1 200 .*"total_count":0/s);
    const body = '{"image":"nginx","name":"java"}';
    const made = await raw(
      `POST /api/v1/service/ HTTP/1.1\r\n${auth}${offer}Content-Length: ${body.length}\r\n\r\n${body}`,
    );
    expect(made).toMatch(/^HTTP\/1\.1 201 .*"name":"java"/s);
    const websocket = await raw(
      `GET /api/v1/service/ HTTP/1.1\r\n${auth}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    );
    expect(websocket).toMatch(/^HTTP\/1\.1 200 .*"total_count":1/s);
  });
});

/** What the server says until it has been quiet for a moment, or hangs up. */
function raw(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(server.port, '127.0.0.1', () => socket.write(bytes));
    let text = '';
    socket.on('data', (chunk) => {
      text += String(chunk);
      const [head = '', rest] = text.split('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN);
      if (rest !== undefined && Buffer.byteLength(rest) >= length) socket.end();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
  });
}

describe('a cursor over readings of the last lines', () => {
  it('finds every line exactly once, whatever the readings are cut to', () => {
    const log = fc.array(fc.tuple(fc.constantFrom('a-1', 'a-2', 'a-3'), fc.nat({ max: 3 })), {
      maxLength: 60,
    });
    const cuts = fc.array(fc.nat({ max: 12 }), { maxLength: 20 });
    fc.assert(
      fc.property(log, cuts, fc.nat({ max: 5 }), (entries, steps, begin) => {
        let time = 0;
        const all = entries.map(([container, gap], index): LogLine => {
          time += gap;
          return {
            container,
            text: String(index),
            timestamp: String(time).padStart(9, '0'),
            stream: 'stdout',
          };
        });
        let end = Math.min(begin, all.length);
        const cursor = cursorAfter(all.slice(Math.max(0, end - 20), end), 20);
        const found: LogLine[] = [];
        for (const step of steps) {
          end = Math.min(all.length, end + step);
          let most = 4;
          const reading = () => all.slice(Math.max(0, end - most), end);
          while (cursor.mayHaveMissed(reading(), most)) most *= 2;
          found.push(...cursor.fresh(reading()));
        }
        expect(found.map(({ text }) => text)).toEqual(
          all.slice(Math.min(begin, all.length), end).map(({ text }) => text),
        );
      }),
    );
  });
});
