/**
 * The client of the service API: its nine endpoints as the drive sees them (service/ports.ts).
 *
 * Knows one profile, the reference; what the server announces beyond it is taken from the last trusted list. A write
 * is never repeated here: what is not known to have failed is *ambiguous*, and the drive looks.
 */
import type { Extension } from '../service/extensions.ts';
import type { ApiFailure, Result } from '../service/failure.ts';
import type { Listing, ServiceApi, WriteRequest } from '../service/ports.ts';
import type { Live } from '../service/service.ts';
import { serviceUri } from '../service/uri.ts';
import { SERVICE_PATH } from '../service/wire.ts';
import { ACTION_PATH, readActions } from './actions.ts';
import { isObject } from './attributes.ts';
import { createBody } from './body.ts';
import { createCall, writeCall } from './calls.ts';
import { type Answer, type Call, createExchanges, type ExchangeOptions } from './exchange.ts';
import { type GetPage, walkList } from './list.ts';
import { createPace, type PaceOptions } from './pace.ts';
import { readService } from './wire.ts';

export interface ClientOptions extends Omit<ExchangeOptions, 'pace' | 'deadlineMs' | 'maxBytes'> {
  /** As `parseOrigin` gives it: absolute `next` links must have it. */
  readonly origin: string;
  readonly pace: PaceOptions;
  /** For one request and its answer. Default 30 000. */
  readonly deadlineMs?: number;
}

const DEADLINE_MS = 30_000;
const MAX_BYTES = 16 * 1024 * 1024;
/** Records of writes that are asked for at once. */
const MOST_ACTIONS = 20;
/** Further walks over a list whose pages did not fit together. */
const MORE_WALKS = 2;

export function createClient(options: ClientOptions): ServiceApi {
  const { clock, random, origin } = options;
  const exchanges = createExchanges({
    ...options,
    pace: createPace(clock, options.pace),
    deadlineMs: options.deadlineMs ?? DEADLINE_MS,
    maxBytes: MAX_BYTES,
  });
  let offered: readonly Extension[] = [];

  const list = async (signal: AbortSignal): Promise<Result<Listing>> => {
    const getPage: GetPage = async (path) => {
      const got = await exchanges.read('read', path, signal);
      if (!got.ok) return got;
      if (!got.value.isJson) return unreadable(`GET ${path}`, got.value);
      return { ok: true, value: { ...got.value, body: got.value.json() } };
    };
    for (let walks = 0; ; walks++) {
      const walk = await walkList(origin, getPage);
      if (walk.kind === 'failed') return { ok: false, failure: walk.failure };
      if (walk.kind === 'trusted') {
        offered = walk.listing.capabilities;
        return { ok: true, value: walk.listing };
      }
      if (!walk.again || walks === MORE_WALKS || signal.aborted) {
        const message = `GET ${SERVICE_PATH}: the list is not provably complete: ${walk.why}`;
        return failed({ kind: 'ambiguous', status: 200, message });
      }
      await clock.sleep(250 * 2 ** walks * (1 + random.next()), signal);
    }
  };

  return {
    list,
    async get(uuid, signal) {
      const path = serviceUri(uuid);
      const got = await exchanges.read('look', path, signal);
      if (!got.ok) return got;
      const { startedAt, status } = got.value;
      if (status !== 200) return { ok: true, value: { live: undefined, startedAt } };
      if (!got.value.isJson) return unreadable(`GET ${path}`, got.value);
      const row = readService(got.value.json(), got.value.offered);
      if (row.ok && row.live.uuid === uuid) return { ok: true, value: { live: row.live, startedAt } };
      const why = row.ok ? 'another service than asked for' : row.why;
      return failed({ kind: 'ambiguous', status, message: `GET ${path}: it answered ${why}` });
    },
    async logs(uuid, signal, tail) {
      const path = `${serviceUri(uuid)}logs/${tail === undefined ? '' : `?tail=${tail}`}`;
      const got = await exchanges.read('read', path, signal);
      if (!got.ok) return got;
      const body = got.value.json();
      if (!isObject(body) || typeof body['logs'] !== 'string') return unreadable(`GET ${path}`, got.value);
      return { ok: true, value: body['logs'] };
    },
    async actions(uuid, signal) {
      const path = `${ACTION_PATH}?object=${encodeURIComponent(serviceUri(uuid))}&limit=${MOST_ACTIONS}`;
      const got = await exchanges.read('read', path, signal);
      if (!got.ok) return got;
      const lines = readActions(got.value.json());
      return lines === undefined ? unreadable(`GET ${path}`, got.value) : { ok: true, value: lines };
    },
    createBody: (request) => createBody(request, offered),
    async create(placed, signal) {
      const place = asked(placed, (request) => createCall(request, offered));
      const done = await exchanges.write('write', place, signal);
      if (done === undefined || !done.ok) return done;
      const live = liveOf(done.value);
      if (live !== undefined) return { ok: true, value: { live } };
      const message = `POST ${SERVICE_PATH}: ${done.value.status} without a service that can be read`;
      return failed({ kind: 'ambiguous', status: done.value.status, message });
    },
    async write(placed, priority, signal) {
      let uuid = '';
      const place = asked(placed, (request: WriteRequest) => {
        uuid = request.operation.uuid;
        return writeCall(request, offered);
      });
      const done = await exchanges.write(priority, place, signal);
      if (done === undefined || !done.ok) return done;
      const live = liveOf(done.value);
      return { ok: true, value: { live: live?.uuid === uuid ? live : undefined } };
    },
  };
}

const failed = (failure: ApiFailure): { readonly ok: false; readonly failure: ApiFailure } => ({
  ok: false,
  failure,
});

const unreadable = (asked: string, answer: Answer) =>
  failed({
    kind: 'broken',
    status: answer.status,
    message: `${asked}: ${answer.status}, but not the JSON that was expected; check that --api-url leads to the service API`,
  });

function asked<T>(placed: () => Promise<T | undefined>, callOf: (request: T) => Call) {
  return async (): Promise<Call | undefined> => {
    const request = await placed();
    return request === undefined ? undefined : callOf(request);
  };
}

/** The service an accepted write showed, where its body is one. */
function liveOf(answer: Answer): Live | undefined {
  const row = readService(answer.json(), answer.offered);
  return row.ok ? row.live : undefined;
}
