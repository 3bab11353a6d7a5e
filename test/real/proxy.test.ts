import { createServer } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createTransport, type Transport } from '../../src/api/transport.ts';
import type { Play } from '../support/passage.ts';
import { TcpProxy } from '../support/proxy.ts';

const BODY = JSON.stringify({ objects: Array.from({ length: 40 }, (_, index) => `row ${index}`) });

let arrived: string[];
let server: ReturnType<typeof createServer>;
let proxy: TcpProxy;
let client: Transport;
/** What the next requests suffer, in order; afterwards nothing. */
let script: Play[];

beforeEach(async () => {
  arrived = [];
  script = [];
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (more: Buffer) => {
      body += more.toString();
    });
    request.on('end', () => {
      arrived.push(`${request.method} ${request.url} ${body}`);
      response.setHeader('content-type', 'application/json');
      if (request.url === '/chunked') for (const part of BODY.match(/.{1,50}/g) ?? []) response.write(part);
      response.end(request.url === '/chunked' ? '' : BODY);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  proxy = await TcpProxy.open({
    target: { host: '127.0.0.1', port },
    play: () => script.shift() ?? { do: 'pass' },
  });
  client = createTransport(proxy.url);
});

afterEach(async () => {
  client.close();
  await proxy.close();
  await new Promise((resolve) => server.close(resolve));
});

const ask = (method: 'GET' | 'POST' | 'PATCH', path = '/list', body?: string) =>
  client.exchange({
    method,
    path,
    headers: {},
    body,
    signal: AbortSignal.timeout(method === 'PATCH' ? 200 : 5_000),
    maxBytes: 1e6,
  });

it('hands on requests and answers byte for byte, one after the other on one connection', async () => {
  for (const path of ['/list', '/chunked', '/list'])
    expect(await ask('GET', path)).toMatchObject({ kind: 'response', status: 200, body: BODY });
  expect(await ask('POST', '/make', '{"a": 1}')).toMatchObject({ kind: 'response', body: BODY });
  expect(arrived).toEqual(['GET /list ', 'GET /chunked ', 'GET /list ', 'POST /make {"a": 1}']);
  expect(proxy.log.map(({ number, played, delivered }) => [number, played, delivered?.status])).toEqual(
    [1, 2, 3, 4].map((number) => [number, 'pass', 200]),
  );
});

const LOST = { kind: 'error', sent: true };

it.each<[Play, object, number]>([
  [{ do: 'reset-before' }, LOST, 0],
  [{ do: 'reset-after' }, LOST, 1],
  [{ do: 'close-before' }, LOST, 0],
  [{ do: 'hang-before' }, LOST, 0],
  [{ do: 'hang-after' }, LOST, 1],
  [{ do: 'truncate', share: 0.7 }, LOST, 1],
  [{ do: 'truncate', share: 0.7, reset: true }, LOST, 1],
  [{ do: 'answer', answer: { status: 503, headers: { 'retry-after': '1' }, body: '' } }, { status: 503 }, 0],
  [{ do: 'change', change: (answer) => ({ ...answer, body: '[]' }) }, { status: 200, body: '[]' }, 1],
  [{ do: 'slow', chunk: 100, everyMs: 1 }, { status: 200, body: BODY }, 1],
  [{ do: 'pass', up: 5, down: 5 }, { status: 200, body: BODY }, 1],
])('%o', async (play, outcome, times) => {
  script = [play];
  expect(await ask('PATCH', '/one', '{}')).toMatchObject(outcome);
  await proxy.settled();
  expect(arrived).toHaveLength(times);
  // The connection that suffered is not the end of the proxy.
  expect(await ask('GET')).toMatchObject({ status: 200, body: BODY });
});

it('hands on late what its sender has long given up', async () => {
  script = [{ do: 'late', ms: 30 }];
  expect(await ask('POST', '/make', '{}')).toMatchObject(LOST);
  await proxy.settled();
  expect(arrived).toEqual(['POST /make {}']);
});

it('is not there for a while, so that no byte leaves, and then is again', async () => {
  script = [{ do: 'refuse', ms: 150 }];
  expect(await ask('GET')).toMatchObject({ kind: 'error' });
  expect(await ask('POST')).toMatchObject({ kind: 'error', sent: false });
  await expect.poll(() => ask('GET')).toMatchObject({ status: 200 });
  expect(arrived).toEqual(['GET /list ']);
});

it('takes a request that comes in pieces, and does not mind a client that goes away in the middle', async () => {
  const socket = connect(proxy.port, '127.0.0.1');
  for (const piece of ['POST /make HT', 'TP/1.1\r\nhost: a\r\ncontent-le', 'ngth: 4\r\n\r', '\nab', 'cd']) {
    socket.write(piece);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await new Promise((resolve) => socket.once('data', resolve));
  expect(arrived).toEqual(['POST /make abcd']);
  socket.destroy();
  const rude = connect(proxy.port, '127.0.0.1');
  rude.write('POST /make HTTP/1.1\r\ncontent-length: 10\r\n\r\nab');
  await new Promise((resolve) => rude.once('connect', resolve));
  rude.destroy();
  expect(await ask('GET')).toMatchObject({ status: 200 });
});
