/**
 * One case from one seed: a start of the catalogue, and a kill before an edge, a fault at a request, or a storm. What the
 * simulation says of the same is lived along, so that the two can be compared.
 */
import { chance, pick } from '../../test/sim/chance.ts';
import type { Tear } from '../../test/sim/disk.ts';
import { FAULTS, fits } from '../../test/sim/faults.ts';
import { live } from '../../test/sim/life.ts';
import type { Fault, Kind } from '../../test/sim/network.ts';
import { describe, isHandsOff, STARTS, type Start, worldOf } from '../../test/sim/starts.ts';
import type { World } from '../../test/sim/world.ts';

/** The n-th request of its kind, from 1. */
export interface Where {
  readonly kind: Kind;
  readonly ordinal: number;
}

export type Trouble =
  | { readonly kind: 'kill'; readonly edge: string; readonly where: Where | number; readonly tear: Tear }
  | { readonly kind: 'fault'; readonly fault: Fault; readonly where: Where }
  | { readonly kind: 'storm' };

export interface Case {
  readonly seed: number;
  readonly start: Start;
  readonly trouble: Trouble;
  readonly text: string;
  /** What the simulation found wrong, and what it ended with; undefined where it has no such case. */
  readonly reference: { readonly wrong: readonly string[]; readonly world: World } | undefined;
}

/** Of ten cases. */
const KILLS = 4;
const STORMS = 1;

export async function sample(seed: number): Promise<Case> {
  const profile = chance(seed, 'profile') < 0.75 ? 'ours' : 'reference';
  const kind = Math.floor(chance(seed, 'kind') * 10);
  const isStorm = kind < STORMS;
  // What nobody may touch is soon told: three starts of four are others.
  const handsOff = chance(seed, 'hands') < 0.25;
  const starts = STARTS.filter(
    (start) =>
      start.profile === profile &&
      isHandsOff(start) === handsOff &&
      // A daemon takes two away only within two hours.
      !(isStorm && (start.owner === 'duplicates' || start.drift === 'image') && profile === 'reference') &&
      !(isStorm && start.owner === 'duplicates' && start.want === 'absent'),
  );
  const start = pick(starts, seed, 'start');
  if (isStorm)
    return {
      seed,
      start,
      trouble: { kind: 'storm' },
      text: `${describe(start)}, a storm`,
      reference: undefined,
    };
  return kind < STORMS + KILLS ? killed(seed, start) : struck(seed, start);
}

async function killed(seed: number, start: Start): Promise<Case> {
  const edges: { readonly name: string; readonly at: number }[] = [];
  const calm = worldOf(start);
  calm.onEdge = (name) => {
    const { length } = calm.network.log;
    edges.push({ name, at: name === 'http:send' ? length : length - 1 });
  };
  await live(calm, start);
  const most = calm.story?.edges ?? 1;
  const number = 1 + Math.floor(chance(seed, 'edge') * most);
  const { name, at } = edges[number - 1] ?? { name: 'http:send', at: 0 };
  const tear = pick(['lost', 'torn', 'kept'] as const, seed, 'tear');
  const world = worldOf(start);
  world.killAt = number;
  world.tear = tear;
  const wrong = await live(world, start);
  const where = name.startsWith('journal')
    ? edges.slice(0, number).filter((one) => one.name === name).length
    : whereIs(calm, at);
  const place = typeof where === 'number' ? `${where}` : `${where.kind} ${where.ordinal}`;
  return {
    seed,
    start,
    trouble: { kind: 'kill', edge: name, where, tear },
    text: `${describe(start)}, killed at ${name} ${place}${typeof where === 'number' ? `, ${tear}` : ''}`,
    reference: { wrong, world },
  };
}

async function struck(seed: number, start: Start): Promise<Case> {
  const calm = worldOf(start);
  await live(calm, start);
  const most = calm.story?.requests ?? 1;
  const exchange = calm.network.log[Math.floor(chance(seed, 'request') * most)];
  const number = exchange?.number ?? 1;
  const fitting = FAULTS.filter(
    (one) =>
      fits(one, { kind: exchange?.kind ?? 'list' }) && (one.meddle === undefined || start.state !== 'absent'),
  );
  const fault = pick(fitting, seed, 'fault');
  const world = worldOf(start);
  world.network.faultOf = (one) => (one.number === number ? fault : undefined);
  const wrong = await live(world, start, fault.meddle !== undefined);
  const where = whereIs(calm, number - 1);
  return {
    seed,
    start,
    trouble: { kind: 'fault', fault, where },
    text: `${describe(start)}, ${fault.name} at ${where.kind} ${where.ordinal}`,
    reference: { wrong, world },
  };
}

/** Real waits are looked at more or less often than simulated ones; this many lists there are nearly always. */
const LISTS = 2;

function whereIs({ network }: World, index: number): Where {
  const kind = network.log[index]?.kind ?? 'list';
  const ordinal = network.log.slice(0, index + 1).filter((one) => one.kind === kind).length;
  return { kind, ordinal: kind === 'list' ? Math.min(LISTS, ordinal) : ordinal };
}

/** How it ended, in words that both worlds can say. */
export function picture(
  services: readonly {
    readonly name: string;
    readonly creator: string;
    readonly versions: readonly Version[];
  }[],
): readonly string[] {
  return services
    .map(({ name, creator, versions }) => ({ name, creator, service: versions.at(-1)?.service }))
    .filter(({ service }) => service !== undefined && service.state !== 'Terminated')
    .map(({ name, creator, service }) => {
      const { state, spec } = service as Version['service'];
      return `${name} (${creator}) ${state} ${spec.image} × ${spec.target_num_containers}`;
    })
    .sort();
}

interface Version {
  readonly service: {
    readonly state: string;
    readonly spec: { readonly image: string; readonly target_num_containers: number };
  };
}
