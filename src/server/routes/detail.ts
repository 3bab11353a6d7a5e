/** GET, PATCH and DELETE of one service. */
import type { FastifyRequest } from 'fastify';
import type { Definition } from '../../service/definition.ts';
import { SERVICE_PATH } from '../../service/wire.ts';
import { decideAction, decideUpdate, type Verdict } from '../decide.ts';
import { askerOf, bodyOf, objectOf, sendChanged, userOf } from '../http/answer.ts';
import { inputContext } from '../http/context.ts';
import { notFound } from '../http/problem.ts';
import type { Api } from '../http/server.ts';
import { traceOf } from '../http/trace.ts';
import { parsePatch } from '../input/request.ts';
import type { Json } from '../input/values.ts';
import { imageDefaults, refuseProblems } from '../life/create.ts';
import { definitionOf, look } from '../life/look.ts';
import type { Moment } from '../life/services.ts';

const URL = `${SERVICE_PATH}:uuid`;

export function uuidOf(request: FastifyRequest): string {
  return (request.params as { uuid: string }).uuid.toLowerCase();
}

export function detailRoutes(api: Api): void {
  const { app, services } = api;

  app.route({
    method: 'GET',
    url: URL,
    config: { verb: 'get' },
    handler: async (request) => {
      const definition = await definitionOf(uuidOf(request), userOf(request), services.world);
      if (definition === undefined) throw notFound();
      const [seen] = await look([definition], services.world);
      if (seen === undefined) throw notFound();
      traceOf(request).stateBefore = seen.state;
      return objectOf(api, seen);
    },
  });

  app.route({
    method: 'PATCH',
    url: URL,
    config: { verb: 'update' },
    handler: async (request, reply) => {
      const body = bodyOf(request);
      const asker = askerOf(request, body);
      const outcome = await services.accept(uuidOf(request), asker, 'Update', (moment) =>
        note(request, moment, () => decidePatch(api, body, moment)),
      );
      return sendChanged(api, request, reply, outcome, 202);
    },
  });

  app.route({
    method: 'DELETE',
    url: URL,
    config: { verb: 'terminate' },
    handler: async (request, reply) => {
      const outcome = await services.accept(uuidOf(request), askerOf(request, {}), 'Terminate', (moment) =>
        note(request, moment, () =>
          decideAction('terminate', moment.definition, moment.state, api.offers, { reuseVolumes: false }),
        ),
      );
      await services.sweep();
      return sendChanged(api, request, reply, outcome, 202);
    },
  });
}

/** Leaves in the request's trace what it met and whether the state table refused it. */
export async function note(
  request: FastifyRequest,
  moment: Moment,
  decide: () => Verdict | Promise<Verdict>,
): Promise<Verdict> {
  const trace = traceOf(request);
  trace.stateBefore = moment.state;
  const verdict = await decide();
  trace.forbidden = verdict.kind === 'wrong-state';
  return verdict;
}

/** What is wrong with the body comes first: no waiting makes it right. */
async function decidePatch(api: Api, body: Json, moment: Moment): Promise<Verdict> {
  const { definition, state } = moment;
  const parsed = parsePatch(body, inputContext(api, moment.neighbours, definition.uuid));
  if (!parsed.ok) return { kind: 'invalid', fields: parsed.fields };
  const verdict = decideUpdate(definition, state, parsed.given, api.offers);
  if (verdict.kind !== 'change') return verdict;
  refuseProblems(api.services, verdict.definition);
  return { ...verdict, definition: await withImage(api, definition, verdict.definition) };
}

/** A new image has other defaults, as far as they are known before it is pulled. */
export async function withImage(api: Api, before: Definition, after: Definition): Promise<Definition> {
  if (before.spec.image === after.spec.image) return after;
  return { ...after, image: await imageDefaults(api.services, after.spec.image) };
}
