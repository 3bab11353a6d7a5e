/** GET /api/v1/container/ and /api/v1/container/(uuid)/: the containers behind a user's services. Only to look at. */
import type { FastifyRequest } from 'fastify';
import type { Definition } from '../../service/definition.ts';
import type { ContainerView } from '../../service/engine.ts';
import { serviceUri } from '../../service/uri.ts';
import { CONTAINER_PATH, containerObject, containerState, containerUuid } from '../container-object.ts';
import { userOf } from '../http/answer.ts';
import { page, readListQuery } from '../http/paging.ts';
import { notFound } from '../http/problem.ts';
import type { Api } from '../http/server.ts';
import { definitionsOf, look } from '../life/look.ts';
import { uuidOf } from './detail.ts';

const FILTERS = ['state', 'name', 'unique_name', 'service', 'uuid', 'uuid__startswith'] as const;

interface Row {
  readonly definition: Definition;
  readonly view: ContainerView;
}

async function rowsOf(api: Api, request: FastifyRequest): Promise<readonly Row[]> {
  const { world } = api.services;
  const seen = await look(await definitionsOf(userOf(request), world), world);
  return seen.flatMap(({ definition, containers }) => containers.map((view) => ({ definition, view })));
}

/** The container that the path names. Throws a Problem where the user has none of that uuid. */
export async function containerOf(api: Api, request: FastifyRequest): Promise<Row> {
  const uuid = uuidOf(request);
  const found = (await rowsOf(api, request)).find(({ view }) => containerUuid(view.id) === uuid);
  if (found === undefined) throw notFound('there is no such container');
  return found;
}

export function containerRoutes(api: Api): void {
  api.app.get(CONTAINER_PATH, async (request) => {
    const query = readListQuery((request.raw.url ?? '').split('?')[1] ?? '', FILTERS);
    const wanted = (await rowsOf(api, request)).filter((row) =>
      [...query.filters].every(([filter, values]) => values.some((value) => matches(row, filter, value))),
    );
    const { meta, objects } = page(CONTAINER_PATH, wanted, query);
    return { meta, objects: objects.map(({ definition, view }) => containerObject(definition, view)) };
  });

  api.app.get(`${CONTAINER_PATH}:uuid`, async (request) => {
    const { definition, view } = await containerOf(api, request);
    return containerObject(definition, view);
  });
}

function matches({ definition, view }: Row, filter: string, value: string): boolean {
  switch (filter) {
    case 'state':
      return containerState(view) === value;
    case 'service':
      return serviceUri(definition.uuid) === value || definition.uuid === value;
    case 'uuid':
      return containerUuid(view.id) === value.toLowerCase();
    case 'uuid__startswith':
      return containerUuid(view.id).startsWith(value.toLowerCase());
    default:
      return view.name === value;
  }
}
