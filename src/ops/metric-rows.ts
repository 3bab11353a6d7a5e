/**
 * Every metric, one row each: the registry and docs/metrics.md are made from these. Label values are closed sets, known
 * before anything happens, so that each counter is there at zero and a rate over it is right from its first event. Names
 * of services are labels only where a row says `perService`, and those are off unless asked for.
 */
import { STATES } from '../service/states.ts';
import { BLOCKS, FAILURES, REASONS, SYNCS, VERBS } from './metric-labels.ts';

export interface MetricRow {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /** The values of each label; `open` = not a closed set. */
  readonly labels: Readonly<Record<string, readonly string[] | 'open'>>;
  readonly perService?: true;
  /** Upper bounds, for a histogram. */
  readonly buckets?: readonly number[];
}

const row = <const Row extends MetricRow>(one: Row) => one;
const REQUEST_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const WAIT_BUCKETS = [0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800];

export const PREFIX = 'evenkeel_';

export const METRICS = {
  build_info: row({
    type: 'gauge',
    help: 'Always 1; the label says which version runs.',
    labels: { version: 'open' },
  }),
  pass_total: row({
    type: 'counter',
    help: 'Passes. incomplete: the fleet was seen, but not all manifests could be read. failed: the fleet could not be seen.',
    labels: { result: ['success', 'incomplete', 'failed'] },
  }),
  pass_duration_seconds: row({
    type: 'histogram',
    help: 'How long a pass takes from reading the manifests to its end.',
    labels: {},
    buckets: WAIT_BUCKETS,
  }),
  last_success_timestamp_seconds: row({
    type: 'gauge',
    help: 'When the last pass ended that saw everything, in seconds since the epoch; 0 = none in this life.',
    labels: {},
  }),
  ready: row({
    type: 'gauge',
    help: 'What /readyz says: 1 while the last success is younger than three intervals.',
    labels: {},
  }),
  interval_seconds: row({ type: 'gauge', help: 'The setting --interval.', labels: {} }),
  observed_age_seconds: row({
    type: 'gauge',
    help: 'How old the last trusted list of the services is; -1 = none yet.',
    labels: {},
  }),
  source_complete: row({
    type: 'gauge',
    help: '1 while all manifests could be read at the last pass; 0 suspends every delete.',
    labels: {},
  }),
  services: row({
    type: 'gauge',
    help: 'Services by state of the API; absent: wished, but not there; unknown: a state that is none.',
    labels: { state: [...Object.keys(STATES), 'absent', 'unknown'] },
  }),
  services_sync: row({
    type: 'gauge',
    help: 'Services by how they stand to their manifests.',
    labels: { sync: SYNCS },
  }),
  blocked: row({ type: 'gauge', help: 'Blocked services by what blocks them.', labels: { rule: BLOCKS } }),
  differing_fields: row({
    type: 'gauge',
    help: 'Fields that differ between manifests and live services.',
    labels: {},
  }),
  orphans: row({ type: 'gauge', help: 'Owned services that no manifest names.', labels: {} }),
  operations_total: row({
    type: 'counter',
    help: 'Operations that the server accepted, by verb and reason.',
    labels: { verb: VERBS, reason: REASONS },
  }),
  operation_failures_total: row({
    type: 'counter',
    help: 'Operations that did not end well, by verb and kind of failure.',
    labels: { verb: VERBS, failure: FAILURES },
  }),
  convergence_seconds: row({
    type: 'histogram',
    help: "From a service's first accepted operation until it is as wished.",
    labels: {},
    buckets: WAIT_BUCKETS,
  }),
  foreign_changes_total: row({
    type: 'counter',
    help: 'Changes of our services that somebody else made.',
    labels: {},
  }),
  deletes_refused_total: row({
    type: 'counter',
    help: 'Times that deletes and replaces were refused, by objection.',
    labels: { objection: ['too-many', 'everything'] },
  }),
  journal_failures_total: row({
    type: 'counter',
    help: 'Times that the journal became unwritable.',
    labels: {},
  }),
  uncertain_creates_total: row({
    type: 'counter',
    help: 'Creates of which nobody knew whether they were carried out.',
    labels: {},
  }),
  api_requests_total: row({
    type: 'counter',
    help: 'Requests to the service API by class of the answer; none: there was no answer.',
    labels: { method: ['GET', 'POST', 'PATCH', 'DELETE'], status: ['2xx', '3xx', '4xx', '5xx', 'none'] },
  }),
  api_request_duration_seconds: row({
    type: 'histogram',
    help: 'From the sending of a request to the service API to the end of its answer.',
    labels: { method: ['GET', 'POST', 'PATCH', 'DELETE'] },
    buckets: REQUEST_BUCKETS,
  }),
  throttled_total: row({
    type: 'counter',
    help: 'Answers of the service API that asked for patience (429, 503).',
    labels: {},
  }),
  queue_depth: row({
    type: 'gauge',
    help: 'Writes that wait for a place under the rate limit.',
    labels: { kind: ['write', 'delete'] },
  }),
  queue_wait_seconds: row({
    type: 'histogram',
    help: 'How long a write waited for its place under the rate limit.',
    labels: { kind: ['write', 'delete'] },
    buckets: WAIT_BUCKETS,
  }),
  suspended_seconds_left: row({
    type: 'gauge',
    help: 'Until the longest suspension ends: of the whole fleet, or of single services; 0 = none.',
    labels: { scope: ['fleet', 'service'] },
  }),
  webhook_requests_total: row({
    type: 'counter',
    help: 'Requests to /hooks/git.',
    labels: { result: ['accepted', 'refused'] },
  }),
  notifications_total: row({
    type: 'counter',
    help: 'Messages by kind of target and what became of them; failed: one attempt, which is repeated. dropped: given up.',
    labels: { type: ['webhook', 'slack', 'commit-status'], result: ['delivered', 'failed', 'dropped'] },
  }),
  outbox_messages: row({ type: 'gauge', help: 'Messages that wait to be delivered.', labels: {} }),
  alerts_open: row({ type: 'gauge', help: 'Causes that were told and have not ended.', labels: {} }),
  service_in_sync: row({
    type: 'gauge',
    help: '1 while the service is as its manifest says.',
    labels: { service: 'open' },
    perService: true,
  }),
  service_differing_fields: row({
    type: 'gauge',
    help: 'Fields of the service that differ from its manifest.',
    labels: { service: 'open' },
    perService: true,
  }),
  service_stalled: row({
    type: 'gauge',
    help: '1 while the service is in a moving state for longer than its deadline.',
    labels: { service: 'open' },
    perService: true,
  }),
};

export type MetricName = keyof typeof METRICS;
type OfType<Type> = {
  [Name in MetricName]: (typeof METRICS)[Name]['type'] extends Type ? Name : never;
}[MetricName];
export type CounterName = OfType<'counter'>;
export type GaugeName = OfType<'gauge'>;
export type HistogramName = OfType<'histogram'>;

/** The labels of a metric; a value outside its closed set does not compile. */
export type LabelsOf<Name extends MetricName> = {
  readonly [Label in keyof (typeof METRICS)[Name]['labels']]: (typeof METRICS)[Name]['labels'][Label] extends readonly (infer Value)[]
    ? Value
    : string;
};
