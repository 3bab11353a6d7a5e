import { describe, expect, it } from 'vitest';
import { createCounter, readGauges } from '../../src/ops/count.ts';
import { METRICS, type MetricRow, PREFIX } from '../../src/ops/metric-rows.ts';
import { Metrics } from '../../src/ops/metrics.ts';
import { watchApi, watchHttp } from '../../src/ops/watched-api.ts';
import type { HttpOutcome, ServiceApi } from '../../src/service/ports.ts';
import type { FleetStatus, ServiceStatus } from '../../src/service/status.ts';
import { virtualClock } from '../support/clock.ts';
import { EVERY_EVENT } from '../support/plans.ts';

const samples = (text: string) =>
  new Map(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map(
        (line) =>
          [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))] as const,
      ),
  );

const made = (perService = false) => {
  const clock = virtualClock();
  return { clock, metrics: new Metrics(clock, { version: '1.2.3', perService }) };
};

/** Every series that the rows promise. */
function promised(): readonly string[] {
  return Object.entries<MetricRow>(METRICS).flatMap(([name, row]) => {
    let all: string[][] = [[]];
    for (const [label, values] of Object.entries(row.labels)) {
      const known = values === 'open' ? [] : values;
      all = known.flatMap((value) => all.map((labels) => [...labels, `${label}="${value}"`]));
    }
    const whole = row.type === 'histogram' ? `${name}_count` : name;
    return all.map((labels) => PREFIX + whole + (labels.length === 0 ? '' : `{${labels.join(',')}}`));
  });
}

const service = (name: string, more: Partial<ServiceStatus>): ServiceStatus => ({
  name,
  uuid: undefined,
  want: 'running',
  state: 'Running',
  image: undefined,
  containers: {},
  deployedAt: undefined,
  sync: 'in-sync',
  block: undefined,
  waitsFor: undefined,
  next: [],
  differences: [],
  notes: [],
  allows: [],
  note: undefined,
  since: undefined,
  deadline: undefined,
  nextLook: undefined,
  decisions: [],
  ...more,
});

const FLEET: FleetStatus = {
  formatVersion: 1,
  at: 0,
  revision: 'r1',
  problems: [],
  services: [
    service('a', {}),
    service('b', {}),
    service('c', {
      state: undefined,
      sync: 'blocked',
      block: { code: 'namesakes', uuids: [] },
      differences: [{ field: 'image', live: 'a', wanted: 'b' }],
    }),
    service('d', { state: 'Scaling', sync: 'stalled' }),
    service('e', { state: 'Levitating', sync: 'orphan' }),
  ],
};

describe('metrics', () => {
  it('are all there at zero before anything happened', async () => {
    const { metrics } = made();
    const now = samples(await metrics.text());
    const expected = promised();
    expect(expected.length).toBeGreaterThan(150);
    for (const series of expected) expect(now.get(series), series).toBe(0);
    expect(now.get('evenkeel_build_info{version="1.2.3"}')).toBe(1);
  });

  it('count every event that has a number, without ever throwing', async () => {
    const { clock, metrics } = made();
    const count = createCounter(clock, metrics);
    for (const event of Object.values(EVERY_EVENT)) count(event);
    const now = samples(await metrics.text());
    expect(now.get('evenkeel_pass_total{result="success"}')).toBe(1);
    expect(now.get('evenkeel_pass_total{result="failed"}')).toBe(1);
    expect(now.get('evenkeel_foreign_changes_total')).toBe(1);
    expect(now.get('evenkeel_journal_failures_total')).toBe(1);
    expect(now.get('evenkeel_uncertain_creates_total')).toBe(1);
    expect(
      [...now]
        .filter(([name]) => name.startsWith('evenkeel_operations_total'))
        .reduce((sum, [, value]) => sum + value, 0),
    ).toBe(1);
  });

  it('count a pass over manifests that could not all be read as incomplete', async () => {
    const { clock, metrics } = made();
    const count = createCounter(clock, metrics);
    count({ ...EVERY_EVENT['pass:start'], complete: false });
    count(EVERY_EVENT['pass:end']);
    const now = samples(await metrics.text());
    expect(now.get('evenkeel_pass_total{result="incomplete"}')).toBe(1);
    expect(now.get('evenkeel_source_complete')).toBe(0);
  });

  it('measure the way of a service from its first accepted operation to its wish', async () => {
    const { clock, metrics } = made();
    const count = createCounter(clock, metrics);
    const { name } = EVERY_EVENT['operation:accepted'];
    count(EVERY_EVENT['operation:accepted']);
    await clock.advance(3_000);
    count(EVERY_EVENT['operation:accepted']);
    await clock.advance(4_000);
    count({ type: 'service:in-sync', name, state: 'Running' });
    count({ type: 'service:in-sync', name, state: 'Running' });
    const now = samples(await metrics.text());
    expect(now.get('evenkeel_convergence_seconds_sum')).toBe(7);
    expect(now.get('evenkeel_convergence_seconds_count')).toBe(1);
  });

  it('tell the fleet as it is when they are read, and forget what is not so any more', async () => {
    const { clock, metrics } = made();
    let status: FleetStatus | undefined = FLEET;
    const from = clock.monotonic();
    metrics.onRead(() =>
      readGauges(metrics, {
        clock,
        intervalMs: 60_000,
        listedAt: () => from,
        control: {
          lastSuccess: () => from,
          status: () => status,
          suspensions: () => [{ name: undefined, until: clock.wall() + 90_000, by: 'me', reason: 'x' }],
        },
      }),
    );
    const first = samples(await metrics.text());
    expect(first.get('evenkeel_services{state="Running"}')).toBe(2);
    expect(first.get('evenkeel_services{state="absent"}')).toBe(1);
    expect(first.get('evenkeel_services{state="unknown"}')).toBe(1);
    expect(first.get('evenkeel_services_sync{sync="stalled"}')).toBe(1);
    expect(first.get('evenkeel_blocked{rule="namesakes"}')).toBe(1);
    expect(first.get('evenkeel_orphans')).toBe(1);
    expect(first.get('evenkeel_differing_fields')).toBe(1);
    expect(first.get('evenkeel_ready')).toBe(1);
    expect(first.get('evenkeel_suspended_seconds_left{scope="fleet"}')).toBe(90);
    status = { ...FLEET, services: [] };
    await clock.advance(180_000);
    const later = samples(await metrics.text());
    expect(later.get('evenkeel_services{state="Running"}')).toBe(0);
    expect(later.get('evenkeel_blocked{rule="namesakes"}')).toBe(0);
    expect(later.get('evenkeel_ready')).toBe(0);
    expect(later.get('evenkeel_observed_age_seconds')).toBe(180);
  });

  it('are made at most once a second, however many ask', async () => {
    const { clock, metrics } = made();
    let times = 0;
    metrics.onRead(() => {
      times += 1;
    });
    await Promise.all([metrics.text(), metrics.text(), metrics.text()]);
    expect(times).toBe(1);
    await clock.advance(1_000);
    await metrics.text();
    expect(times).toBe(2);
  });

  it('name services only where that is asked for', async () => {
    for (const perService of [false, true]) {
      const { clock, metrics } = made(perService);
      const control = { lastSuccess: () => undefined, status: () => FLEET, suspensions: () => [] };
      metrics.onRead(() => readGauges(metrics, { clock, intervalMs: 1, listedAt: () => undefined, control }));
      const text = await metrics.text();
      expect(text.includes('service="')).toBe(perService);
      if (perService) expect(samples(text).get('evenkeel_service_in_sync{service="a"}')).toBe(1);
    }
  });

  it('say how many writes wait for a place, and for how long', async () => {
    const { clock, metrics } = made();
    let grant: (() => void) | undefined;
    const inner = {
      write: async (placed: () => Promise<unknown>) => {
        await new Promise<void>((resolve) => {
          grant = resolve;
        });
        await placed();
        return undefined;
      },
      list: () => Promise.resolve({ ok: true, value: { startedAt: 77 } }),
    } as unknown as ServiceApi;
    const { api, listedAt } = watchApi(inner, clock, metrics);
    const writing = api.write(() => Promise.resolve(undefined), 'delete', new AbortController().signal);
    const waiting = samples(await metrics.text());
    expect(waiting.get('evenkeel_queue_depth{kind="delete"}')).toBe(1);
    await clock.advance(2_000);
    grant?.();
    await writing;
    const now = samples(await metrics.text());
    expect(now.get('evenkeel_queue_depth{kind="delete"}')).toBe(0);
    expect(now.get('evenkeel_queue_wait_seconds_sum{kind="delete"}')).toBe(2);
    expect(listedAt()).toBe(undefined);
    await api.list(new AbortController().signal);
    expect(listedAt()).toBe(77);
  });

  it('count requests to the service API by class, those without an answer too', async () => {
    const { clock, metrics } = made();
    const answers: HttpOutcome[] = [
      { kind: 'response', status: 202, headers: {}, body: '' },
      { kind: 'response', status: 429, headers: {}, body: '' },
      { kind: 'error', sent: true, message: 'reset' },
    ];
    const http = watchHttp(
      { exchange: () => Promise.resolve(answers.shift() as HttpOutcome) },
      clock,
      metrics,
    );
    const request = {
      path: '/',
      headers: {},
      body: undefined,
      signal: new AbortController().signal,
      maxBytes: 1,
    };
    for (let ask = 0; ask < 3; ask++) await http.exchange({ method: 'PATCH', ...request });
    const now = samples(await metrics.text());
    expect(now.get('evenkeel_api_requests_total{method="PATCH",status="2xx"}')).toBe(1);
    expect(now.get('evenkeel_api_requests_total{method="PATCH",status="4xx"}')).toBe(1);
    expect(now.get('evenkeel_api_requests_total{method="PATCH",status="none"}')).toBe(1);
    expect(now.get('evenkeel_throttled_total')).toBe(1);
  });
});
