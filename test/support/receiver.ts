/** A real HTTP receiver on loopback that notes what came and answers as a test wants. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Receiver {
  readonly origin: string;
  readonly port: number;
  /** All that came, whatever was answered. */
  readonly received: readonly Received[];
  /** What was answered with 2xx. */
  readonly taken: readonly Received[];
  /** How the next requests are answered; the last one holds from then on. Default 204. */
  answer(...ways: Answer[]): void;
  /** Resolves when `count` were taken. */
  took(count: number): Promise<void>;
  close(): Promise<void>;
}

/** A status, or what becomes of the connection. */
export type Answer = number | 'reset' | 'never' | ((response: ServerResponse) => void);

export async function receiver(port = 0): Promise<Receiver> {
  const received: Received[] = [];
  const taken: Received[] = [];
  let ways: Answer[] = [204];
  const waiting = new Set<() => void>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const one = {
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString('utf8'),
      };
      received.push(one);
      const way = (ways.length > 1 ? ways.shift() : ways[0]) ?? 204;
      if (way === 'never') return;
      if (way === 'reset') {
        request.socket.resetAndDestroy();
        return;
      }
      if (typeof way === 'number') {
        if (way < 300) taken.push(one);
        response.writeHead(way).end();
      } else way(response);
      for (const look of [...waiting]) look();
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const at = (server.address() as AddressInfo).port;
  return {
    origin: `http://127.0.0.1:${at}`,
    port: at,
    received,
    taken,
    answer: (...more) => {
      ways = more;
    },
    took: (count) =>
      new Promise((resolve) => {
        const look = () => {
          if (taken.length < count) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
