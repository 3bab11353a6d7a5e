/**
 * The metrics of one daemon in a registry of its own. What is counted is counted when it happens; gauges are read when
 * somebody asks, at most once a second, however many ask.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Clock } from '../service/ports.ts';
import {
  type CounterName,
  type GaugeName,
  type HistogramName,
  type LabelsOf,
  METRICS,
  type MetricName,
  type MetricRow,
  PREFIX,
} from './metric-rows.ts';

const FRESH_MS = 1_000;

/** Default metrics whose names Prometheus reads as counters, which they are not. */
const MISNAMED = ['handles', 'requests', 'resources'].map((what) => `nodejs_active_${what}_total`);

export class Metrics {
  readonly #clock: Clock;
  readonly #registry = new Registry();
  readonly #counters = new Map<string, Counter>();
  readonly #gauges = new Map<string, Gauge>();
  readonly #histograms = new Map<string, Histogram>();
  readonly #collectors: (() => void)[] = [];
  #rendered: { readonly at: number; readonly text: Promise<string> } | undefined;

  /** `perService`: also the rows whose label is a service's name. */
  constructor(
    clock: Clock,
    { version, perService }: { readonly version: string; readonly perService: boolean },
  ) {
    this.#clock = clock;
    for (const [name, row] of Object.entries<MetricRow>(METRICS))
      if (row.perService !== true || perService) this.#add(name, row);
    this.set('build_info', 1, { version });
    collectDefaultMetrics({ register: this.#registry });
    for (const name of MISNAMED) this.#registry.removeSingleMetric(name);
  }

  count<Name extends CounterName>(name: Name, labels: LabelsOf<Name>, by = 1): void {
    this.#counters.get(name)?.inc(plain(labels), by);
  }

  set<Name extends GaugeName>(name: Name, value: number, labels: LabelsOf<Name>): void {
    this.#gauges.get(name)?.set(plain(labels), value);
  }

  observe<Name extends HistogramName>(name: Name, value: number, labels: LabelsOf<Name>): void {
    this.#histograms.get(name)?.observe(plain(labels), value);
  }

  /** Back to zero for each value of closed labels; without any for open ones. */
  clear(name: GaugeName): void {
    const gauge = this.#gauges.get(name);
    gauge?.reset();
    for (const labels of combinations(METRICS[name])) gauge?.set(labels, 0);
  }

  /** `collect` sets gauges just before they are read. */
  onRead(collect: () => void): void {
    this.#collectors.push(collect);
  }

  /** In the text format of Prometheus. */
  text(): Promise<string> {
    const now = this.#clock.monotonic();
    if (this.#rendered === undefined || now - this.#rendered.at >= FRESH_MS) {
      for (const collect of this.#collectors) collect();
      this.#rendered = { at: now, text: this.#registry.metrics() };
    }
    return this.#rendered.text;
  }

  #add(name: string, row: MetricRow): void {
    const config = {
      name: PREFIX + name,
      help: row.help,
      labelNames: Object.keys(row.labels),
      registers: [this.#registry],
    };
    if (row.type === 'counter') {
      const counter = new Counter(config);
      this.#counters.set(name, counter);
      for (const labels of combinations(row)) counter.inc(labels, 0);
    } else if (row.type === 'gauge') {
      const gauge = new Gauge(config);
      this.#gauges.set(name, gauge);
      for (const labels of combinations(row)) gauge.set(labels, 0);
    } else {
      const histogram = new Histogram({ ...config, buckets: [...(row.buckets ?? [])] });
      this.#histograms.set(name, histogram);
      for (const labels of combinations(row)) histogram.zero(labels);
    }
  }
}

const plain = (labels: object) => labels as Record<string, string>;

/** Every combination of the values of its labels; none where one is open. */
function combinations(row: MetricRow): readonly Record<string, string>[] {
  let all: Record<string, string>[] = [{}];
  for (const [label, values] of Object.entries(row.labels)) {
    if (values === 'open') return [];
    all = all.flatMap((labels) => values.map((value) => ({ ...labels, [label]: value })));
  }
  return all;
}

/** docs/metrics.md, from the rows. */
export function metricsPage(): string {
  const lines = (Object.entries(METRICS) as [MetricName, MetricRow][]).map(([name, row]) => {
    const labels = Object.entries(row.labels).map(([label, values]) =>
      values === 'open' ? `\`${label}\`` : `\`${label}\`: ${values.join(', ')}`,
    );
    return `| \`${PREFIX}${name}\` | ${row.type} | ${labels.join('; ') || '–'} | ${row.help}${row.perService === true ? ' Only with `--metrics-names`.' : ''} |`;
  });
  return [
    '# Metrics',
    '',
    '<!-- Generated from src/ops/metric-rows.ts by `npm run generate`. Do not edit. -->',
    '',
    'What `/metrics` of a running daemon tells (`evenkeel run --ops-listen 127.0.0.1:8801`), in the text format of Prometheus. Each',
    'counter is there at zero from the start. Labels are closed sets; names of services are labels only with `--metrics-names`. The usual',
    '`process_*` and `nodejs_*` metrics are there too. What to alert on: [operations.md](operations.md).',
    '',
    '| name | type | labels | meaning |',
    '|---|---|---|---|',
    ...lines,
    '',
  ].join('\n');
}
