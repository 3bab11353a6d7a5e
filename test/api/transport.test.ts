import { createServer } from 'node:net';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { parseOrigin, refuseInsecureTls } from '../../src/api/origin.ts';
import { createTransport } from '../../src/api/transport.ts';
import { UserError } from '../../src/service/failure.ts';
import type { HttpRequest } from '../../src/service/ports.ts';
import { httpAnswer, type RawRequest, type RawServer, rawServer, reset } from '../support/raw-server.ts';

const SECRET = 'ApiKey me:canary-4711-canary';
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function serverOf(...args: Parameters<typeof rawServer>): Promise<RawServer> {
  const server = await rawServer(...args);
  closing.push(() => server.close());
  return server;
}

function transportTo(origin: string) {
  const transport = createTransport(origin);
  closing.push(() => transport.close());
  return (request: Partial<HttpRequest> = {}) =>
    transport.exchange({
      method: 'GET',
      path: '/api/v1/service/',
      headers: { Authorization: SECRET, Accept: 'application/json', 'User-Agent': 'evenkeel/test' },
      body: undefined,
      signal: new AbortController().signal,
      maxBytes: 1_000_000,
      ...request,
    });
}

describe('transport', () => {
  it('gives back status, lower-case headers and the body as text', async () => {
    const server = await serverOf(() => httpAnswer(200, { a: 1 }, { 'X-Api-Extensions': 'labels' }));
    expect(await transportTo(server.origin)()).toMatchObject({
      kind: 'response',
      status: 200,
      headers: { 'x-api-extensions': 'labels', 'content-type': 'application/json' },
      body: '{"a":1}',
    });
  });

  it('sends exactly the headers it was given, and a content length with every POST', async () => {
    const server = await serverOf(() => httpAnswer(202, {}));
    const exchange = transportTo(server.origin);
    await exchange({ method: 'POST', path: '/api/v1/service/u/start/' });
    await exchange({ method: 'PATCH', body: '{"é":1}' });
    await exchange({ method: 'DELETE' });
    const [post, patch, del] = server.requests;
    expect(post).toMatchObject({ method: 'POST', path: '/api/v1/service/u/start/', body: '' });
    expect(post?.headers).toMatchObject({
      authorization: SECRET,
      accept: 'application/json',
      'user-agent': 'evenkeel/test',
      'content-length': '0',
    });
    expect(post?.headers).not.toHaveProperty('content-type');
    expect(patch).toMatchObject({ method: 'PATCH', body: '{"é":1}' });
    expect(del?.headers).not.toHaveProperty('content-type');
  });

  it('follows no redirect and sends nothing to the other host', async () => {
    const other = await serverOf(() => httpAnswer(200, { objects: [] }));
    const server = await serverOf(() => httpAnswer(302, '', { location: `${other.origin}/api/v1/service/` }));
    expect(await transportTo(server.origin)()).toMatchObject({ kind: 'response', status: 302 });
    expect(other.connections()).toBe(0);
  });

  it.each(['//127.0.0.1:9/x', 'http://127.0.0.1:9/x'])(
    'keeps to its origin when asked for %s',
    async (path) => {
      const server = await serverOf(() => httpAnswer(200, ''));
      await transportTo(server.origin)({ path });
      expect(server.requests).toHaveLength(1);
    },
  );

  it('uses no proxy from the environment', async () => {
    const proxy = await serverOf(() => httpAnswer(200, ''));
    const server = await serverOf(() => httpAnswer(200, 'direct'));
    process.env['http_proxy'] = proxy.origin;
    closing.push(() => delete process.env['http_proxy']);
    expect(await transportTo(server.origin)()).toMatchObject({ body: 'direct' });
    expect(proxy.connections()).toBe(0);
  });

  it('keeps connections for reads, and takes a new one for each POST', async () => {
    const server = await serverOf(() => httpAnswer(200, {}));
    const exchange = transportTo(server.origin);
    for (let round = 0; round < 3; round++) await exchange();
    expect(server.connections()).toBe(1);
    await exchange({ method: 'POST' });
    expect(server.connections()).toBe(2);
  });

  const freePort = async () => {
    const probe = createServer();
    await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
    const address = probe.address();
    await new Promise((resolve) => probe.close(resolve));
    return typeof address === 'object' ? (address?.port ?? 0) : 0;
  };

  it('is certain that nothing was sent when the connection is refused or never made', async () => {
    const refused = transportTo(`http://127.0.0.1:${await freePort()}`);
    expect(await refused({ method: 'POST', body: '{}' })).toEqual({
      kind: 'error',
      sent: false,
      message: 'connection refused',
    });
    const plain = await serverOf(() => undefined);
    const noTls = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end('no TLS here'));
    });
    await new Promise<void>((resolve) => noTls.listen(0, '127.0.0.1', resolve));
    closing.push(() => void noTls.close());
    const address = noTls.address();
    const port = typeof address === 'object' ? address?.port : 0;
    expect(await transportTo(`https://127.0.0.1:${port}`)({ method: 'POST' })).toMatchObject({
      kind: 'error',
      sent: false,
    });
    const stop = new AbortController();
    stop.abort();
    expect(await transportTo(plain.origin)({ signal: stop.signal })).toMatchObject({
      kind: 'error',
      sent: false,
    });
  });

  const cutters: [string, (request: RawRequest, socket: import('node:net').Socket) => string | undefined][] =
    [
      ['reset before an answer', (_, socket) => reset(socket)],
      [
        'reset in the middle of the body',
        (_, socket) => {
          socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf');
          setTimeout(() => reset(socket), 20);
          return undefined;
        },
      ],
      [
        'a body shorter than its length',
        (_, socket) => {
          socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"objects":[]}');
          return undefined;
        },
      ],
      [
        'a chunked body without its end',
        (_, socket) => {
          socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nf\r\n{"objects":[] }\r\n');
          return undefined;
        },
      ],
      [
        'a compressed body without its end',
        (_, socket) => {
          const body = gzipSync('{"objects":[]}').subarray(0, 20);
          socket.write(`HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 60\r\n\r\n`);
          socket.end(body);
          return undefined;
        },
      ],
      [
        'something that is not HTTP',
        (_, socket) => {
          socket.end('SSH-2.0-OpenSSH\r\n');
          return undefined;
        },
      ],
    ];
  it.each(cutters)('may have been carried out after %s', async (_, answer) => {
    const server = await serverOf(answer);
    const outcome = await transportTo(server.origin)({ method: 'POST', body: '{}' });
    expect(outcome).toMatchObject({ kind: 'error', sent: true });
    expect(inspect(outcome, { depth: 9 }) + JSON.stringify(outcome)).not.toContain('canary');
  });

  it('may have been carried out when a kept connection is closed under it', async () => {
    let calls = 0;
    const server = await serverOf((_, socket) => (++calls === 1 ? httpAnswer(200, {}) : reset(socket)));
    const exchange = transportTo(server.origin);
    await exchange();
    expect(await exchange({ method: 'DELETE' })).toMatchObject({ kind: 'error', sent: true });
  });

  it('ends at once when its signal aborts, however slowly the body drips', async () => {
    const server = await serverOf((_, socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n');
      const drip = setInterval(() => socket.write('x'), 5);
      socket.on('close', () => clearInterval(drip));
      return undefined;
    });
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 60);
    expect(await transportTo(server.origin)({ signal: stop.signal })).toEqual({
      kind: 'error',
      sent: true,
      message: 'cancelled',
    });
  });

  it('reads no more than the cap, of a compressed body too', async () => {
    const bomb = gzipSync(Buffer.alloc(20_000_000));
    const head = `HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`;
    const server = await serverOf(() => Buffer.concat([Buffer.from(head), bomb]));
    expect(await transportTo(server.origin)()).toMatchObject({ kind: 'error', sent: true });
  });
});

describe('the API URL', () => {
  it.each([
    ['http://127.0.0.1:8800', 'http://127.0.0.1:8800'],
    ['http://127.0.0.1:8800/', 'http://127.0.0.1:8800'],
    ['https://dashboard.tutum.co/api/v1/', 'https://dashboard.tutum.co'],
    ['https://dashboard.tutum.co/api/v1', 'https://dashboard.tutum.co'],
    [' HTTPS://Example.org:443 ', 'https://example.org'],
    ['http://[::1]:8800/api/v1/', 'http://[::1]:8800'],
  ])('%s is the origin %s', (text, origin) => expect(parseOrigin(text)).toBe(origin));

  it.each([
    '',
    'localhost:8800',
    'ftp://host/',
    'http://',
    'http://user:hunter2@host/',
    'http://host/api/v2/',
    'http://host/?key=1',
    'http://host/#x',
    'http://host/../../x',
  ])('%j is refused, and no password in it is repeated', (text) => {
    const message = (() => {
      try {
        return parseOrigin(text);
      } catch (error) {
        return error;
      }
    })();
    expect(message).toBeInstanceOf(UserError);
    expect(String(message)).not.toContain('hunter2');
  });

  it('is not spoken to with certificate checks switched off', () => {
    expect(() => refuseInsecureTls({ NODE_TLS_REJECT_UNAUTHORIZED: '0' })).toThrow(UserError);
    expect(() => refuseInsecureTls({ NODE_TLS_REJECT_UNAUTHORIZED: '1' })).not.toThrow();
  });
});
