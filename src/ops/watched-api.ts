/** The service API with its queue and its lists measured; nothing else about it changes. */
import type { Clock, Http, HttpRequest, ServiceApi } from '../service/ports.ts';
import type { Metrics } from './metrics.ts';

export interface WatchedApi {
  readonly api: ServiceApi;
  /** Monotonic time at which the last trusted list began. */
  listedAt(): number | undefined;
}

export function watchApi(inner: ServiceApi, clock: Clock, metrics: Metrics): WatchedApi {
  const depth = { write: 0, delete: 0 };
  let listedAt: number | undefined;

  /** One write on its way to a place: counted until it is asked what to send, or goes away. */
  const queued = <T>(kind: 'write' | 'delete', placed: () => Promise<T>) => {
    const from = clock.monotonic();
    let waits = true;
    depth[kind] += 1;
    const leave = () => {
      if (!waits) return;
      waits = false;
      depth[kind] -= 1;
      metrics.set('queue_depth', depth[kind], { kind });
    };
    metrics.set('queue_depth', depth[kind], { kind });
    return {
      leave,
      placed() {
        leave();
        metrics.observe('queue_wait_seconds', (clock.monotonic() - from) / 1_000, { kind });
        return placed();
      },
    };
  };

  const api: ServiceApi = {
    ...inner,
    async list(signal) {
      const result = await inner.list(signal);
      if (result.ok) listedAt = result.value.startedAt;
      return result;
    },
    create(placed, signal) {
      const place = queued('write', placed);
      return inner.create(() => place.placed(), signal).finally(place.leave);
    },
    write(placed, priority, signal) {
      const place = queued(priority === 'delete' ? 'delete' : 'write', placed);
      return inner.write(() => place.placed(), priority, signal).finally(place.leave);
    },
  };
  return { api, listedAt: () => listedAt };
}

const CLASSES = { 2: '2xx', 3: '3xx', 4: '4xx', 5: '5xx' } as const;

/** The exchanges with the service API, counted and timed. */
export function watchHttp(inner: Http, clock: Clock, metrics: Metrics): Http {
  return {
    async exchange(request: HttpRequest) {
      const from = clock.monotonic();
      const outcome = await inner.exchange(request);
      const { method } = request;
      const status = outcome.kind === 'response' ? outcome.status : undefined;
      const first = Math.floor((status ?? 0) / 100);
      const known = first === 2 || first === 3 || first === 4 || first === 5 ? CLASSES[first] : 'none';
      metrics.count('api_requests_total', { method, status: known });
      metrics.observe('api_request_duration_seconds', (clock.monotonic() - from) / 1_000, { method });
      if (status === 429 || status === 503) metrics.count('throttled_total', {});
      return outcome;
    },
  };
}
