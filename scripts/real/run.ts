/**
 * `npm run real`: cases of the simulation's catalogue with the built program: processes, files, sockets, `kill -9`.
 * `--cases N` (500), `--from SEED`, `--jobs N`; `--case SEED` runs one again and tells all of it;
 * `--verbose` tells of each; `--root DIR` takes the program that was built there.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { setup } from '../../test/support/build.ts';
import { ROOT } from '../../test/support/program.ts';
import { mostLag, watchLag } from './lag.ts';
import { type Lived, lived } from './live.ts';
import { type Case, sample } from './sample.ts';
import { Town } from './town.ts';

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '500' },
    from: { type: 'string', default: '1' },
    jobs: { type: 'string', default: String(availableParallelism() * 4) },
    case: { type: 'string' },
    root: { type: 'string', default: ROOT },
    verbose: { type: 'boolean', default: false },
  },
});

// A program that was built elsewhere is taken as it is.
if (values.root === ROOT) setup();
const over = new AbortController();
const watching = watchLag(over.signal);
const town = await Town.open(Number(values.from));
try {
  if (values.case === undefined) await all();
  else await again(Number(values.case));
} finally {
  over.abort();
  await watching;
  await town.close();
}

async function run(one: Case, user: string): Promise<Lived> {
  try {
    return await lived(one, town, user, values.root);
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return {
      wrong: [`exception: ${text}`],
      came: true,
      requests: 0,
      processes: 0,
      asked: 0,
      stopMs: undefined,
      log: [],
    };
  }
}

async function again(seed: number): Promise<void> {
  const one = await sample(seed);
  console.log(one.text);
  const { wrong, came, log } = await run(one, `s${seed}`);
  const from = log[0]?.at ?? 0;
  for (const { number, at, method, path, played, answer, delivered } of log) {
    const told = `${answer?.status ?? '–'} → ${delivered?.status ?? '–'}`;
    console.log(`${number} ${Math.round(at - from)} ms ${method} ${path} ${told} ${played}`);
  }
  console.log(`came: ${came}`, wrong);
  process.exitCode = wrong.length === 0 ? 0 : 1;
}

async function all(): Promise<void> {
  const begun = performance.now();
  const wanted = Number(values.cases);
  const sums = { kill: 0, fault: 0, storm: 0, missed: 0, requests: 0, processes: 0, asked: 0, violations: 0 };
  const starts = new Set<number>();
  const troubles = new Set<string>();
  let mostStop = 0;
  let seed = Number(values.from);
  let done = 0;
  let under = 0;
  const work = async (): Promise<void> => {
    // What misses its mark is replaced by another case.
    while (done + under < wanted) {
      under += 1;
      const mine = seed++;
      const one = await sample(mine);
      const from = performance.now();
      const { wrong, came, stopMs, ...numbers } = await run(one, `s${mine}`);
      under -= 1;
      if (values.verbose)
        console.log(`${mine} ${Math.round(performance.now() - from)} ms came ${came}: ${one.text}`);
      sums.requests += numbers.requests;
      sums.processes += numbers.processes;
      sums.asked += numbers.asked;
      if (wrong.length > 0) {
        sums.violations += 1;
        console.log(`--case ${mine}: ${one.text}\n    ${wrong.join('\n    ')}`);
      }
      if (!came) sums.missed += 1;
      if (!came && wrong.length === 0) continue;
      done += 1;
      sums[one.trouble.kind] += 1;
      starts.add(one.start.id);
      troubles.add(one.trouble.kind === 'fault' ? one.trouble.fault.name : one.trouble.kind);
      mostStop = Math.max(mostStop, stopMs ?? 0);
      if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${wanted} `);
    }
  };
  await Promise.all(Array.from({ length: Number(values.jobs) }, work));
  const lines: readonly (readonly [string, number])[] = [
    ['cases', done],
    ['killed with SIGKILL', sums.kill],
    ['with one fault of the network or another hand', sums.fault],
    ['storms over a daemon', sums.storm],
    ['different starts', starts.size],
    ['different faults', troubles.size],
    ['tried in vain: the moment did not come', sums.missed],
    ['processes', sums.processes],
    ['requests', sums.requests],
    ['questions to the oracles', sums.asked],
    ['most milliseconds from SIGTERM to the end', Math.round(mostStop)],
    ['most milliseconds this measurement was late itself', Math.round(mostLag)],
    ['violations', sums.violations],
    ['seconds', Math.round((performance.now() - begun) / 1_000)],
  ];
  console.log('real');
  for (const [what, value] of lines) console.log(`  ${what}: ${value}`);
  process.exitCode = sums.violations === 0 ? 0 : 1;
}
