/**
 * The same script in as many processes as there are processors, each with its share; the first one adds up, prints the
 * numbers, and ends with 0 only if all of them hold.
 */
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { pathToFileURL } from 'node:url';
import type { Finding, Tally } from '../../test/sim/crash.ts';
import { tally } from '../../test/sim/crash.ts';

export interface Share {
  readonly index: number;
  readonly of: number;
  /** Whether the item at this place is for this process. */
  takes(place: number): boolean;
}

type Numbers = Readonly<Record<string, number>>;
interface Report {
  readonly tally: Omit<Tally, 'asked' | 'findings'>;
  readonly asked: readonly (readonly [string, number])[];
  readonly findings: readonly Finding[];
  readonly numbers: Numbers;
}

const SHOWN = 20;

/** `work` adds to the tally and returns further numbers, which are added up; `extra` says what must hold of them. */
export async function sharded(
  name: string,
  work: (share: Share, into: Tally) => Promise<Numbers>,
  extra: (numbers: Numbers, all: Tally) => readonly string[] = () => [],
): Promise<void> {
  const [, given] = process.argv;
  const index = Number(process.env['SIM_SHARD'] ?? -1);
  const of = Number(process.env['SIM_SHARDS'] ?? availableParallelism());
  if (index >= 0) {
    const into = tally();
    const numbers = await work({ index, of, takes: (place) => place % of === index }, into);
    const { asked, findings, ...rest } = into;
    const report: Report = { tally: rest, asked: [...asked], findings, numbers };
    process.send?.(report);
    return;
  }
  const begun = performance.now();
  const reports = await Promise.all(
    Array.from({ length: of }, (_, shard) => start(given ?? '', process.argv.slice(2), shard, of)),
  );
  const [all, numbers] = sum(reports);
  const seconds = (performance.now() - begun) / 1_000;
  print(name, all, numbers, seconds);
  const wrong = [
    ...(all.findings.length > 0 ? [`${all.findings.length} runs with violations`] : []),
    ...(all.skipped > 0 ? [`${all.skipped} runs in which the fault did not come`] : []),
    ...extra(numbers, all),
  ];
  for (const one of wrong) console.log(`WRONG: ${one}`);
  process.exitCode = wrong.length === 0 ? 0 : 1;
}

function start(script: string, args: readonly string[], shard: number, of: number): Promise<Report> {
  return new Promise((resolve, reject) => {
    const child = fork(script, args, {
      env: { ...process.env, SIM_SHARD: String(shard), SIM_SHARDS: String(of) },
      // Stacks cost a tenth of the time; a seed that is run again by itself has them.
      execArgv: [...process.execArgv, '--stack-trace-limit=0'],
    });
    let report: Report | undefined;
    child.on('message', (message) => {
      report = message as Report;
      child.disconnect();
    });
    child.on('exit', (code) => {
      if (report !== undefined) resolve(report);
      else
        reject(new Error(`${pathToFileURL(script).pathname}, share ${shard} of ${of}, ended with ${code}`));
    });
  });
}

function sum(reports: readonly Report[]): [Tally, Numbers] {
  const all = tally();
  const numbers: Record<string, number> = {};
  for (const report of reports) {
    all.runs += report.tally.runs;
    all.merged += report.tally.merged;
    all.skipped += report.tally.skipped;
    all.requests += report.tally.requests;
    all.virtual += report.tally.virtual;
    all.findings.push(...report.findings);
    for (const [oracle, times] of report.asked) all.asked.set(oracle, (all.asked.get(oracle) ?? 0) + times);
    for (const [key, value] of Object.entries(report.numbers)) {
      // What is named a maximum is one.
      numbers[key] = key.startsWith('most ')
        ? Math.max(numbers[key] ?? 0, value)
        : (numbers[key] ?? 0) + value;
    }
  }
  return [all, numbers];
}

function print(name: string, all: Tally, numbers: Numbers, seconds: number): void {
  for (const { seed, text, wrong } of all.findings.slice(0, SHOWN)) {
    console.log(`${seed}  ${text}\n    ${wrong.join('\n    ')}`);
  }
  if (all.findings.length > SHOWN) console.log(`… and ${all.findings.length - SHOWN} more`);
  const lines: readonly (readonly [string, string | number])[] = [
    ...Object.entries(numbers),
    ['runs', all.runs],
    ...(all.merged > 0 ? [['runs that coincide with another', all.merged] as const] : []),
    ['skipped', all.skipped],
    ['requests', all.requests],
    ['simulated hours', Math.round(all.virtual / 3_600_000)],
    ['violations', all.findings.length],
    ['seconds', Math.round(seconds)],
  ];
  console.log(`${name}`);
  for (const [what, value] of lines) console.log(`  ${what}: ${value}`);
  const asked = [...all.asked]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([oracle, times]) => `${oracle} ${times}`);
  if (asked.length > 0) console.log(`  oracles asked: ${asked.join(', ')}`);
}
