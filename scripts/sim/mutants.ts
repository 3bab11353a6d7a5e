/**
 * `npm run sim:mutants`: every planted bug (test/mutants) must be noticed by the oracle it names, and nothing may be said
 * about the code without one. Bugs are planted in copies of this directory, never in it.
 *
 * `-- NAME` plants one and tells what was said; `-- NAME --sweep` asks every probe there is; `--unit` asks the unit tests
 * instead of the simulation.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { MUTANTS } from '../../test/mutants/list.ts';
import type { Mutant } from '../../test/mutants/mutant.ts';
import type { Said } from '../../test/mutants/probe-child.ts';
import { named } from '../../test/mutants/probes.ts';
import { copies, type Tree } from './mutants-tree.ts';

const LEAST = 60;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { unit: { type: 'boolean', default: false }, sweep: { type: 'boolean', default: false } },
});

interface Verdict {
  readonly mutant: Mutant;
  readonly said: readonly Said[];
  /** What the named oracle said first. */
  readonly caught: string | undefined;
  readonly wrong: string | undefined;
  readonly seconds: number;
}

const begun = performance.now();
let chosen = positionals.length === 0 ? MUTANTS : MUTANTS.filter(({ name }) => positionals.includes(name));
const unknown = positionals.filter((name) => !MUTANTS.some((one) => one.name === name));
if (unknown.length > 0) throw new Error(`no mutant ${unknown.join(', ')}`);
const allProbes = [
  ...new Set([...(values.sweep ? await named() : []), ...MUTANTS.flatMap(({ probes }) => probes)]),
];

const trees = await copies(values.sweep ? 1 : Math.min(availableParallelism(), Math.max(2, chosen.length)));
const wrong: string[] = [];
try {
  const misfits = await planted(trees[0] as Tree);
  wrong.push(...misfits.values());
  chosen = chosen.filter(({ name }) => !misfits.has(name));
  if (values.unit) await unit();
  else await simulate();
} finally {
  await Promise.all(trees.map((tree) => tree.remove()));
}
for (const one of wrong) console.log(`WRONG: ${one}`);
process.exitCode = wrong.length === 0 ? 0 : 1;

/** Bugs that cannot be planted any more, and names that are there twice. */
async function planted(tree: Tree): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const names = new Set<string>();
  for (const mutant of MUTANTS) {
    if (names.has(mutant.name)) found.set(mutant.name, `two mutants are named ${mutant.name}`);
    names.add(mutant.name);
    try {
      if (mutant.find === mutant.replace) found.set(mutant.name, `${mutant.name} changes nothing`);
      await tree.fileOf(mutant);
    } catch (error) {
      found.set(mutant.name, error instanceof Error ? error.message : String(error));
    }
  }
  return found;
}

async function simulate(): Promise<void> {
  const probes = values.sweep ? allProbes : [...new Set(chosen.flatMap((one) => one.probes))];
  let healthy = 0;
  if (!values.sweep) {
    const share = Math.ceil(probes.length / trees.length);
    const shares = trees.map((_, index) => probes.slice(index * share, (index + 1) * share));
    await shared(shares, async (tree, some) => {
      const { said, end } = await tree.probe(some, true);
      if (end !== undefined) wrong.push(`without a bug, after ${said.length} of ${some.join(', ')}: ${end}`);
      for (const { probe, wrong: no } of said) {
        if (no.length > 0) wrong.push(`without a bug, ${probe}: ${no[0]}`);
        else healthy += 1;
      }
    });
    console.log(
      `without a bug, ${probes.length} probes: ${Math.round((performance.now() - begun) / 1_000)} s`,
    );
  }
  const verdicts: Verdict[] = [];
  await shared(chosen, async (tree, mutant) => {
    const verdict = await judged(tree, mutant, values.sweep ? probes : mutant.probes);
    verdicts.push(verdict);
    tell(verdict);
  });
  const oracles = new Map<string, number>();
  for (const { mutant, caught } of verdicts)
    if (caught !== undefined) oracles.set(mutant.oracle, (oracles.get(mutant.oracle) ?? 0) + 1);
  const caught = verdicts.filter((one) => one.caught !== undefined).length;
  wrong.push(...verdicts.flatMap((one) => (one.wrong === undefined ? [] : [one.wrong])));
  if (positionals.length === 0 && MUTANTS.length < LEAST)
    wrong.push(`${MUTANTS.length} mutants, fewer than ${LEAST}`);
  const lines = [
    ['mutants', chosen.length],
    ['caught by the oracle they name', caught],
    ['survivors', chosen.length - caught],
    ['probes that say nothing without a bug', `${healthy} of ${probes.length}`],
    ['files with a mutant', new Set(chosen.map(({ file }) => file)).size],
    ['slowest, in seconds', Math.max(...verdicts.map(({ seconds }) => seconds)).toFixed(1)],
    ['seconds', Math.round((performance.now() - begun) / 1_000)],
  ];
  console.log('sim:mutants');
  for (const [what, value] of lines) console.log(`  ${what}: ${value}`);
  const by = [...oracles].sort(([a], [b]) => (a < b ? -1 : 1)).map(([oracle, times]) => `${oracle} ${times}`);
  console.log(`  oracles: ${by.join(', ')}`);
}

async function judged(tree: Tree, mutant: Mutant, probes: readonly string[]): Promise<Verdict> {
  const start = performance.now();
  const { said, end } = await tree.with(mutant, () => tree.probe(probes, values.sweep));
  const lines = said.flatMap((one) => one.wrong);
  const caught = lines.find((line) => line.startsWith(`${mutant.oracle}:`));
  const others = [...new Set(lines.map((line) => line.split(':')[0]))].join(', ');
  const survived =
    others === ''
      ? `${mutant.name} survives`
      : `${mutant.name}: ${mutant.oracle} says nothing, but ${others}`;
  const failure = end !== undefined && caught === undefined ? `${mutant.name}: ${end}` : undefined;
  return {
    mutant,
    said,
    caught,
    wrong: failure ?? (caught === undefined ? survived : undefined),
    seconds: (performance.now() - start) / 1_000,
  };
}

function tell({ mutant, said, caught, wrong: no, seconds }: Verdict): void {
  if (positionals.length === 0) {
    const how = caught === undefined ? `NOT CAUGHT (${no})` : caught;
    console.log(`${mutant.name}  ${seconds.toFixed(1)} s\n    ${how.slice(0, 200)}`);
    return;
  }
  console.log(`${mutant.name}, after ${mutant.after}`);
  console.log(`${mutant.file}\n  - ${mutant.find}\n  + ${mutant.replace}`);
  for (const { probe, wrong: lines, ms } of said) {
    if (values.sweep && lines.length === 0) continue;
    console.log(`  ${probe}, ${ms} ms: ${lines.length === 0 ? 'nothing' : ''}`);
    for (const line of lines.slice(0, values.sweep ? 3 : 10)) console.log(`    ${line}`);
  }
  console.log(caught === undefined ? `  NOT CAUGHT: ${no}` : `  caught by ${mutant.oracle}`);
}

/** Asks the unit tests of the mutant's folder whether they notice. */
async function unit(): Promise<void> {
  let noticed = 0;
  await shared(chosen, async (tree, mutant) => {
    const tests = mutant.tests ?? [`test/${mutant.file.split('/')[1]}`];
    const { failed, tail } = await tree.with(mutant, () => tree.test(tests));
    if (failed) noticed += 1;
    else wrong.push(`${mutant.name}: ${tests.join(' ')} say nothing`);
    console.log(
      `${failed ? 'noticed' : 'NOT NOTICED'}  ${mutant.name}${positionals.length > 0 ? `\n${tail}` : ''}`,
    );
  });
  console.log(`sim:mutants --unit\n  mutants: ${chosen.length}\n  noticed by unit tests: ${noticed}`);
  console.log(`  seconds: ${Math.round((performance.now() - begun) / 1_000)}`);
}

/** Every item once, by whichever copy is free. */
async function shared<T>(items: readonly T[], work: (tree: Tree, item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  await Promise.all(
    trees.map(async (tree) => {
      for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(tree, item);
    }),
  );
}
