/**
 * WebSocket handshakes. A request to become a stream goes through fastify like any other (login, faults, routing), so
 * what is refused is refused in JSON with a status; only the route of a stream takes the connection over.
 *
 * Any other request to upgrade (Java's client offers HTTP/2 with each plain request) is served as if it had not asked:
 * node hands over such connections as raw bytes, so the request is put together again without the offer.
 */
import { type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Clock } from '../../service/ports.ts';

interface Handshake {
  readonly socket: Socket;
  readonly head: Buffer;
  /** Lets go of the reply that a refusal would have been sent by. */
  readonly unassign: () => void;
}

export interface Upgrades {
  /** Makes the connection a WebSocket; undefined: it is gone, or was no proper handshake. The reply must have been hijacked. */
  accept(request: FastifyRequest): Promise<WebSocket | undefined>;
  /** Says goodbye to everyone (1001), and resolves when all have left or are taken off the line. */
  close(): Promise<void>;
}

/** Clients have nothing to say but pongs. */
const MOST_BYTES_FROM_CLIENT = 4 * 1024;

const GOODBYE_MS = 500;

/** The paths that may become a stream. */
const STREAM = /^(?:\/api)?\/v1\/(?:service|container)\/[^/]+\/logs\/?$/;

const handshakes = new WeakMap<IncomingMessage, Handshake>();

/** Whether the request asks for a WebSocket. */
export function wantsStream(request: FastifyRequest): boolean {
  return handshakes.has(request.raw);
}

export function takeUpgrades(app: FastifyInstance, clock: Clock): Upgrades {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MOST_BYTES_FROM_CLIENT,
    perMessageDeflate: false,
  });
  app.server.on('upgrade', (message: IncomingMessage, socket: Socket, head: Buffer) => {
    const path = (message.url ?? '').split('?')[0] ?? '';
    const websocket = message.method === 'GET' && /^websocket$/i.test(message.headers.upgrade ?? '');
    if (!websocket || !STREAM.test(path)) return putBack(app.server, message, socket, head);
    socket.on('error', () => socket.destroy());
    const response = new ServerResponse(message);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.once('finish', () => socket.end());
    handshakes.set(message, { socket, head, unassign: () => response.detachSocket(socket) });
    app.routing(message, response);
  });
  return {
    accept(request) {
      const handshake = handshakes.get(request.raw);
      if (handshake === undefined) throw new Error('no handshake to answer');
      const { socket, head, unassign } = handshake;
      unassign();
      return new Promise((resolve) => {
        socket.once('close', () => resolve(undefined));
        if (socket.destroyed) resolve(undefined);
        else sockets.handleUpgrade(request.raw, socket, head, resolve);
      });
    },
    async close() {
      const all = [...sockets.clients];
      const left = all.map((socket) => new Promise((resolve) => socket.once('close', resolve)));
      for (const socket of all) socket.close(1001, 'the server stops');
      const over = new AbortController();
      void clock.sleep(GOODBYE_MS, over.signal).then(() => {
        for (const socket of all) socket.terminate();
      });
      await Promise.all(left);
      over.abort();
    },
  };
}

/** Gives the connection back to the HTTP server, with the request on it minus the offer to upgrade. */
function putBack(server: Server, message: IncomingMessage, socket: Socket, head: Buffer): void {
  const lines = [`${message.method} ${message.url} HTTP/${message.httpVersion}`];
  for (let at = 0; at < message.rawHeaders.length; at += 2) {
    const [name = '', value = ''] = message.rawHeaders.slice(at, at + 2);
    if (/^(?:upgrade|http2-settings|connection)$/i.test(name)) continue;
    lines.push(`${name}: ${value}`);
  }
  const bytes = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  socket.unshift(Buffer.concat([bytes, head]));
  server.emit('connection', socket);
}
