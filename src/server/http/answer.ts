/** The shapes of the good replies, and the particulars of a request that the life of services asks for. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Definition } from '../../service/definition.ts';
import { serviceUri } from '../../service/uri.ts';
import type { ServiceObject } from '../../service/wire.ts';
import type { Json } from '../input/values.ts';
import { definitionsOf, type Seen } from '../life/look.ts';
import type { Outcome } from '../life/services.ts';
import { neighboursOf, referenceObject, serviceObject } from '../object.ts';
import type { Asker } from '../types.ts';
import { maskedBody, readBody } from './body.ts';
import { Problem } from './problem.ts';
import type { Api } from './server.ts';
import { pathOf, traceOf } from './trace.ts';

/** The user of a request that passed the login. */
export function userOf(request: FastifyRequest): string {
  return traceOf(request).identity?.user ?? '';
}

/** The body's JSON object; read once. Throws a Problem. */
export function bodyOf(request: FastifyRequest): Json {
  const trace = traceOf(request);
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') throw new Problem(415, 'a compressed body is not taken');
  const body = readBody(request.body, trace.contentType);
  trace.body = body;
  return body;
}

/** Throws a Problem where the key may only look. */
export function askerOf(request: FastifyRequest, body: Json): Asker {
  const { identity } = traceOf(request);
  if (identity?.scope !== 'write') throw new Problem(403, 'this API key may only read');
  return {
    user: identity.user,
    ip: request.ip,
    userAgent: (request.headers['user-agent'] ?? '').slice(0, 500),
    method: request.method,
    path: pathOf(request).slice(0, 500),
    body: maskedBody(body),
  };
}

/** The objects of some services among all of their user's. */
export function objectsOf(
  api: Api,
  seen: readonly Seen[],
  all: readonly Definition[],
  where: 'list' | 'detail',
): readonly ServiceObject[] {
  const neighbours = neighboursOf(
    all,
    seen.map((one) => one.definition),
  );
  const objects = seen.map((one) => serviceObject(one.definition, one.containers, neighbours));
  return api.settings.profile === 'reference' ? objects.map((one) => referenceObject(one, where)) : objects;
}

export async function objectOf(api: Api, seen: Seen): Promise<ServiceObject> {
  const all = await definitionsOf(seen.definition.user, api.services.world);
  const [object] = objectsOf(api, [seen], all, 'detail');
  if (object === undefined) throw new Error('a service without its object');
  return object;
}

/** 201 or 202 with the object in its new state. */
export async function sendChanged(
  api: Api,
  request: FastifyRequest,
  reply: FastifyReply,
  { seen, action }: Outcome,
  status: 201 | 202,
): Promise<FastifyReply> {
  const trace = traceOf(request);
  const { uuid, name } = seen.definition;
  trace.uuid = uuid;
  trace.name = name;
  trace.action = action;
  if (action !== undefined) {
    trace.committed = true;
    api.history?.wrote(userOf(request));
    reply.header('x-tutum-action-uri', `/api/v1/action/${action}/`);
  }
  if (status === 201) reply.header('location', serviceUri(uuid));
  return reply.code(status).send(await objectOf(api, seen));
}
