/** A slice of the storms over a repository; `npm run sim:git` runs the whole. */
import { expect, test } from 'vitest';
import { tally } from './crash.ts';
import { GitStory, gitStory } from './git-story.ts';
import { GIT_SEEDS } from './seeds.ts';

const wrongIn = async (seed: number) => {
  const into = tally();
  await gitStory(seed, into);
  return into.findings.map(({ text, wrong }) => [text, ...wrong]);
};

test.each(GIT_SEEDS)('what went wrong with repository %i goes well', async (seed) => {
  expect(await wrongIn(seed)).toEqual([]);
});

test('a fleet comes to be as the newest commit says, whatever became of branch, remote, mirror and process', async () => {
  const wrong: unknown[] = [];
  for (let seed = 1; seed <= 20; seed++) wrong.push(...(await wrongIn(seed)));
  expect(wrong).toEqual([]);
}, 60_000);

test('the same seed gives the same trace, byte for byte', async () => {
  const trace = async (seed: number) => {
    const story = new GitStory(seed);
    try {
      await story.run();
      return [story.world.trace(), story.numbers()];
    } finally {
      story.close();
    }
  };
  for (const seed of [10, 17]) expect(await trace(seed)).toEqual(await trace(seed));
});
