/**
 * `npm run fuzz`: hostile inputs, from seeds, in as many processes as there are processors. `--inputs N` (200000), or
 * `--budget 10m`; `--seed N` begins elsewhere; `--target NAME` one kind only; with `--input SEED` one input again, told.
 *
 * An input that breaks something is made as small as it will go and kept in `test/fuzz/regressions/`, which `npm test`
 * runs. None may hold the event loop for longer than a second.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { TARGETS } from '../../test/fuzz/targets.ts';
import { milliseconds } from './budget.ts';
import { type Found, fuzz, IN_CHILD, type Report } from './child.ts';
import { inChildren } from './children.ts';

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '200000' },
    budget: { type: 'string' },
    seed: { type: 'string', default: '1' },
    target: { type: 'string' },
    input: { type: 'string' },
  },
});
const chosen = TARGETS.filter(({ open }) => values.target === undefined || open().name === values.target);
if (chosen.length === 0) throw new Error(`no target ${values.target}`);

if (IN_CHILD !== undefined) {
  const { shard, of } = IN_CHILD;
  const shares = chosen.reduce((sum, { share }) => sum + share, 0);
  const total = values.budget === undefined ? Number(values.inputs) : Number.POSITIVE_INFINITY;
  const jobs = chosen.map(({ open, share }) => ({
    target: open(),
    inputs: (total * share) / shares / of,
    ms: (milliseconds(values.budget ?? '24h') * share) / shares,
  }));
  process.send?.(await fuzz(jobs, Number(values.seed) + shard, of));
  process.disconnect?.();
} else if (values.input !== undefined) {
  const [first] = chosen;
  if (first === undefined || values.target === undefined) throw new Error('--input needs a --target');
  const target = first.open();
  const input = target.make(Number(values.input));
  console.log(Buffer.from(input).toString('utf8'));
  try {
    await target.run(input);
  } finally {
    await target.close();
  }
} else {
  await all();
}

async function all(): Promise<void> {
  const begun = performance.now();
  const reports = await inChildren(import.meta.filename, process.argv.slice(2));
  const found = reports.flatMap((one) => one.found);
  print(reports, (performance.now() - begun) / 1_000);
  for (const one of found) keep(one);
  process.exitCode = found.length === 0 ? 0 : 1;
}

function print(reports: readonly Report[], seconds: number): void {
  const names = [...new Set(reports.flatMap(({ targets }) => targets.map(({ name }) => name)))];
  console.log('fuzz');
  for (const name of names) {
    const of = reports.flatMap(({ targets }) => targets.filter((one) => one.name === name));
    const inputs = of.reduce((sum, one) => sum + one.inputs, 0);
    const slowest = Math.max(...of.map((one) => one.slowestMs));
    console.log(`  ${name}: ${inputs} inputs, the slowest ${Math.round(slowest)} ms`);
  }
  const sum = (of: (one: Report) => number) => reports.reduce((total, one) => total + of(one), 0);
  const most = (of: (one: Report) => number) => Math.max(...reports.map(of));
  const lines: readonly (readonly [string, number])[] = [
    ['inputs', sum(({ targets }) => targets.reduce((total, one) => total + one.inputs, 0))],
    ['most delay of the event loop (ms)', most((one) => one.delayMs)],
    ['most memory of a process (MB)', most((one) => one.rssMb)],
    ['growth of the heap over its second half (MB)', most((one) => one.growthMb)],
    ['found', sum((one) => one.found.length)],
    ['seconds', Math.round(seconds)],
  ];
  for (const [what, value] of lines) console.log(`  ${what}: ${value}`);
}

function keep({ target, seed, what, input }: Found): void {
  const file = `test/fuzz/regressions/${target}-${seed}.txt`;
  console.log(`FOUND in ${target} (--target ${target} --input ${seed}), kept as ${file}\n    ${what}`);
  if (input !== undefined) writeFileSync(file, Buffer.from(input, 'base64'));
}
