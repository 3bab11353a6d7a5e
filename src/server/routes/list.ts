/** GET /api/v1/service/: complete, in a stable order, live services before terminated ones. */
import type { Definition } from '../../service/definition.ts';
import { SERVICE_PATH } from '../../service/wire.ts';
import { objectsOf, userOf } from '../http/answer.ts';
import { page, readListQuery } from '../http/paging.ts';
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
      const rows = await rowsFor(api, userOf(request), fault?.kind === 'stale_list' ? fault : undefined);
      const wanted = rows.filter((row) =>
        [...query.filters].every(([filter, values]) => values.some((value) => matches(row, filter, value))),
      );
      const { meta, objects } = page(SERVICE_PATH, wanted, query);
      const all = rows.map((row) => row.definition);
      const sent = { meta, objects: objectsOf(api, objects, all, 'list') };
      if (fault?.kind !== 'dropped_page') return sent;
      return fault.how === 'rest' ? { ...sent, meta: { ...meta, next: null } } : { ...sent, objects: [] };
    },
  });
}

/** The user's services as they are now, or as a `stale_list` fault wants them. */
async function rowsFor(
  api: Api,
  user: string,
  age: { readonly ms?: number; readonly writes?: number } | undefined,
): Promise<readonly Seen[]> {
  const { world } = api.services;
  const old = age === undefined ? undefined : api.history?.before(user, world.clock.monotonic(), age);
  return old ?? (await look(sorted(await definitionsOf(user, world)), world));
}

/** Old clients read one page only: it shall hold the live ones. New services come last, so pages do not shift. */
export function sorted(definitions: readonly Definition[]): readonly Definition[] {
  const gone = (one: Definition) => (one.destroyedAt === null ? 0 : 1);
  return definitions.toSorted(
    (a, b) => gone(a) - gone(b) || a.createdAt - b.createdAt || (a.uuid < b.uuid ? -1 : 1),
  );
}

function matches({ definition, state }: Seen, filter: string, value: string): boolean {
  switch (filter) {
    case 'state':
      return state === value;
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
