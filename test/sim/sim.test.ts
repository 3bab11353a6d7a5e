/** A slice of every exploration, so that no change passes without it; `npm run sim:*` runs the whole. */
import { describe, expect, test } from 'vitest';
import { canaryIn } from './canaries.ts';
import { crashes, type Finding, tally } from './crash.ts';
import { dryRun } from './dry.ts';
import { faultAt, faults } from './fault.ts';
import { graphOf } from './graph.ts';
import { explore, wanted } from './model.ts';
import { protocol } from './protocol.ts';
import { random, Storm } from './random.ts';
import { DRY_SEEDS, SEEDS } from './seeds.ts';
import { STARTS, type Start } from './starts.ts';

const told = (findings: readonly Finding[]) =>
  findings.map(({ seed, text, wrong }) => [seed, text, ...wrong]);
const start = (over: Partial<Start>) =>
  STARTS.find((one) =>
    Object.entries(over).every(([key, value]) => one[key as keyof Start] === value),
  ) as Start;

const PLAIN: Partial<Start> = { state: 'absent', want: 'running', drift: 'none', owner: 'ours' };

describe('one service', () => {
  test.each(['ours', 'reference'] as const)(
    'a process killed at any edge of a create makes one service (%s)',
    async (profile) => {
      const into = tally();
      await crashes(start({ ...PLAIN, profile }), into);
      expect(told(into.findings)).toEqual([]);
      expect(into.skipped).toBe(0);
      expect(into.runs).toBeGreaterThan(20);
    },
  );

  test.each(['ours', 'reference'] as const)(
    'any one fault of any request of a create is survived (%s)',
    async (profile) => {
      const into = tally();
      await faults(start({ ...PLAIN, profile }), into);
      expect(told(into.findings)).toEqual([]);
      expect(into.skipped).toBe(0);
      expect(into.merged).toBeGreaterThan(into.runs);
    },
  );
});

test('a fault that another stands for comes to the same end by itself', async () => {
  const ends = async (name: string) => {
    const world = await faultAt(start({ ...PLAIN, profile: 'ours' }), 1, name, tally());
    return world.server.all().map(({ uuid, versions }) => [uuid, versions]);
  };
  for (const name of ['reset-before', '500-before', '504-before', 'reset-after'])
    expect(await ends(name)).toEqual(await ends('refused'));
});

describe('many services', () => {
  test.each(SEEDS)('what went wrong in world %i goes well', async (seed) => {
    const into = tally();
    await random(seed, into);
    expect(told(into.findings)).toEqual([]);
  });

  test('the same seed gives the same trace, byte for byte', async () => {
    const trace = async (seed: number) => {
      const storm = new Storm(seed);
      await storm.run();
      return storm.world.trace();
    };
    for (const seed of [5_292]) expect(await trace(seed)).toBe(await trace(seed));
  });
});

test('a secret is found in every spelling', () => {
  const spelt = Buffer.from('xxcanary-web-1');
  const encoded = [0, 1, 2].map((from) => spelt.subarray(from).toString('base64'));
  const told = [String(spelt), spelt.toString('hex'), 'a%63%61%6e%61%72%79%2Db', ...encoded];
  expect(told.filter((text) => canaryIn(text) === undefined)).toEqual([]);
  expect(canaryIn('nothing of the kind')).toBeUndefined();
});

describe('step', () => {
  const some = [...wanted()].filter((_, place) => place % 200 === 7);

  test('in every node and after every answer: nothing forbidden, no circle without a way out, an end', () => {
    expect(some.flatMap((one) => explore(one).wrong)).toEqual([]);
  });

  test('a circle of writes without a way out is found, and a fair way without an end', () => {
    const edges = { a: ['b'], b: ['a', 'c'], c: ['d'], d: ['c'] } as const;
    const graph = graphOf(['a' as keyof typeof edges], String, (node) =>
      edges[node].map((to, at) => ({ to, fair: at === 0, write: true })),
    );
    expect(graph.traps).toEqual(['c', 'd']);
    expect(graph.endless).toEqual(['a', 'b', 'c', 'd']);
    expect(graph.circles).toBe(2);
  });
});

test('a create that is killed or met by a fault, again and again, still makes one service', async () => {
  const into = tally();
  const { lives } = await protocol('a service is made', into, 3);
  expect(told(into.findings)).toEqual([]);
  expect(lives).toBeGreaterThan(100);
});

describe('the dry run', () => {
  test.each(DRY_SEEDS)('what went wrong in world %i goes well', async (seed) => {
    const into = tally();
    await dryRun(seed, into);
    expect(told(into.findings)).toEqual([]);
  });

  test('what plan shows is what apply does', async () => {
    const into = tally();
    for (let seed = 1; seed <= 30; seed++) await dryRun(seed, into);
    expect(told(into.findings)).toEqual([]);
  });
});
