/**
 * The list envelope: `{meta, objects}`, `next` and `previous` as paths, 25 a page unless asked otherwise. Filters that
 * nobody knows are refused: ignored, they would let an old client act on the wrong service (`research/api.md` §1.5 row 13).
 */
import type { ListMeta } from '../../service/wire.ts';
import { Problem } from './problem.ts';

const DEFAULT_LIMIT = 25;
const MOST = 1_000;

/** Sent by clients, without meaning here. */
const IGNORED = new Set(['format', 'order_by', 'username', 'api_key']);

export interface ListQuery {
  readonly limit: number;
  readonly offset: number;
  /** Filter → accepted values. */
  readonly filters: ReadonlyMap<string, readonly string[]>;
}

/** Throws a Problem naming the parameter. */
export function readListQuery(query: string, known: readonly string[]): ListQuery {
  const filters = new Map<string, string[]>();
  let limit = DEFAULT_LIMIT;
  let offset = 0;
  for (const [key, value] of new URLSearchParams(query)) {
    if (key === 'limit') limit = count(key, value);
    else if (key === 'offset') offset = count(key, value);
    else if (known.includes(key)) filters.set(key, [...(filters.get(key) ?? []), value]);
    else if (!IGNORED.has(key)) {
      throw new Problem(
        400,
        `there is no filter '${key.slice(0, 100)}'; there are: ${known.join(', ')}, limit, offset`,
      );
    }
  }
  return { limit: limit === 0 || limit > MOST ? MOST : limit, offset, filters };
}

function count(key: string, value: string): number {
  if (/^\d{1,9}$/.test(value)) return Number(value);
  throw new Problem(400, `${key}: expected a whole number from 0`);
}

export function page<T>(
  path: string,
  all: readonly T[],
  { limit, offset, filters }: ListQuery,
): { readonly meta: ListMeta; readonly objects: readonly T[] } {
  const link = (to: number) => {
    const query = new URLSearchParams({ limit: String(limit), offset: String(to) });
    for (const [key, values] of filters) for (const value of values) query.append(key, value);
    return `${path}?${query}`;
  };
  const end = offset + limit;
  return {
    meta: {
      limit,
      next: end < all.length ? link(end) : null,
      offset,
      previous: offset > 0 ? link(Math.max(0, offset - limit)) : null,
      total_count: all.length,
    },
    objects: all.slice(offset, end),
  };
}
