/** GET …/logs/: one text, lines of all containers merged by time, cut to the last ones. */
import { SERVICE_PATH } from '../../service/wire.ts';
import { userOf } from '../http/answer.ts';
import { notFound, Problem, Unavailable } from '../http/problem.ts';
import type { Api } from '../http/server.ts';
import { definitionOf } from '../life/look.ts';
import { uuidOf } from './detail.ts';

const DEFAULT_TAIL = 300;
const MOST_TAIL = 10_000;
const MOST_CHARACTERS = 2 ** 20;

export function logRoute(api: Api): void {
  api.app.route({
    method: 'GET',
    url: `${SERVICE_PATH}:uuid/logs`,
    config: { verb: 'logs' },
    handler: async (request) => {
      const { world } = api.services;
      const definition = await definitionOf(uuidOf(request), userOf(request), world);
      if (definition === undefined) throw notFound();
      const tail = readTail((request.raw.url ?? '').split('?')[1] ?? '');
      if (definition.destroyedAt !== null) return { logs: '' };
      const result = await world.engine.logs(definition, { tail }, new AbortController().signal);
      if (!result.ok) throw new Unavailable(`the logs cannot be had: ${result.failure.message}`);
      const lines = result.value.map((line) => `[${line.container}] ${line.timestamp} ${line.text}\n`);
      return { logs: lastOf(lines.join('')) };
    },
  });
}

function readTail(query: string): number {
  const tail = new URLSearchParams(query).get('tail');
  if (tail === null || tail === '') return DEFAULT_TAIL;
  if (/^\d{1,9}$/.test(tail)) return Math.min(Number(tail), MOST_TAIL);
  throw new Problem(400, 'tail: expected a whole number from 0');
}

/** Whole lines only. */
function lastOf(logs: string): string {
  if (logs.length <= MOST_CHARACTERS) return logs;
  const cut = logs.slice(-MOST_CHARACTERS);
  return cut.slice(cut.indexOf('\n') + 1);
}
