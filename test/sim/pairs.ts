/**
 * Two disturbances of one life: two kills, a fault and then a kill, a kill and then a fault. For a reduced set of starts,
 * every pair: the second is tried at every place that the first leaves.
 *
 * Kills lose what is on its way to the disk; torn and kept bytes are sim:crash's.
 */
import { count, outcome, type Tally } from './crash.ts';
import { judged, possible, watched } from './fault.ts';
import { fault as faultNamed } from './faults.ts';
import { live } from './life.ts';
import { describe, STARTS, type Start } from './starts.ts';
import { Witness } from './witness.ts';
import type { World } from './world.ts';

/** Prime to the number of starts, and no multiple of anything they are made of: each factor takes all its values. */
const STRIDE = 535;
const SOME = 60;

/** Spread over all states, wishes, differences, owners and both kinds of server. */
export const PAIR_STARTS: readonly Start[] = Array.from({ length: SOME }, (_, place) => {
  const start = STARTS[(place * STRIDE) % STARTS.length];
  if (start === undefined) throw new Error('no starts');
  return start;
});

export interface Trouble {
  /** Edges before which the process is killed. */
  readonly kills: readonly number[];
  readonly fault?: readonly [request: number, name: string];
}

interface Told {
  readonly world: World;
  /** The edges passed when the fault struck. */
  readonly struckAt: number;
}

/** `known`: prints of runs that met the same before their fault; one of them stands for the rest of this run. */
export async function troubled(
  start: Start,
  { kills, fault }: Trouble,
  into: Tally,
  reference: World | undefined,
  { known, before }: { known?: Set<string>; before?: (world: World) => void } = {},
): Promise<Told> {
  const differs = (print: string) => {
    if (known?.has(print) === true) world.halt();
    known?.add(print);
  };
  const world = watched(start, differs);
  before?.(world);
  const left = new Set(kills);
  let struckAt: number | undefined;
  world.onEdge = (_, number) => {
    if (world.story !== undefined || !left.delete(number)) return;
    world.kill();
    // What the dead one waited for never comes back.
    if (struckAt === undefined) world.witness = new Witness(() => world, differs);
  };
  const what = fault === undefined ? undefined : faultNamed(fault[1]);
  world.network.faultOf = ({ number }) => {
    if (number !== fault?.[0]) return undefined;
    struckAt = world.edges;
    world.witness?.struck(number);
    return what;
  };
  const wrong = await outcome(() =>
    what === undefined ? live(world, start) : judged(world, start, what, reference),
  );
  if (left.size > 0 || (what !== undefined && struckAt === undefined)) into.skipped += 1;
  if (world.halted) into.merged += 1;
  else {
    const seed = `${start.id}:${fault?.join(':') ?? '-:-'}:${kills.join('+')}`;
    count(into, world, { seed, text: `${describe(start)}, ${seed}`, wrong });
  }
  return { world, struckAt: struckAt ?? 0 };
}

/** Every pair of one start. Returns how many there were of each kind. */
export async function pairs(start: Start, into: Tally) {
  const undisturbed = watched(start, () => {});
  const first = possible(undisturbed);
  await outcome(() => live(undisturbed, start));
  const edges = ({ story }: World) => story?.edges ?? 0;
  const numbers = { 'two kills': 0, 'a fault, then a kill': 0, 'a kill, then a fault': 0 };

  for (let kill = 1; kill <= edges(undisturbed); kill += 1) {
    let later: ReturnType<typeof possible> | undefined;
    const { world } = await troubled(start, { kills: [kill] }, into, undisturbed, {
      before: (young) => {
        later = possible(young);
      },
    });
    for (let second = kill + 1; second <= edges(world); second += 1) {
      await troubled(start, { kills: [kill, second] }, into, undisturbed);
      numbers['two kills'] += 1;
    }
    const sent = world.network.log.filter(({ process }) => process === 0).length;
    const known = new Map<number, Set<string>>();
    for (const fault of later?.real ?? []) {
      if (fault[0] <= sent) continue;
      const prints = known.get(fault[0]) ?? new Set<string>();
      known.set(fault[0], prints);
      await troubled(start, { kills: [kill], fault }, into, undisturbed, { known: prints });
      numbers['a kill, then a fault'] += 1;
    }
  }

  const known = new Map<number, Set<string>>();
  for (const fault of first.real) {
    const prints = known.get(fault[0]) ?? new Set<string>();
    known.set(fault[0], prints);
    const { world, struckAt } = await troubled(start, { kills: [], fault }, into, undisturbed, {
      known: prints,
    });
    if (world.halted) continue;
    for (let kill = struckAt + 1; kill <= edges(world); kill += 1) {
      await troubled(start, { kills: [kill], fault }, into, undisturbed);
      numbers['a fault, then a kill'] += 1;
    }
  }
  return numbers;
}
