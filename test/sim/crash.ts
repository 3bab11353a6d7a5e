/**
 * One crash: every start × a kill before every port edge × what becomes of the journal's bytes on their way (O12).
 *
 * Where nothing was on its way to the disk the tears coincide, and one run stands for all of them.
 */
import type { Tear } from './disk.ts';
import { live } from './life.ts';
import { describe, type Start, worldOf } from './starts.ts';
import type { World } from './world.ts';

export interface Finding {
  /** Enough to run it again. */
  readonly seed: string;
  readonly text: string;
  readonly wrong: readonly string[];
}

export interface Tally {
  runs: number;
  /** Runs that another one stands for. */
  merged: number;
  /** Kills that did not come, because the run took another way: must be 0. */
  skipped: number;
  requests: number;
  /** Milliseconds of virtual time. */
  virtual: number;
  readonly findings: Finding[];
  readonly asked: Map<string, number>;
}

export const tally = (): Tally => ({
  runs: 0,
  merged: 0,
  skipped: 0,
  requests: 0,
  virtual: 0,
  findings: [],
  asked: new Map(),
});

/** Counts a world that has been lived. */
export function count(into: Tally, world: World, finding: Finding): void {
  into.runs += 1;
  into.requests += world.network.count;
  into.virtual += world.scheduler.now;
  for (const [oracle, times] of world.oracles.asked)
    into.asked.set(oracle, (into.asked.get(oracle) ?? 0) + times);
  if (finding.wrong.length > 0) into.findings.push(finding);
}

/** What went wrong, an exception included. */
export async function outcome(run: () => Promise<readonly string[]>): Promise<readonly string[]> {
  try {
    return await run();
  } catch (error) {
    return [`exception: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`];
  }
}

const ONCE = ['create', 'terminate', 'redeploy'] as const;

/**
 * O5b: what destroys or makes is carried out no oftener than on the undisturbed way. `late`: a redeploy that is carried out long
 * after its sender heard of a reset is, until then, one that was lost; a second one takes nothing away.
 */
export function more(world: World, reference: World, late = false): readonly string[] {
  const done = ({ network }: World, verb: string) =>
    network.log.filter((one) => one.verb === verb && one.answer?.committed === true).length;
  return ONCE.filter((verb) => !late || verb !== 'redeploy').flatMap((verb) => {
    const [here, there] = [done(world, verb), done(reference, verb)];
    return here > there ? [`O5b: ${verb} ${here} times, without the disturbance ${there}`] : [];
  });
}

/** The way without a kill; its length is the number of edges. */
export async function undisturbed(start: Start, into: Tally): Promise<World> {
  const world = worldOf(start);
  await lived(world, start, into);
  return world;
}

/** Lives and counts a world of `start`. */
export async function lived(world: World, start: Start, into: Tally): Promise<void> {
  const wrong = await outcome(() => live(world, start));
  count(into, world, { seed: `${start.id}`, text: describe(start), wrong });
}

export async function crashAt(
  start: Start,
  edge: number,
  tear: Tear,
  into: Tally,
  reference?: World,
): Promise<World> {
  const world = worldOf(start);
  world.killAt = edge;
  world.tear = tear;
  let name = '';
  world.onEdge = (passed, number) => {
    if (number === edge) name = passed;
  };
  const wrong = await outcome(async () => {
    const said = await live(world, start);
    return reference === undefined ? said : [...said, ...more(world, reference)];
  });
  if (name === '') into.skipped += 1;
  const seed = `${start.id}:${edge}:${tear}`;
  count(into, world, { seed, text: `${describe(start)}, killed before edge ${edge} (${name})`, wrong });
  return world;
}

/** Every crash of one start, or each `step`th edge from `first`. */
export async function crashes(start: Start, into: Tally, first = 1, step = 1): Promise<void> {
  const reference = await undisturbed(start, into);
  const { story } = reference;
  for (let edge = first; edge <= (story?.edges ?? 0); edge += step) {
    const { disk } = await crashAt(start, edge, 'lost', into, reference);
    for (const tear of ['torn', 'kept'] as const) {
      if (disk.lostBytes > 0) await crashAt(start, edge, tear, into, reference);
      else into.merged += 1;
    }
  }
}
