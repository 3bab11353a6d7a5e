/** POST …/start/, …/stop/, …/redeploy/ and the later clients' …/scale/. Bodies are optional. */
import type { FastifyRequest } from 'fastify';
import { SERVICE_PATH } from '../../service/wire.ts';
import { type ActionOptions, decideAction, decideScale } from '../decide.ts';
import { askerOf, bodyOf, sendChanged } from '../http/answer.ts';
import { invalid } from '../http/problem.ts';
import type { Api } from '../http/server.ts';
import { flag, Invalid, type Json, text } from '../input/values.ts';
import { refuseProblems } from '../life/create.ts';
import { note, uuidOf, withImage } from './detail.ts';

const TITLES = { start: 'Start', stop: 'Stop', redeploy: 'Redeploy' } as const;
const TAG = /^[\w][\w.-]{0,127}$/;

export function operationRoutes(api: Api): void {
  for (const action of ['start', 'stop', 'redeploy'] as const) {
    api.app.route({
      method: 'POST',
      url: `${SERVICE_PATH}:uuid/${action}`,
      config: { verb: action },
      handler: async (request, reply) => {
        const body = bodyOf(request);
        const options = action === 'redeploy' ? redeployOptions(api, request, body) : { reuseVolumes: true };
        const asker = askerOf(request, body);
        const outcome = await api.services.accept(uuidOf(request), asker, TITLES[action], (moment) =>
          note(request, moment, async () => {
            const verdict = decideAction(action, moment.definition, moment.state, api.offers, options);
            if (verdict.kind !== 'change') return verdict;
            refuseProblems(api.services, verdict.definition);
            return { ...verdict, definition: await withImage(api, moment.definition, verdict.definition) };
          }),
        );
        return sendChanged(api, request, reply, outcome, 202);
      },
    });
  }

  api.app.route({
    method: 'POST',
    url: `${SERVICE_PATH}:uuid/scale`,
    config: { verb: 'scale' },
    handler: async (request, reply) => {
      const asker = askerOf(request, bodyOf(request));
      const outcome = await api.services.accept(uuidOf(request), asker, 'Scale', (moment) =>
        note(request, moment, () =>
          decideScale(moment.definition, moment.state, moment.containers.length, api.offers),
        ),
      );
      return sendChanged(api, request, reply, outcome, 202);
    },
  });
}

/**
 * `{"tag": "v2"}` of the first clients, `{"token": …}` of ours, `reuse_volumes` in the body or (with Python's capitals)
 * in the query. What else a body holds is not looked at, as on the platform.
 */
function redeployOptions(api: Api, request: FastifyRequest, body: Json): ActionOptions {
  const query = new URLSearchParams((request.raw.url ?? '').split('?')[1] ?? '');
  const reuse = body['reuse_volumes'] ?? query.get('reuse_volumes') ?? true;
  const read = <T>(field: string, reader: () => T): T => {
    try {
      return reader();
    } catch (error) {
      if (error instanceof Invalid) throw invalid({ [field]: [error.message] });
      throw error;
    }
  };
  const tag = body['tag'] ?? undefined;
  const token = api.offers('redeploy-token') ? (body['token'] ?? undefined) : undefined;
  return {
    reuseVolumes: read('reuse_volumes', () => flag(reuse)),
    tag: tag === undefined || tag === '' ? undefined : read('tag', () => readTag(tag)),
    token: token === undefined ? undefined : read('token', () => text(token, 1_024)),
  };
}

function readTag(value: unknown): string {
  const tag = text(value, 128);
  if (TAG.test(tag)) return tag;
  throw new Invalid('expected an image tag');
}
