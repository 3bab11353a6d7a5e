/**
 * The logs of a service: lines of all containers merged by time, the last ones first asked for.
 *
 * `GET …/logs/` over REST is one text. The same address, and `/v1/service/(uuid)/logs/` of the platform's stream host,
 * take a WebSocket handshake: messages of one line each, and by default what is added later.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Definition } from '../../service/definition.ts';
import { SERVICE_PATH } from '../../service/wire.ts';
import { userOf } from '../http/answer.ts';
import { readFollow, readTail } from '../http/log-query.ts';
import { notFound, Problem, Unavailable } from '../http/problem.ts';
import type { Api } from '../http/server.ts';
import { definitionOf } from '../life/look.ts';
import { follow } from '../stream/follow.ts';
import { serveStream } from '../stream/session.ts';
import { wantsStream } from '../stream/upgrade.ts';
import { uuidOf } from './detail.ts';

const MOST_CHARACTERS = 2 ** 20;

export function logRoutes(api: Api): void {
  const found = async (request: FastifyRequest) => {
    const definition = await definitionOf(uuidOf(request), userOf(request), api.services.world);
    if (definition === undefined) throw notFound();
    return definition;
  };

  api.app.route({
    method: 'GET',
    url: `${SERVICE_PATH}:uuid/logs`,
    config: { verb: 'logs' },
    handler: async (request, reply) => {
      const definition = await found(request);
      if (wantsStream(request)) return streamLogs(api, request, reply, definition);
      return { logs: await textOf(api, definition, readTail(request)) };
    },
  });

  api.app.route({
    method: 'GET',
    url: '/v1/service/:uuid/logs',
    config: { verb: 'logs' },
    handler: async (request, reply) => {
      const definition = await found(request);
      if (wantsStream(request)) return streamLogs(api, request, reply, definition);
      reply.header('upgrade', 'websocket');
      throw new Problem(426, `this is a WebSocket; as text the logs are at ${SERVICE_PATH}(uuid)/logs/`);
    },
  });
}

async function textOf({ services }: Api, definition: Definition, tail: number): Promise<string> {
  if (definition.destroyedAt !== null) return '';
  const result = await services.world.engine.logs(definition, { tail }, new AbortController().signal);
  if (!result.ok) throw new Unavailable(`the logs cannot be had: ${result.failure.message}`);
  const lines = result.value.map((line) => `[${line.container}] ${line.timestamp} ${line.text}\n`);
  return lastOf(lines.join(''));
}

/** Whole lines only. */
function lastOf(logs: string): string {
  if (logs.length <= MOST_CHARACTERS) return logs;
  const cut = logs.slice(-MOST_CHARACTERS);
  return cut.slice(cut.indexOf('\n') + 1);
}

/** Takes the connection over and streams to an end of either side. Throws a Problem while it is still a request. */
async function streamLogs(
  { services: { world }, streams, report }: Api,
  request: FastifyRequest,
  reply: FastifyReply,
  { uuid }: Definition,
): Promise<void> {
  const tail = readTail(request);
  const follows = readFollow(request);
  const leave = streams.places.take(userOf(request));
  if (leave === undefined)
    throw new Problem(429, 'too many log streams are open; close one', { retryAfterSeconds: 30 });
  try {
    const begun = await follow(world, uuid, tail, new AbortController().signal);
    if (!begun.ok) throw new Unavailable(`the logs cannot be had: ${begun.failure.message}`);
    reply.hijack();
    report(request, 101);
    const socket = await streams.upgrades.accept(request);
    if (socket !== undefined) await serveStream(socket, begun.value, follows, world);
  } finally {
    leave();
  }
}
