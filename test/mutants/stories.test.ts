/** The stories that planted bugs are told from, without one: each ends as the manifests say, and no oracle objects. */
import { describe, expect, test } from 'vitest';
import { probe } from './probes.ts';
import { lateAndKilled, STORIES } from './stories.ts';

describe('in a small world', { timeout: 120_000 }, () => {
  test.each(Object.entries(STORIES))('the story of %s ends well', async (_, story) => {
    expect(await story()).toEqual([]);
  });

  test.each(['ours', 'reference'] as const)(
    'a create that arrives after it was given up, with a kill at any time, makes one service (%s)',
    async (profile) => {
      expect(await lateAndKilled(profile)).toEqual([]);
    },
  );

  test('whatever a service was, whose it is and what is wished of it, apply brings it there or leaves it alone', async () => {
    const some = '3,15,27,36-47,77,78,99,111,200,300,403,432-435,500,600,666,733,828-839,876,900';
    expect(await probe(`calm ${some}`)).toEqual([]);
  });
});
