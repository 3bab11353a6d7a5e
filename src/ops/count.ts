/** The event stream as metrics, and the gauges that are read from the status when somebody asks. */
import type { Event } from '../service/event.ts';
import type { Clock } from '../service/ports.ts';
import { isServiceState } from '../service/states.ts';
import type { ServiceStatus } from '../service/status.ts';
import type { Control } from './control.ts';
import type { Metrics } from './metrics.ts';

const INTERVALS = 3;
const MOST_NAMES = 10_000;

/** What counts each event. */
export function createCounter(clock: Clock, metrics: Metrics): (event: Event) => void {
  let complete = true;
  /** When the first operation of a service that is not yet as wished was accepted. */
  const since = new Map<string, number>();
  return (event) => {
    switch (event.type) {
      case 'pass:start':
        complete = event.complete;
        return metrics.set('source_complete', complete ? 1 : 0, {});
      case 'pass:end':
        metrics.count('pass_total', { result: complete ? 'success' : 'incomplete' });
        return metrics.observe('pass_duration_seconds', event.tookMs / 1_000, {});
      case 'pass:failed':
        metrics.count('pass_total', { result: 'failed' });
        return metrics.observe('pass_duration_seconds', event.tookMs / 1_000, {});
      case 'operation:accepted':
        if (!since.has(event.name) && since.size < MOST_NAMES) since.set(event.name, clock.monotonic());
        return metrics.count('operations_total', { verb: event.operation.verb, reason: event.why.code });
      case 'operation:failed':
        return metrics.count('operation_failures_total', { verb: event.verb, failure: event.failure.kind });
      case 'service:in-sync': {
        const from = since.get(event.name);
        since.delete(event.name);
        if (from !== undefined)
          metrics.observe('convergence_seconds', (clock.monotonic() - from) / 1_000, {});
        return;
      }
      case 'service:foreign-change':
        return metrics.count('foreign_changes_total', {});
      case 'deletes:refused':
        return metrics.count('deletes_refused_total', { objection: event.objection.code });
      case 'journal:failed':
        return metrics.count('journal_failures_total', {});
      case 'create:uncertain':
        return metrics.count('uncertain_creates_total', {});
      default:
        return;
    }
  };
}

export interface Gauged {
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly control: Pick<Control, 'lastSuccess' | 'status' | 'suspensions'>;
  /** Monotonic time of the last trusted list. */
  readonly listedAt: () => number | undefined;
}

/** Sets every gauge that says how things are now. */
export function readGauges(metrics: Metrics, { clock, intervalMs, control, listedAt }: Gauged): void {
  const now = clock.monotonic();
  const last = control.lastSuccess();
  const listed = listedAt();
  metrics.set(
    'last_success_timestamp_seconds',
    last === undefined ? 0 : (clock.wall() - (now - last)) / 1_000,
    {},
  );
  metrics.set('ready', last !== undefined && now - last < INTERVALS * intervalMs ? 1 : 0, {});
  metrics.set('interval_seconds', intervalMs / 1_000, {});
  metrics.set('observed_age_seconds', listed === undefined ? -1 : (now - listed) / 1_000, {});
  metrics.clear('suspended_seconds_left');
  const longest = { fleet: 0, service: 0 };
  for (const { name, until } of control.suspensions()) {
    const scope = name === undefined ? 'fleet' : 'service';
    longest[scope] = Math.max(longest[scope], (until - clock.wall()) / 1_000);
  }
  metrics.set('suspended_seconds_left', longest.fleet, { scope: 'fleet' });
  metrics.set('suspended_seconds_left', longest.service, { scope: 'service' });
  readServices(metrics, control.status()?.services ?? []);
}

function readServices(metrics: Metrics, services: readonly ServiceStatus[]): void {
  for (const name of ['services', 'services_sync', 'blocked'] as const) metrics.clear(name);
  for (const name of ['service_in_sync', 'service_differing_fields', 'service_stalled'] as const)
    metrics.clear(name);
  const sums = new Map<string, number>();
  const sum = (key: string) => {
    const value = (sums.get(key) ?? 0) + 1;
    sums.set(key, value);
    return value;
  };
  let fields = 0;
  for (const { name, state, sync, block, differences } of services) {
    const known = state === undefined ? 'absent' : isServiceState(state) ? state : 'unknown';
    metrics.set('services', sum(`state ${known}`), { state: known });
    metrics.set('services_sync', sum(`sync ${sync}`), { sync });
    if (sync === 'blocked' && block !== undefined)
      metrics.set('blocked', sum(`rule ${block.code}`), { rule: block.code });
    fields += differences.length;
    metrics.set('service_in_sync', sync === 'in-sync' ? 1 : 0, { service: name });
    metrics.set('service_differing_fields', differences.length, { service: name });
    metrics.set('service_stalled', sync === 'stalled' ? 1 : 0, { service: name });
  }
  metrics.set('differing_fields', fields, {});
  metrics.set('orphans', sums.get('sync orphan') ?? 0, {});
}
