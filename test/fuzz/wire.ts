/** Bytes on the server's socket that may be no HTTP at all: whatever they are, it goes on answering others. */
import { connect } from 'node:net';
import { AUTHORIZATION, startServer, type TestServer } from '../support/server.ts';
import { damage, damageBytes, NASTY, Rng } from './rng.ts';
import { mustHold, type Target } from './target.ts';

const LINES = [
  'GET /api/v1/service/ HTTP/1.1\r\nhost: a\r\n\r\n',
  `GET /api/v1/service/?limit=1 HTTP/1.1\r\nhost: a\r\nauthorization: ${AUTHORIZATION}\r\n\r\n`,
  `POST /api/v1/service/ HTTP/1.1\r\nhost: a\r\nauthorization: ${AUTHORIZATION}\r\ncontent-length: 17\r\n\r\n{"image":"nginx"}`,
  `POST /api/v1/service/ HTTP/1.1\r\nhost: a\r\nauthorization: ${AUTHORIZATION}\r\ntransfer-encoding: chunked\r\n\r\n11\r\n{"image":"nginx"}\r\n0\r\n\r\n`,
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'GET / HTTP/1.0\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n',
];
/** It hangs up, or answers; if neither, the sender does. */
const PATIENCE_MS = 40;
const EVERY = 16;

export function wire(): Target {
  let server: TestServer | undefined;
  let asked = 0;
  return {
    name: 'wire',
    make(seed) {
      const rng = new Rng(seed, 5);
      const line = rng.pick(LINES);
      if (rng.chance(0.3)) return damageBytes(Buffer.from(line), rng);
      return Buffer.from(
        damage(line, rng, [...NASTY, '\r\n\r\n', 'content-length: 5\r\n', 'transfer-encoding: chunked\r\n']),
      );
    },
    async run(input) {
      server ??= await startServer();
      const reply = await send(server.port, input);
      mustHold(!/^HTTP\/1\.1 5(?!05)/.test(reply), 'a 5xx', () => reply);
      mustHold(!/\n\s+at |node_modules/.test(reply), 'an answer with our insides', () => reply);
      mustHold(server.logged().length === 0, 'something unexpected is logged', () => server?.logged());
      asked += 1;
      if (asked % EVERY !== 0) return;
      const alive = await send(
        server.port,
        Buffer.from('GET /livez HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n'),
      );
      mustHold(alive.startsWith('HTTP/1.1 200'), 'the server is not alive', () => alive);
    },
    close: async () => server?.close(),
  };
}

function send(port: number, bytes: Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let reply = '';
    socket.setTimeout(PATIENCE_MS, () => socket.destroy());
    socket.on('data', (more: Buffer) => {
      reply += more.toString('latin1');
      socket.end();
    });
    socket.on('error', () => {});
    socket.once('close', () => resolve(reply));
    socket.write(bytes);
  });
}
