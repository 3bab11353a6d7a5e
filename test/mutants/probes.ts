/**
 * Places where a planted bug can be noticed, by name: runs of the simulation that are short enough to be repeated for
 * every bug, and small scenarios of parts that the simulation replaces. Each returns what oracles said, one line each.
 *
 * `story NAME` = one of stories.ts; `late` = a late create and a kill at every edge;
 * `crash 12` = every crash of start 12; `fault 12` = every fault of it; `random 1000-1004` = storms of these seeds.
 */
import type { Tally } from '../sim/crash.ts';

type Probe = (args: string) => Promise<readonly string[]>;
type Named = Readonly<Record<string, () => Promise<readonly string[]>>>;

/** Each loads what it needs only: a process for every bug is started for one probe, often. */
const PROBES: Readonly<Record<string, Probe>> = {
  calm: over(async () => {
    const { undisturbed } = await import('../sim/crash.ts');
    return async (start, into) => void (await undisturbed(start, into));
  }),
  crash: over(async () => (await import('../sim/crash.ts')).crashes),
  fault: over(async () => (await import('../sim/fault.ts')).faults),
  async random(args) {
    const { random } = await import('../sim/random.ts');
    return findings(args, async (seed, into) => void (await random(seed, into)));
  },
  async late(profile) {
    const { lateAndKilled } = await import('./stories.ts');
    return lateAndKilled(profile === 'ours' ? 'ours' : 'reference');
  },
  story: async (name) => one(name, (await import('./stories.ts')).STORIES),
  server: async (name) => one(name, (await import('./at-server.ts')).AT_SERVER),
  edge: async (name) => one(name, (await import('./at-edges.ts')).AT_EDGES),
};

/** `words`: the kind of probe, and which. */
export async function probe(words: string): Promise<readonly string[]> {
  const [name = '', ...args] = words.split(' ');
  const found = PROBES[name];
  if (found === undefined) throw new Error(`no probe ${name}`);
  return found(args.join(' '));
}

/** Every probe without numbers. */
export async function named(): Promise<readonly string[]> {
  const { STORIES } = await import('./stories.ts');
  const { AT_SERVER } = await import('./at-server.ts');
  const { AT_EDGES } = await import('./at-edges.ts');
  const all: readonly (readonly [string, Named])[] = [
    ['story', STORIES],
    ['server', AT_SERVER],
    ['edge', AT_EDGES],
  ];
  return [
    ...all.flatMap(([kind, of]) => Object.keys(of).map((name) => `${kind} ${name}`)),
    'late ours',
    'late reference',
  ];
}

function one(name: string, all: Named): Promise<readonly string[]> {
  const found = all[name];
  if (found === undefined) throw new Error(`no probe of the name ${name}`);
  return found();
}

type Start = typeof import('../sim/starts.ts')['STARTS'][number];

function over(load: () => Promise<(start: Start, into: Tally) => Promise<void>>): Probe {
  return async (args) => {
    const { STARTS } = await import('../sim/starts.ts');
    const work = await load();
    return findings(args, (id, into) => {
      const start = STARTS[id];
      if (start === undefined) throw new Error(`no start ${id}`);
      return work(start, into);
    });
  };
}

/** `3,8-10` = 3, 8, 9, 10. Ends with the first number that finds something. */
async function findings(
  args: string,
  work: (number: number, into: Tally) => Promise<void>,
): Promise<readonly string[]> {
  const { tally } = await import('../sim/crash.ts');
  const into = tally();
  for (const number of numbers(args)) {
    await work(number, into);
    if (into.findings.length > 0) break;
  }
  return [...new Set(into.findings.flatMap(({ wrong }) => wrong))];
}

function numbers(text: string): readonly number[] {
  return text.split(',').flatMap((part) => {
    const [from = 0, to = from] = part.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
}
