/**
 * Faults between our engine and Docker's: a unix socket in front of the real one that can be closed, that can lose the
 * reply to a request which was carried out, and that counts what was asked for.
 */
import { rm } from 'node:fs/promises';
import { createServer, request, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAddress } from '../../src/engine/docker/daemon.ts';
import { DOCKER_HOST } from './docker.ts';

export interface DockerProxy {
  readonly host: string;
  /** `METHOD path` of every request, without version and query. */
  readonly requests: string[];
  /** The engine is gone: connections end and new ones are refused. */
  down(): Promise<void>;
  up(): Promise<void>;
  /** The next request that matches is carried out, and its reply lost. */
  loseReply(pattern: RegExp): void;
  /** The next request that matches is answered with this instead. */
  answer(pattern: RegExp, status: number, body: object): void;
  close(): Promise<void>;
}

let count = 0;

export async function dockerProxy(before = DOCKER_HOST): Promise<DockerProxy> {
  count += 1;
  const path = join(tmpdir(), `evenkeel-proxy-${process.pid}-${count}.sock`);
  const { socketPath } = parseAddress(before, false);
  const requests: string[] = [];
  const lost: RegExp[] = [];
  const answers: { pattern: RegExp; status: number; body: object }[] = [];
  let server: Server | undefined;

  function take<T>(from: T[], matches: (one: T) => boolean): T | undefined {
    const index = from.findIndex(matches);
    return index === -1 ? undefined : from.splice(index, 1)[0];
  }

  const open = async () => {
    await rm(path, { force: true });
    server = createServer((incoming, reply: ServerResponse) => {
      const line = `${incoming.method} ${(incoming.url ?? '').replace(/^\/v[\d.]+/, '').replace(/\?.*/, '')}`;
      requests.push(line);
      const answer = take(answers, ({ pattern }) => pattern.test(line));
      if (answer !== undefined) {
        reply
          .writeHead(answer.status, { 'content-type': 'application/json' })
          .end(JSON.stringify(answer.body));
        return;
      }
      const lose = take(lost, (pattern) => pattern.test(line)) !== undefined;
      const forward = request(
        // No connection is kept: the engine may close one in the moment it is used again.
        { socketPath, method: incoming.method, path: incoming.url, headers: incoming.headers, agent: false },
        (response) => {
          if (lose) {
            response.resume().on('end', () => reply.destroy());
            return;
          }
          reply.writeHead(response.statusCode ?? 500, response.headers).flushHeaders();
          response.pipe(reply);
          reply.on('close', () => response.destroy());
        },
      );
      forward.on('error', () => reply.destroy());
      // In one piece: the engine may have answered and gone before a last, empty one.
      const body: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => body.push(chunk));
      incoming.on('end', () => forward.end(Buffer.concat(body)));
    });
    await new Promise<void>((resolve) => server?.listen(path, resolve));
  };
  const down = async () => {
    server?.closeAllConnections();
    await new Promise((resolve) => (server === undefined ? resolve(0) : server.close(resolve)));
    server = undefined;
    await rm(path, { force: true });
  };
  await open();
  return {
    host: `unix://${path}`,
    requests,
    down,
    up: open,
    loseReply: (pattern) => lost.push(pattern),
    answer: (pattern, status, body) => answers.push({ pattern, status, body }),
    close: down,
  };
}
