/**
 * A service API of a few lines at the `Http` port: every transition takes exactly `transitionMs`, every answer
 * `latencyMs`, on whatever clock is given. It counts what it is asked; the counts are exact.
 */
import type { Clock, Http, HttpOutcome, HttpRequest } from '../src/service/ports.ts';
import { EXTENSIONS_VALUE } from './fleet.ts';

interface Row {
  readonly uuid: string;
  readonly body: Record<string, unknown>;
  state: string;
  settlesAt: number;
}

export interface Stub extends Http {
  readonly requests: { reads: number; writes: number; details: number };
  running(): number;
}

export function stub(clock: Clock, transitionMs: number, latencyMs: number): Stub {
  const rows = new Map<string, Row>();
  const requests = { reads: 0, writes: 0, details: 0 };
  const settle = () => {
    for (const row of rows.values()) {
      if (row.state === 'Starting' && clock.monotonic() >= row.settlesAt) row.state = 'Running';
    }
  };
  const show = (row: Row) => ({
    ...row.body,
    uuid: row.uuid,
    resource_uri: `/api/v1/service/${row.uuid}/`,
    state: row.state,
    image_name: row.body['image'],
    redeploy_token: null,
    container_envvars: row.body['container_envvars'] ?? [],
    linked_to_service: row.body['linked_to_service'] ?? [],
    target_num_containers: row.body['target_num_containers'] ?? 1,
    labels: row.body['labels'] ?? {},
  });
  const answer = ({ method, path, body }: HttpRequest): readonly [number, unknown] => {
    settle();
    const [where = '', query = ''] = path.split('?');
    const uuid = where.split('/')[4] ?? '';
    if (method === 'GET' && uuid === '') {
      requests.reads += 1;
      const offset = Number(new URLSearchParams(query).get('offset') ?? 0);
      const all = [...rows.values()];
      const next = offset + 100 < all.length ? `/api/v1/service/?limit=100&offset=${offset + 100}` : null;
      const meta = { limit: 100, next, offset, previous: null, total_count: all.length };
      return [200, { meta, objects: all.slice(offset, offset + 100).map(show) }];
    }
    if (method === 'GET') {
      requests.details += 1;
      const row = rows.get(uuid);
      return row === undefined ? [404, { error: 'no such service' }] : [200, show(row)];
    }
    requests.writes += 1;
    if (method === 'POST' && uuid === '') {
      const made = `00000000-0000-4000-8000-${String(rows.size).padStart(12, '0')}`;
      const row: Row = { uuid: made, body: JSON.parse(body ?? '{}'), state: 'Init', settlesAt: 0 };
      rows.set(made, row);
      return [201, show(row)];
    }
    const row = rows.get(uuid);
    if (row === undefined || !where.endsWith('/start/'))
      return [400, { error: `not here: ${method} ${path}` }];
    row.state = 'Starting';
    row.settlesAt = clock.monotonic() + transitionMs;
    return [202, show(row)];
  };
  return {
    requests,
    running: () => {
      settle();
      return [...rows.values()].filter((row) => row.state === 'Running').length;
    },
    async exchange(request): Promise<HttpOutcome> {
      await clock.sleep(latencyMs);
      const [status, value] = answer(request);
      const headers = { 'content-type': 'application/json', 'x-api-extensions': EXTENSIONS_VALUE };
      return { kind: 'response', status, headers, body: JSON.stringify(value) };
    },
  };
}
