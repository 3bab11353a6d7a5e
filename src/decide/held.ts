/**
 * What the past holds against an operation: a suspension, a refusal by the server, the quarantine, a fight. One function
 * for `plan`, which cuts the course there, and for the drive, which asks it again before each write.
 */
import type { Memory, Suspension } from '../service/memory.ts';
import type { Block, Move, Observed, Wish } from '../service/service.ts';
import { contention, fightKey } from './contention.ts';
import { quarantineOf } from './quarantine.ts';

type Act = Extract<Move, { kind: 'act' }>;

export type Held = (wish: Wish, move: Act, observed: Observed) => Block | undefined;

export interface Past {
  readonly memory: Memory;
  readonly hash: (text: string) => string;
  /** The suspension that holds for a name now. */
  readonly suspended: (name: string) => Suspension | undefined;
  readonly wallNow: number;
}

export function heldOf({ memory, hash, suspended, wallNow }: Past): Held {
  const quarantine = quarantineOf(memory, hash);
  return (wish, move, observed) => {
    const { name, spec } = wish;
    return (
      suspensionBlock(suspended(name)) ??
      refusalBlock(memory, hash, wish) ??
      quarantine(name, move, observed, spec) ??
      fightBlock(wish, move, observed, { memory, hash, wallNow })
    );
  };
}

export function suspensionBlock(suspension: Suspension | undefined): Block | undefined {
  if (suspension === undefined) return undefined;
  const { until, by, reason } = suspension;
  return { code: 'suspended', until, by, reason };
}

function refusalBlock(memory: Memory, hash: Past['hash'], wish: Wish): Block | undefined {
  const refusal = memory.refusals.get(wish.name);
  if (refusal === undefined || hash(wishKey(wish)) !== refusal.wish) return undefined;
  const { verb, field, message } = refusal;
  return {
    code: 'refused',
    verb,
    message,
    place: (field === undefined ? undefined : wish.places[field]) ?? wish.place,
  };
}

function fightBlock(
  wish: Wish,
  { operation, why }: Act,
  observed: Observed,
  { memory, hash, wallNow }: Omit<Past, 'suspended'>,
): Block | undefined {
  if (!memory.fights.has(wish.name)) return undefined;
  const key = fightKey(operation, why, observed, wish.spec);
  if (key === undefined) return undefined;
  return contention(memory, wish.name, { difference: hash(key), wish: hash(wishKey(wish)) }, wallNow);
}

/** All that a manifest says, wherever it stands. It holds values: only its keyed hash may be kept. */
export function wishKey({ place: _, places: __, frozen: ___, ...wish }: Wish): string {
  return JSON.stringify(wish);
}
