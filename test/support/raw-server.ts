/**
 * A TCP server that answers with exactly the bytes a test wants, for everything a well-behaved HTTP server would not
 * do: cut answers, drips, lies about length, resets, silence.
 */
import { createServer, type Server, type Socket } from 'node:net';

export interface RawRequest {
  readonly method: string;
  readonly path: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Number of the connection it came on, from 1. */
  readonly connection: number;
}

/** Bytes to send; the connection stays open unless `close`d, `reset` or left alone by the handler itself. */
export type RawAnswer = string | Uint8Array | undefined;

export interface RawServer {
  readonly origin: string;
  readonly requests: readonly RawRequest[];
  /** Connections accepted so far. */
  connections(): number;
  close(): Promise<void>;
}

/** `answer` is called for each whole request; what it returns is sent as it is, undefined sends nothing. */
export async function rawServer(
  answer: (request: RawRequest, socket: Socket) => RawAnswer | Promise<RawAnswer>,
): Promise<RawServer> {
  const requests: RawRequest[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    connections += 1;
    const connection = connections;
    let received = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      for (
        let parsed = parse(received, connection);
        parsed !== undefined;
        parsed = parse(received, connection)
      ) {
        received = received.subarray(parsed.bytes);
        requests.push(parsed.request);
        Promise.resolve(answer(parsed.request, socket)).then(
          (bytes) => {
            if (bytes !== undefined && !socket.destroyed) socket.write(bytes);
          },
          () => socket.destroy(),
        );
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    origin: `http://127.0.0.1:${address.port}`,
    requests,
    connections: () => connections,
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function parse(bytes: Buffer, connection: number) {
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const [first = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const length = Number(headers['content-length'] ?? 0);
  const total = end + 4 + length;
  if (bytes.length < total) return undefined;
  const [method = '', path = ''] = first.split(' ');
  const body = bytes.subarray(end + 4, total).toString('utf8');
  return { bytes: total, request: { method, path, headers, body, connection } satisfies RawRequest };
}

/** A whole HTTP answer. A body that is not text is sent as JSON. */
export function httpAnswer(
  status: number,
  body: unknown = '',
  headers: Readonly<Record<string, string | number>> = {},
): string {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const all = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return `HTTP/1.1 ${status} Whatever\r\n${lines.join('\r\n')}\r\n\r\n${text}`;
}

/** Ends the connection with RST. */
export function reset(socket: Socket): undefined {
  socket.resetAndDestroy();
}
