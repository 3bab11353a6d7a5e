/**
 * Which connections carry a request right now. Node closes only connections that have finished one, so a client that
 * connected ahead of need would hold up a close.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export interface Sockets {
  /** Hangs up on every connection without a request in flight. */
  closeIdle(): void;
}

export function trackSockets(server: Server): Sockets {
  const open = new Set<Socket>();
  const busy = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    busy.add(socket);
    response.once('close', () => busy.delete(socket));
  });
  return {
    closeIdle() {
      for (const socket of open) if (!busy.has(socket)) socket.destroy();
    },
  };
}
