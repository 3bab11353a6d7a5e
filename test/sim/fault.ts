/**
 * One fault: every start × every request of the undisturbed way × every fault of the network, and somebody else's hand
 * between any two requests.
 */
import { count, lived, more, outcome, type Tally } from './crash.ts';
import { FAULTS, fault as faultNamed, fits } from './faults.ts';
import { live } from './life.ts';
import { type Exchange, type Fault, isMoot } from './network.ts';
import { describe, type Start, worldOf } from './starts.ts';
import { Witness } from './witness.ts';
import type { World } from './world.ts';

/** Short: each wait is looked at two or three times, and no oftener; more looks of one wait are like these. */
const TRANSITIONS = { server: { moveMs: 1_000 } };

/** Carried out so long after it was sent that its sender has looked again meanwhile, in milliseconds. */
const LATE_MS = 20_000;

/** `known`: prints of runs so far; one that is met again stands for the rest of this run. */
export async function faultAt(
  start: Start,
  request: number,
  name: string,
  into: Tally,
  known = new Set<string>(),
  reference?: World,
): Promise<World> {
  const what = faultNamed(name);
  const world = watched(start, (print) => {
    if (known.has(print)) world.halt();
    known.add(print);
  });
  let came = false;
  world.network.faultOf = ({ number }) => {
    if (number !== request) return undefined;
    came = true;
    world.witness?.struck(number);
    return what;
  };
  const wrong = await outcome(() => judged(world, start, what, reference));
  if (!came) into.skipped += 1;
  if (world.halted) into.merged += 1;
  else
    count(into, world, {
      seed: `${start.id}:${request}:${name}`,
      text: `${describe(start)}, ${name} at request ${request}`,
      wrong,
    });
  return world;
}

/** Lives a world in which `what` happens, and says what was wrong; `reference`: without it. */
export async function judged(
  world: World,
  start: Start,
  what: Fault,
  reference: World | undefined,
): Promise<readonly string[]> {
  const said = await live(world, start, what.meddle !== undefined);
  // Who never saw the extensions takes it for a server that has none, where a PATCH may be a replace.
  const late = typeof what.arrives === 'number' && what.arrives >= LATE_MS;
  const isJudged = what.meddle === undefined && what.name !== 'no-extensions';
  return isJudged && reference !== undefined ? [...said, ...more(world, reference, late)] : said;
}

export function watched(start: Start, differs: (print: string) => void): World {
  const world = worldOf(start, TRANSITIONS);
  world.witness = new Witness(() => world, differs);
  return world;
}

/** What can happen to the requests of a world: the faults that make a difference, and how many do not. */
export interface Possible {
  readonly real: (readonly [request: number, name: string])[];
  moot: number;
}

/** Finds it out while the world is lived, before the calm. */
export function possible(world: World): Possible {
  const found: Possible = { real: [], moot: 0 };
  const sort = (exchange: Exchange, some: (fault: Fault) => boolean, isSame: (fault: Fault) => boolean) => {
    for (const one of FAULTS) {
      if (world.story !== undefined || !fits(one, exchange) || !some(one)) continue;
      if (isSame(one)) found.moot += 1;
      else found.real.push([exchange.number, one.name]);
    }
  };
  const { server, network } = world;
  network.onArrival = (exchange) =>
    sort(
      exchange,
      (one) => one.meddle !== undefined,
      (one) => one.idle?.(server, exchange) === true,
    );
  network.onAnswer = (exchange) =>
    sort(
      exchange,
      (one) => one.meddle === undefined,
      (one) => isMoot(one, exchange, server),
    );
  return found;
}

/**
 * Every fault of one start, or each `step`th from `first`. A fault that its request cannot be told from (a reordered list
 * of one row, a stale list of what has not changed, a hand that the state refuses) makes the run the undisturbed one,
 * which stands for it.
 */
export async function faults(start: Start, into: Tally, first = 0, step = 1): Promise<void> {
  const world = watched(start, () => {});
  const found = possible(world);
  await lived(world, start, into);
  into.merged += found.moot;
  const known = new Map<number, Set<string>>();
  for (let at = first; at < found.real.length; at += step) {
    const [request, name] = found.real[at] ?? [0, ''];
    const prints = known.get(request) ?? new Set();
    known.set(request, prints);
    await faultAt(start, request, name, into, prints, world);
  }
}
