/** POST /api/v1/service/: a service without containers, in state Init; with an Idempotency-Key at most once per key. */
import type { FastifyRequest } from 'fastify';
import { SERVICE_PATH } from '../../service/wire.ts';
import { askerOf, bodyOf, sendChanged } from '../http/answer.ts';
import { canonicalJson } from '../http/body.ts';
import { inputContext } from '../http/context.ts';
import { invalid, Problem } from '../http/problem.ts';
import type { Api } from '../http/server.ts';
import { parseCreate } from '../input/request.ts';
import { createService } from '../life/create.ts';

export function createRoute(api: Api): void {
  api.app.route({
    method: 'POST',
    url: SERVICE_PATH,
    config: { verb: 'create' },
    handler: async (request, reply) => {
      const body = bodyOf(request);
      const asker = askerOf(request, body);
      const created = await createService(api.services, asker, {
        key: api.offers('idempotency-key') ? idempotencyKey(request) : undefined,
        body: canonicalJson(body),
        read(neighbours) {
          const parsed = parseCreate(body, inputContext(api, neighbours, undefined));
          if (!parsed.ok) throw invalid(parsed.fields);
          return parsed.given;
        },
      });
      if (created.replayed) reply.header('idempotency-replayed', 'true');
      return sendChanged(api, request, reply, created, 201);
    },
  });
}

/** Throws a Problem for a key that cannot be one; an empty one is none. */
function idempotencyKey(request: FastifyRequest): string | undefined {
  const given = request.headers['idempotency-key'];
  if (given === undefined || given === '') return undefined;
  if (typeof given === 'string' && /^[\x21-\x7e]{1,255}$/.test(given)) return given;
  throw new Problem(400, 'Idempotency-Key: expected 1 to 255 visible ASCII characters');
}
