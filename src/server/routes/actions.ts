/** GET /api/v1/action/ and /api/v1/action/(uuid)/: what became of each write, in the platform's words. */
import { apiDate } from '../../service/dates.ts';
import type { ActionRecord } from '../../service/definition.ts';
import { serviceUri } from '../../service/uri.ts';
import { userOf } from '../http/answer.ts';
import { page, readListQuery } from '../http/paging.ts';
import { notFound } from '../http/problem.ts';
import type { Api } from '../http/server.ts';
import { uuidOf } from './detail.ts';

const PATH = '/api/v1/action/';
const FILTERS = ['state', 'object', 'uuid', 'uuid__startswith'] as const;

export function actionRoutes({ app, services }: Api): void {
  const mine = async (user: string) =>
    (await services.world.store.actions())
      .filter((one) => one.user === user)
      .toSorted((a, b) => b.startedAt - a.startedAt || (a.uuid < b.uuid ? -1 : 1));

  app.get(PATH, async (request) => {
    const query = readListQuery((request.raw.url ?? '').split('?')[1] ?? '', FILTERS);
    const wanted = (await mine(userOf(request))).filter((record) =>
      [...query.filters].every(([filter, values]) => values.some((value) => matches(record, filter, value))),
    );
    const { meta, objects } = page(PATH, wanted, query);
    return { meta, objects: objects.map(actionObject) };
  });

  app.get(`${PATH}:uuid`, async (request) => {
    const record = await services.world.store.action(uuidOf(request));
    if (record === undefined || record.user !== userOf(request)) throw notFound('there is no such action');
    return { ...actionObject(record), logs: record.message };
  });
}

function matches(record: ActionRecord, filter: string, value: string): boolean {
  if (filter === 'state') return record.state === value;
  if (filter === 'object') return serviceUri(record.service) === value;
  return filter === 'uuid' ? record.uuid === value : record.uuid.startsWith(value);
}

function actionObject(record: ActionRecord) {
  return {
    uuid: record.uuid,
    resource_uri: `${PATH}${record.uuid}/`,
    object: serviceUri(record.service),
    action: record.action,
    state: record.state,
    method: record.method,
    path: record.path,
    body: record.body,
    user: record.user,
    user_agent: record.userAgent,
    ip: record.ip,
    location: '',
    start_date: apiDate(record.startedAt),
    end_date: record.endedAt === null ? null : apiDate(record.endedAt),
    message: record.message,
  };
}
