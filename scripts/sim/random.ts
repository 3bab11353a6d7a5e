/**
 * `npm run sim:random -- --budget 10m`: storms over many services, one seed each, until the budget is spent.
 * `--runs N` ends after so many instead; `--from N` begins at another seed; `--seed N` runs one again and tells all of it.
 */
import { parseArgs } from 'node:util';
import { tally } from '../../test/sim/crash.ts';
import { random } from '../../test/sim/random.ts';
import { SEEDS } from '../../test/sim/seeds.ts';
import { milliseconds } from './budget.ts';
import { sharded } from './shards.ts';

const { values } = parseArgs({
  options: {
    budget: { type: 'string', default: '2m' },
    runs: { type: 'string' },
    from: { type: 'string', default: '100000' },
    seed: { type: 'string' },
  },
});

const MINUTE = 60_000;

if (values.seed !== undefined) {
  const into = tally();
  const numbers = await random(Number(values.seed), into);
  console.log(numbers, JSON.stringify(into.findings, null, 2));
  process.exitCode = into.findings.length === 0 ? 0 : 1;
} else {
  await sharded('sim:random', async (share, into) => {
    const until = performance.now() + milliseconds(values.budget);
    const sum = { services: 0, kills: 0, faults: 0, blocked: 0, minute: 0, three: 0, ten: 0, worst: 0 };
    const one = async (seed: number) => {
      const {
        services,
        kills,
        faults,
        blocked,
        recovery = Number.POSITIVE_INFINITY,
      } = await random(seed, into);
      sum.services += services;
      sum.kills += kills;
      sum.faults += faults;
      sum.blocked += blocked;
      if (recovery <= MINUTE) sum.minute += 1;
      if (recovery <= 3 * MINUTE) sum.three += 1;
      if (recovery <= 10 * MINUTE) sum.ten += 1;
      if (Number.isFinite(recovery)) sum.worst = Math.max(sum.worst, recovery);
    };
    // The tests run them, too.
    if (values.runs === undefined)
      for (const [place, seed] of SEEDS.entries()) if (share.takes(place)) await one(seed);
    const from = Number(values.from);
    const isOver = (seed: number) =>
      values.runs === undefined ? performance.now() >= until : seed >= from + Number(values.runs);
    for (let seed = from + share.index; !isOver(seed); seed += share.of) await one(seed);
    return {
      services: sum.services,
      'services rightly blocked': sum.blocked,
      kills: sum.kills,
      'faults of the network': sum.faults,
      'recovered within 1 minute of calm': sum.minute,
      'recovered within 3 minutes': sum.three,
      'recovered within 10 minutes': sum.ten,
      'most seconds of recovery': Math.round(sum.worst / 1_000),
    };
  });
}
