/**
 * One open stream: messages out, nothing in. A client that does not take what it is sent, or does not answer a ping,
 * is hung up on: it would hold lines, and a place, for ever.
 */
import type { WebSocket } from 'ws';
import type { LogLine } from '../../service/engine.ts';
import type { Clock } from '../../service/ports.ts';
import type { World } from '../types.ts';
import type { Following } from './follow.ts';
import { logMessage } from './message.ts';

/** Messages handed to the connection before it is waited for. */
const AT_ONCE = 100;
const PATIENCE_MS = 30_000;
const PING_EVERY_MS = 30_000;

/** Resolves when the stream has ended, whoever ended it. */
export async function serveStream(
  socket: WebSocket,
  { first, rest }: Following,
  follows: boolean,
  { clock, log }: Pick<World, 'clock' | 'log'>,
): Promise<void> {
  const gone = new AbortController();
  socket.on('error', () => socket.terminate());
  socket.once('close', () => gone.abort());
  void keepAlive(socket, clock, gone.signal);
  const send = async (lines: readonly LogLine[]) => {
    for (let at = 0; at < lines.length && !gone.signal.aborted; at += AT_ONCE) {
      await sendSome(socket, lines.slice(at, at + AT_ONCE), clock, gone.signal);
    }
  };
  try {
    await send(first);
    if (follows) await rest(send, gone.signal);
    socket.close(1000);
  } catch (error) {
    log('error', 'a log stream failed', { error: String(error) });
    socket.close(1011, 'internal error');
  }
}

/** Resolves when the last of them has left, or the connection is given up. */
async function sendSome(
  socket: WebSocket,
  lines: readonly LogLine[],
  clock: Clock,
  gone: AbortSignal,
): Promise<void> {
  const done = new AbortController();
  const end = () => done.abort();
  gone.addEventListener('abort', end, { once: true });
  for (const [index, line] of lines.entries())
    socket.send(logMessage(line), index === lines.length - 1 ? end : undefined);
  await clock.sleep(PATIENCE_MS, done.signal);
  gone.removeEventListener('abort', end);
  if (!done.signal.aborted) socket.terminate();
}

async function keepAlive(socket: WebSocket, clock: Clock, gone: AbortSignal): Promise<void> {
  let answered = true;
  socket.on('pong', () => (answered = true));
  for (;;) {
    await clock.sleep(PING_EVERY_MS, gone);
    if (gone.aborted) return;
    if (!answered) return socket.terminate();
    answered = false;
    socket.ping();
  }
}
