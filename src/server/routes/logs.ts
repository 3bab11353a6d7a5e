/**
 * Logs, of a service (lines of all containers merged by time) or of one container: the last lines first.
 *
 * `GET …/logs/` over REST is one text. The same address, and `/v1/service/(uuid)/logs/` of the platform's stream host,
 * take a WebSocket handshake: messages of one line each, and by default what is added later.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SERVICE_PATH } from '../../service/wire.ts';
import { CONTAINER_PATH } from '../container-object.ts';
import { userOf } from '../http/answer.ts';
import { readFollow, readTail } from '../http/log-query.ts';
import { notFound, Problem, Unavailable } from '../http/problem.ts';
import type { Api } from '../http/server.ts';
import { definitionOf } from '../life/look.ts';
import { follow, lastLines, type Subject } from '../stream/follow.ts';
import { serveStream } from '../stream/session.ts';
import { wantsStream } from '../stream/upgrade.ts';
import { containerOf } from './containers.ts';
import { uuidOf } from './detail.ts';

const MOST_CHARACTERS = 2 ** 20;

/** Throws a Problem where the user has no such thing. */
type Find = (request: FastifyRequest) => Promise<Subject>;

export function logRoutes(api: Api): void {
  const service: Find = async (request) => {
    const definition = await definitionOf(uuidOf(request), userOf(request), api.services.world);
    if (definition === undefined) throw notFound();
    return { uuid: definition.uuid };
  };
  const container: Find = async (request) => {
    const { definition, view } = await containerOf(api, request);
    return { uuid: definition.uuid, container: view.name };
  };
  logRoute(api, 'logs', service, `${SERVICE_PATH}:uuid/logs`, '/v1/service/:uuid/logs');
  logRoute(api, 'other', container, `${CONTAINER_PATH}:uuid/logs`, '/v1/container/:uuid/logs');
}

function logRoute(api: Api, verb: 'logs' | 'other', find: Find, restUrl: string, streamUrl: string): void {
  const { world } = api.services;

  api.app.route({
    method: 'GET',
    url: restUrl,
    config: { verb },
    handler: async (request, reply) => {
      const subject = await find(request);
      if (wantsStream(request)) return streamLogs(api, request, reply, subject);
      const result = await lastLines(world, subject, readTail(request), new AbortController().signal);
      if (!result.ok) throw new Unavailable(`the logs cannot be had: ${result.failure.message}`);
      const lines = result.value.map((line) => `[${line.container}] ${line.timestamp} ${line.text}\n`);
      return { logs: lastOf(lines.join('')) };
    },
  });

  api.app.route({
    method: 'GET',
    url: streamUrl,
    config: { verb },
    handler: async (request, reply) => {
      const subject = await find(request);
      if (wantsStream(request)) return streamLogs(api, request, reply, subject);
      reply.header('upgrade', 'websocket');
      throw new Problem(
        426,
        `this is a WebSocket; as text the logs are at /api${streamUrl.replace(':uuid', '(uuid)')}/`,
      );
    },
  });
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
  subject: Subject,
): Promise<void> {
  const tail = readTail(request);
  const follows = readFollow(request);
  const leave = streams.places.take(userOf(request));
  if (leave === undefined)
    throw new Problem(429, 'too many log streams are open; close one', { retryAfterSeconds: 30 });
  try {
    const begun = await follow(world, subject, tail, new AbortController().signal);
    if (!begun.ok) throw new Unavailable(`the logs cannot be had: ${begun.failure.message}`);
    reply.hijack();
    report(request, 101);
    const socket = await streams.upgrades.accept(request);
    if (socket !== undefined) await serveStream(socket, begun.value, follows, world);
  } finally {
    leave();
  }
}
