/**
 * `npm run sim:git`: fleets that are fed from a repository, one seed each, until the budget is spent (`--budget 2m`).
 * `--seeds N` ends after so many instead; `--from N` begins at another seed; `--seed N` runs one again and tells all of it.
 */
import { parseArgs } from 'node:util';
import { tally } from '../../test/sim/crash.ts';
import { gitStory } from '../../test/sim/git-story.ts';
import { GIT_SEEDS } from '../../test/sim/seeds.ts';
import { milliseconds } from './budget.ts';
import { sharded } from './shards.ts';

const { values } = parseArgs({
  options: {
    budget: { type: 'string', default: '4m' },
    seeds: { type: 'string' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
  },
});

const MINUTE = 60_000;

if (values.seed !== undefined) {
  const into = tally();
  const numbers = await gitStory(Number(values.seed), into);
  console.log(numbers, JSON.stringify(into.findings, null, 2));
  process.exitCode = into.findings.length === 0 ? 0 : 1;
} else {
  await sharded(
    'sim:git',
    async (share, into) => {
      const until = performance.now() + milliseconds(values.budget);
      const sum = {
        commits: 0,
        rewritten: 0,
        incomplete: 0,
        kills: 0,
        inGit: 0,
        writes: 0,
        three: 0,
        worst: 0,
      };
      const one = async (seed: number) => {
        const { recovery = Number.POSITIVE_INFINITY, ...more } = await gitStory(seed, into);
        sum.commits += more.commits;
        sum.rewritten += more.rewritten;
        sum.incomplete += more.incomplete;
        sum.kills += more.kills;
        sum.inGit += more.killedInGit;
        sum.writes += more.writes;
        if (recovery <= 3 * MINUTE) sum.three += 1;
        if (Number.isFinite(recovery)) sum.worst = Math.max(sum.worst, recovery);
      };
      // The tests run them, too.
      if (values.seeds === undefined)
        for (const [place, seed] of GIT_SEEDS.entries()) if (share.takes(place)) await one(seed);
      const from = Number(values.from);
      const isOver = (seed: number) =>
        values.seeds === undefined ? performance.now() >= until : seed >= from + Number(values.seeds);
      for (let seed = from + share.index; !isOver(seed); seed += share.of) await one(seed);
      return {
        commits: sum.commits,
        'branches rewound or rewritten': sum.rewritten,
        'loads that were held or not read': sum.incomplete,
        kills: sum.kills,
        'kills between commands of git': sum.inGit,
        'writes judged': sum.writes,
        'recovered within 3 minutes': sum.three,
        'most seconds of recovery': Math.round(sum.worst / 1_000),
      };
    },
    // What never comes proves nothing.
    (numbers) => Object.entries(numbers).flatMap(([what, times]) => (times === 0 ? [`${what}: none`] : [])),
  );
}
