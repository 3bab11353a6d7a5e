/**
 * The list that may be trusted (reliability T1–T8): every page a plain 200 of JSON, every row understood, the pages a
 * chain on the same path with growing offsets, and as many services as the server says there are, none twice.
 *
 * A list that is not provably complete never becomes a `Listing`: a service missing from it would be made twice, and an
 * empty answer would be an empty fleet. `meta.next` chooses a query, never a host or a path.
 */
import type { Extension } from '../service/extensions.ts';
import type { ApiFailure } from '../service/failure.ts';
import type { Listing } from '../service/ports.ts';
import type { Live } from '../service/service.ts';
import { SERVICE_PATH } from '../service/wire.ts';
import { isObject } from './attributes.ts';
import { readService } from './wire.ts';

/** A 200 with JSON, as it came. */
export interface Page {
  /** undefined = did not parse, or says a key twice. */
  readonly body: unknown;
  readonly offered: readonly Extension[];
  /** Monotonic. */
  readonly startedAt: number;
}

export type GetPage = (
  path: string,
) => Promise<
  { readonly ok: true; readonly value: Page } | { readonly ok: false; readonly failure: ApiFailure }
>;

export type Walk =
  | { readonly kind: 'trusted'; readonly listing: Listing }
  | { readonly kind: 'failed'; readonly failure: ApiFailure }
  /** Not provably complete. `again`: services may have come or gone between the pages, so another walk may do. */
  | { readonly kind: 'untrusted'; readonly why: string; readonly again: boolean };

export const LIST_LIMIT = 100;
const MOST_PAGES = 2000;
/** The API's own page size: exactly so many without a count may be the first page of many. */
const PAGE_SIZE = 25;

export async function walkList(origin: string, getPage: GetPage): Promise<Walk> {
  const untrusted = (why: string, again = false): Walk => ({ kind: 'untrusted', why, again });
  const services = new Map<string, Live>();
  let path = `${SERVICE_PATH}?limit=${LIST_LIMIT}`;
  let first: Page | undefined;
  let total: number | undefined;
  for (let pages = 1; pages <= MOST_PAGES; pages++) {
    const got = await getPage(path);
    if (!got.ok) return { kind: 'failed', failure: got.failure };
    const page = got.value;
    first ??= page;
    if (page.offered.join() !== first.offered.join())
      return untrusted('its pages announce different extensions', true);
    const read = readPage(page.body);
    if (typeof read === 'string') return untrusted(read);
    for (const row of read.objects) {
      const service = readService(row, page.offered);
      if (!service.ok) return untrusted(`it holds ${service.why}`);
      if (services.has(service.live.uuid)) return untrusted(`it holds ${service.live.uuid} twice`, true);
      services.set(service.live.uuid, service.live);
    }
    if (pages > 1 && read.total !== total) return untrusted('its total_count changed between pages', true);
    total = read.total;
    if (read.next === null) {
      const gap = incomplete(services, read) ?? (await hidden(services, read, getPage));
      if (gap !== undefined) return untrusted(gap, read.total !== undefined);
      return { kind: 'trusted', listing: listingOf([...services.values()], first, pages) };
    }
    const next = nextPath(origin, path, read.next, total === undefined ? services.size : undefined);
    if (next === undefined) return untrusted('its meta.next does not lead on from its page');
    path = next;
  }
  return untrusted(`it has more than ${MOST_PAGES} pages`);
}

function listingOf(services: readonly Live[], first: Page, pages: number): Listing {
  const { offered, startedAt } = first;
  return { services, capabilities: offered, startedAt, full: offered.includes('full-list'), pages };
}

interface ReadPage {
  readonly objects: readonly unknown[];
  readonly next: string | null;
  readonly total: number | undefined;
  /** Said nothing about other pages at all. */
  readonly bare: boolean;
}

/** A text says why it is no page. */
function readPage(body: unknown): ReadPage | string {
  if (Array.isArray(body)) return { objects: body, next: null, total: undefined, bare: true };
  if (!isObject(body) || !Array.isArray(body['objects'])) return 'it is not JSON with a list of objects';
  const meta = body['meta'] ?? {};
  if (!isObject(meta)) return 'its meta is not an object';
  const next = meta['next'] ?? null;
  const count = meta['total_count'];
  const total = typeof count === 'string' && /^\d+$/.test(count) ? Number(count) : (count ?? undefined);
  if (next !== null && typeof next !== 'string') return 'its meta.next is not a path';
  if (total !== undefined && !(typeof total === 'number' && Number.isInteger(total)))
    return 'its total_count is not a count';
  const bare = total === undefined && !Object.hasOwn(meta, 'next');
  return { objects: body['objects'], next: next === '' ? null : next, total, bare };
}

type Seen = ReadonlyMap<string, Live>;

function incomplete(seen: Seen, { total, bare }: ReadPage): string | undefined {
  if (total !== undefined && total !== seen.size)
    return `it holds ${seen.size} services where total_count is ${total}`;
  if (bare && seen.size === PAGE_SIZE)
    return `it holds exactly ${PAGE_SIZE} services and does not say whether these are all`;
  return undefined;
}

/** A server that speaks of no pages, and gave exactly as many as were asked for, is asked for what comes after. */
async function hidden(seen: Seen, page: ReadPage, getPage: GetPage): Promise<string | undefined> {
  if (!page.bare || seen.size !== LIST_LIMIT) return undefined;
  const got = await getPage(`${SERVICE_PATH}?limit=${LIST_LIMIT}&offset=${LIST_LIMIT}`);
  const rest = got.ok ? readPage(got.value.body) : 'unknown';
  const known = (row: unknown) => isObject(row) && seen.has(String(row['uuid']));
  return typeof rest !== 'string' && rest.objects.every(known)
    ? undefined
    : `it holds exactly ${LIST_LIMIT} services and does not say that these are all`;
}

/** `next` on the same origin and path with a larger offset, which without a count must leave no gap; else undefined. */
function nextPath(
  origin: string,
  current: string,
  next: string,
  expected: number | undefined,
): string | undefined {
  const here = new URL(current, origin);
  if (!URL.canParse(next, here.href)) return undefined;
  const url = new URL(next, here);
  const sameList = url.origin === here.origin && url.pathname.replace(/\/*$/, '/') === here.pathname;
  const offset = offsetOf(url);
  const onwards = offset !== undefined && offset > (offsetOf(here) ?? 0) && offset === (expected ?? offset);
  return sameList && onwards ? `${here.pathname}${url.search}` : undefined;
}

function offsetOf(url: URL): number | undefined {
  const [offset, ...others] = url.searchParams.getAll('offset');
  return offset !== undefined && others.length === 0 && /^\d{1,9}$/.test(offset) ? Number(offset) : undefined;
}
