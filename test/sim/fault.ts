/**
 * One fault: every start × every request of the undisturbed way × every fault of the network, and somebody else's hand
 * between any two requests.
 */
import { count, outcome, type Tally, undisturbed } from './crash.ts';
import { FAULTS, fault as faultNamed, fits } from './faults.ts';
import { live } from './life.ts';
import type { Exchange, Fault } from './network.ts';
import { describe, type Start, worldOf } from './starts.ts';
import type { World } from './world.ts';

export async function faultAt(start: Start, request: number, name: string, into: Tally): Promise<World> {
  const world = worldOf(start);
  const what = faultNamed(name);
  let came = false;
  world.network.faultOf = ({ number }) => {
    came ||= number === request;
    return number === request ? what : undefined;
  };
  const wrong = await outcome(() => live(world, start, what.meddle !== undefined));
  if (!came) into.skipped += 1;
  count(into, world, {
    seed: `${start.id}:${request}:${name}`,
    text: `${describe(start)}, ${name} at request ${request}`,
    wrong,
  });
  return world;
}

/** Every fault of one start, or each `step`th from `first`. */
export async function faults(start: Start, into: Tally, first = 0, step = 1): Promise<void> {
  const { story, network } = await undisturbed(start, into);
  const requests = network.log.slice(0, story?.requests ?? 0);
  const all = requests.flatMap((request) =>
    fitting(start, request).map((one) => [request.number, one.name] as const),
  );
  for (let at = first; at < all.length; at += step) {
    const [request, name] = all[at] ?? [0, ''];
    await faultAt(start, request, name, into);
  }
}

/** Another's hand matters only where there is a service to lay it on, and a reordered list only where it has rows. */
function fitting(start: Start, request: Exchange): readonly Fault[] {
  return FAULTS.filter((one) => fits(one, request) && (one.meddle === undefined || start.state !== 'absent'));
}
