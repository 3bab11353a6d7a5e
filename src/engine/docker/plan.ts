/**
 * What a job has to do to the containers there are: a pure answer, so that a job that is given again after a crash
 * goes on from whatever it finds.
 */
import type { Definition } from '../../service/definition.ts';
import type { JobVerb } from '../../service/engine.ts';
import { type Found, isStoppable, onePerOrdinal } from './found.ts';

export type Step =
  /** Make the container of this ordinal; the ones it replaces are stopped before it is started, then removed. */
  | { readonly kind: 'make'; readonly ordinal: number; readonly replaces: readonly Found[] }
  /** One that is there stays, is brought up if `up`, and leftovers of its ordinal go. */
  | {
      readonly kind: 'keep';
      readonly container: Found;
      readonly up: boolean;
      readonly leftovers: readonly Found[];
    };

export interface JobPlan {
  /** Gone for good, highest ordinal first. */
  readonly surplus: readonly Found[];
  readonly stop: readonly Found[];
  /** By ordinal; ordinals that need nothing are not in it. */
  readonly steps: readonly Step[];
}

type Wish = Pick<Definition, 'revision' | 'deployment'> & {
  readonly spec: Pick<Definition['spec'], 'target_num_containers'>;
};

export function planJob(verb: JobVerb, wish: Wish, all: readonly Found[]): JobPlan {
  const nothing = { surplus: [], stop: [], steps: [] };
  if (verb === 'terminate') return { ...nothing, surplus: highestFirst(all) };
  if (verb === 'stop') return { ...nothing, stop: all.filter(isStoppable) };
  const target = wish.spec.target_num_containers;
  const there = [...new Set(all.map((one) => one.ordinal))].sort((a, b) => a - b).slice(0, target);
  const ordinals = [...there, ...lowestFree(new Set(there), target - there.length)].sort((a, b) => a - b);
  return {
    surplus: highestFirst(all.filter((one) => !ordinals.includes(one.ordinal))),
    stop: [],
    steps: ordinals.flatMap((ordinal) => stepFor(verb, wish, ordinal, all) ?? []),
  };
}

function stepFor(verb: JobVerb, wish: Wish, ordinal: number, all: readonly Found[]): Step | undefined {
  const there = all.filter((one) => one.ordinal === ordinal);
  const [container] = onePerOrdinal(there.filter((one) => mayStay(verb, wish, one)));
  if (container === undefined) return { kind: 'make', ordinal, replaces: there };
  const leftovers = there.filter((one) => one !== container);
  const isWell =
    container.phase === 'running' && (container.health === 'none' || container.health === 'healthy');
  const up = verb !== 'scale' && !isWell;
  return up || leftovers.length > 0 ? { kind: 'keep', container, up, leftovers } : undefined;
}

/** Whether a container may stay as it is made; `scale` touches none that is there. */
function mayStay(verb: JobVerb, wish: Wish, found: Found): boolean {
  if (found.phase === 'removing' || found.phase === 'dead') return false;
  if (verb === 'scale') return true;
  if (found.revision !== wish.revision) return false;
  return verb === 'start' || found.deployment === wish.deployment;
}

function highestFirst(all: readonly Found[]): readonly Found[] {
  return [...all].sort((a, b) => b.ordinal - a.ordinal);
}

function lowestFree(taken: ReadonlySet<number>, count: number): readonly number[] {
  const free: number[] = [];
  for (let ordinal = 1; free.length < count; ordinal += 1) if (!taken.has(ordinal)) free.push(ordinal);
  return free;
}
