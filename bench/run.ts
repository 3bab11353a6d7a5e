/**
 * `npm run bench`: ratios, each measured against its floor in the same run. `--json` prints them as JSON alone;
 * `--full` takes more samples and the larger fleets. Absolute times are printed beside and never judged: machines differ.
 */
import { execFileSync } from 'node:child_process';
import { loadavg } from 'node:os';
import { dockerPair, missingEngine } from './docker.ts';
import { makespan, steadyPass } from './makespan.ts';
import { missingSwarm, swarmBench } from './swarm.ts';

const full = process.argv.includes('--full');
const json = process.argv.includes('--json');

interface Sample {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly rssMb: number;
}

interface Line {
  readonly name: string;
  readonly value: number;
  readonly goal: number;
  readonly unit: string;
  readonly detail: string;
}

function sample(what: 'floor' | 'plan', size: number): Sample {
  const script = new URL('./plan-case.ts', import.meta.url).pathname;
  const args = ['--import', 'tsx', script, what, String(size)];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Sample;
}

const median = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const say = (text: string) => void process.stderr.write(`${text}\n`);

function planLines(size: number, pairs: number): readonly Line[] {
  const ratios: number[] = [];
  const memory: number[] = [];
  for (let pair = 0; pair <= pairs; pair++) {
    say(`plan of ${size}: pair ${pair} of ${pairs}${pair === 0 ? ' (warm-up)' : ''}`);
    const [floor, plan] = [sample('floor', size), sample('plan', size)];
    if (pair === 0) continue;
    ratios.push(plan.cpuMs / floor.cpuMs);
    memory.push(plan.rssMb);
  }
  const spread = `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)} over ${pairs} pairs`;
  const noisy = Math.max(...ratios) / Math.min(...ratios) > 1.5 ? ', noisy' : '';
  return [
    {
      name: `plan of ${size} / parsing the same bytes (CPU)`,
      value: median(ratios),
      goal: 1.5,
      unit: '×',
      detail: spread + noisy,
    },
    {
      name: `peak memory of a plan of ${size}`,
      value: median(memory),
      goal: 400,
      unit: 'MB',
      detail: 'resident, tsx included',
    },
  ];
}

const loadBefore = loadavg()[0] ?? 0;
const lines: Line[] = [...planLines(1_000, full ? 7 : 3), ...planLines(10_000, full ? 5 : 3)];

for (const services of full ? [1_000, 10_000] : [1_000]) {
  say(`steady pass over ${services}`);
  const { requests, pages, details } = await steadyPass(services);
  const detail = `${requests} requests, ${pages} pages, ${details} details`;
  lines.push({
    name: `requests of a steady pass over ${services} / list pages`,
    value: requests / pages,
    goal: 1,
    unit: '×',
    detail,
  });
}
for (const [services, rate, transition, chain] of [
  [200, 10, 5_000, 1],
  [400, 50, 2_000, 4],
  ...(full ? ([[1_000, 20, 5_000, 3]] as const) : []),
] as const) {
  say(`makespan of ${services} services at ${rate}/s`);
  const { ratio, seconds, boundSeconds, writes, reads } = await makespan(services, rate, transition, chain);
  const detail = `${writes} writes, ${reads} reads, ${seconds.toFixed(1)} s of at least ${boundSeconds.toFixed(1)} s (virtual)`;
  lines.push({
    name: `makespan, ${services} services in chains of ${chain} at ${rate}/s / bound`,
    value: ratio,
    goal: chain > 1 ? 1.1 : 1.05,
    unit: '×',
    detail,
  });
}

if (missingEngine !== undefined) say(`services on Docker: skipped, ${missingEngine}`);
else {
  const ratios: number[] = [];
  const pairs = full ? 5 : 2;
  let last = { appliedMs: 0, plainMs: 0 };
  for (let pair = 0; pair <= pairs; pair++) {
    say(`30 services on Docker: pair ${pair} of ${pairs}${pair === 0 ? ' (warm-up)' : ''}`);
    last = await dockerPair(30);
    if (pair > 0) ratios.push(last.appliedMs / last.plainMs);
  }
  const seconds = (ms: number) => (ms / 1_000).toFixed(1);
  lines.push({
    name: '30 services from nothing to running on Docker / plain concurrent calls of the engine',
    value: median(ratios),
    goal: 1.2,
    unit: '×',
    detail: `${ratios.map((ratio) => ratio.toFixed(2)).join(', ')}; the last ${seconds(last.appliedMs)} s and ${seconds(last.plainMs)} s`,
  });
}

if (missingSwarm !== undefined) say(`services on a swarm: skipped, ${missingSwarm}`);
else {
  const bench = await swarmBench();
  const makes: Awaited<ReturnType<typeof bench.pair>>[] = [];
  const pairs = full ? 5 : 2;
  for (let pair = 0; pair <= pairs; pair++) {
    say(`30 services on a swarm: pair ${pair} of ${pairs}${pair === 0 ? ' (warm-up)' : ''}`);
    const made = await bench.pair(30);
    if (pair > 0) makes.push(made);
  }
  await bench.end();
  const ratios = makes.map((made) => made.appliedMs / made.stackMs);
  const times = makes.map(
    ({ appliedMs, stackMs }) => `${(appliedMs / 1_000).toFixed(1)} s to ${(stackMs / 1_000).toFixed(1)} s`,
  );
  lines.push(
    {
      name: '30 services from nothing to running on a swarm of three / docker stack deploy',
      value: median(ratios),
      goal: 1.2,
      unit: '×',
      detail: `${ratios.map((ratio) => ratio.toFixed(2)).join(', ')}; ${times.join(', ')}`,
    },
    {
      name: 'engine writes of an idle server on a swarm',
      value: Math.max(...makes.map(({ idle }) => idle.writes)),
      goal: 0,
      unit: 'n',
      detail: `${Math.max(...makes.map(({ idle }) => idle.reads))} reads in three sweeps`,
    },
  );
}

const load = { before: loadBefore, after: loadavg()[0] ?? 0 };
if (json) process.stdout.write(`${JSON.stringify({ node: process.version, load, cases: lines }, null, 2)}\n`);
else
  for (const { name, value, goal, unit, detail } of lines) {
    const met = value <= goal ? 'met   ' : 'missed';
    process.stdout.write(
      `${met} ${value.toFixed(2).padStart(7)} ${unit}  goal ≤ ${goal} ${unit}  ${name}  (${detail})\n`,
    );
  }
