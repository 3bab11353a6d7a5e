/** GET /api/v1/service/: complete, in a stable order, live services before terminated ones. */
import type { Definition } from '../../service/definition.ts';
import { SERVICE_PATH } from '../../service/wire.ts';
import { objectsOf, userOf } from '../http/answer.ts';
import { type ListQuery, page, readListQuery } from '../http/paging.ts';
import type { Api } from '../http/server.ts';
import { traceOf } from '../http/trace.ts';
import { definitionsOf, look, type Seen } from '../life/look.ts';

const FILTERS = ['state', 'name', 'unique_name', 'uuid', 'uuid__startswith'] as const;

export function listRoute(api: Api): void {
  api.app.route({
    method: 'GET',
    url: SERVICE_PATH,
    config: { verb: 'list' },
    handler: async (request) => {
      const query = readListQuery((request.raw.url ?? '').split('?')[1] ?? '', FILTERS);
      const { fault } = traceOf(request);
      const { world } = api.services;
      const user = userOf(request);
      const old =
        fault?.kind === 'stale_list' ? api.history?.before(user, world.clock.monotonic(), fault) : undefined;
      const all = old?.map((row) => row.definition) ?? (await definitionsOf(user, world));
      const named =
        query.filters.size === 0
          ? all
          : all.filter((one) => passes(query, (filter, value) => matches(one, filter, value)));
      const rows = (wanted: readonly Definition[]) =>
        old === undefined ? look(wanted, world) : among(old, wanted);
      // Only a filter by state needs to know all containers there are; a page needs its own.
      const seen = query.filters.has('state')
        ? (await rows(named)).filter((row) =>
            passes(query, (filter, value) => filter !== 'state' || row.state === value),
          )
        : undefined;
      const { meta, objects } = page(SERVICE_PATH, seen?.map((row) => row.definition) ?? named, query);
      const shown = seen === undefined ? await rows(objects) : among(seen, objects);
      const sent = { meta, objects: objectsOf(api, shown, all, 'list') };
      if (fault?.kind !== 'dropped_page') return sent;
      return fault.how === 'rest' ? { ...sent, meta: { ...meta, next: null } } : { ...sent, objects: [] };
    },
  });
}

/** Whether all filters of the query take it. */
function passes({ filters }: ListQuery, takes: (filter: string, value: string) => boolean): boolean {
  return [...filters].every(([filter, values]) => values.some((value) => takes(filter, value)));
}

/** The rows of some services, in the order of the view. */
function among(old: readonly Seen[], wanted: readonly Definition[]): readonly Seen[] {
  const uuids = new Set(wanted.map((one) => one.uuid));
  return old.filter((row) => uuids.has(row.definition.uuid));
}

/** By everything but the state, which no definition holds. */
function matches(definition: Definition, filter: string, value: string): boolean {
  switch (filter) {
    case 'state':
      return true;
    case 'name':
      return definition.name === value;
    case 'unique_name':
      return definition.uniqueName === value;
    case 'uuid':
      return definition.uuid === value.toLowerCase();
    default:
      return definition.uuid.startsWith(value.toLowerCase());
  }
}
