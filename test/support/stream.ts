/** A client of log streams, as the old ones are: it connects, listens, and keeps what it hears. */
import { WebSocket } from 'ws';

export interface Listening {
  /** Parsed messages so far. */
  readonly messages: readonly Record<string, unknown>[];
  readonly raw: readonly string[];
  /** Resolves when so many messages are there. */
  heard(count: number): Promise<readonly Record<string, unknown>[]>;
  /** The code of its end. */
  readonly closed: Promise<number>;
  readonly socket: WebSocket;
  close(): void;
}

export interface Refused {
  readonly status: number;
  readonly json: unknown;
}

/** Resolves when the handshake is answered, one way or the other. */
export function listen(
  url: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Listening | Refused> {
  const socket = new WebSocket(url.replace(/^http/, 'ws') + path, { headers });
  const raw: string[] = [];
  const waiting = new Set<() => void>();
  const messages: Record<string, unknown>[] = [];
  socket.on('message', (data) => {
    raw.push(String(data));
    messages.push(JSON.parse(String(data)));
    for (const wake of waiting) wake();
  });
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  const heard = (count: number) =>
    new Promise<readonly Record<string, unknown>[]>((resolve) => {
      const look = () => {
        if (messages.length < count) return;
        waiting.delete(look);
        resolve(messages);
      };
      waiting.add(look);
      look();
    });
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve({ messages, raw, heard, closed, socket, close: () => socket.close() }));
    socket.once('error', reject);
    socket.once('unexpected-response', (_request, response) => {
      let text = '';
      response.on('data', (chunk) => (text += String(chunk)));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, json: JSON.parse(text) }));
    });
  });
}

export async function listening(...how: Parameters<typeof listen>): Promise<Listening> {
  const answer = await listen(...how);
  if ('status' in answer) throw new Error(`refused: ${answer.status} ${JSON.stringify(answer.json)}`);
  return answer;
}
