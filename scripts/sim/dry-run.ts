/**
 * `npm run sim:dry-run`: random worlds, in each of which the writes of `plan` must be the writes of `apply`, and `plan`
 * must send nothing but GETs. `--worlds N` (10,000) from `--from N`; `--seed N` runs one again.
 */
import { parseArgs } from 'node:util';
import { tally } from '../../test/sim/crash.ts';
import { dryRun } from '../../test/sim/dry.ts';
import { sharded } from './shards.ts';

const { values } = parseArgs({
  options: {
    worlds: { type: 'string', default: '10000' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
  },
});

if (values.seed !== undefined) {
  const into = tally();
  const numbers = await dryRun(Number(values.seed), into);
  console.log(numbers, JSON.stringify(into.findings, null, 2));
  process.exitCode = into.findings.length === 0 ? 0 : 1;
} else {
  const [worlds, from] = [Number(values.worlds), Number(values.from)];
  await sharded(
    'sim:dry-run',
    async (share, into) => {
      const numbers: Record<string, number> = { worlds: 0, 'writes shown and done': 0 };
      const add = (what: string, more: number) => {
        numbers[what] = (numbers[what] ?? 0) + more;
      };
      for (let seed = from + share.index; seed < from + worlds; seed += share.of) {
        const { shapes, writes } = await dryRun(seed, into);
        add('worlds', 1);
        add('writes shown and done', writes);
        for (const [shape, there] of Object.entries(shapes)) add(`worlds with ${shape}`, there);
      }
      return numbers;
    },
    // A shape that never comes proves nothing about it.
    (numbers) =>
      Object.entries(numbers)
        .filter(([, times]) => times < worlds / 200 && worlds >= 1_000)
        .map(([what, times]) => `${what}: only ${times}`),
  );
}
