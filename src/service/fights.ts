/**
 * Counting what was written and undone again: the same accepted write, after which all was as wished, three times within ten
 * minutes. `decide/contention.ts` says what follows from it.
 */
import type { Fight } from './memory.ts';

export const MOST_UNDONE = 3;
const MINUTE = 60_000;
const UNDONE_WITHIN = 10 * MINUTE;
/** Quiet for so long, and an old fight is forgotten. */
const FORGOTTEN_AFTER = 24 * 60 * MINUTE;
/** Differences remembered for one name. */
const MOST_FIGHTS = 8;

export interface Write extends Pick<Fight, 'verb' | 'difference' | 'wish'> {
  /** Wall-clock milliseconds. */
  readonly at: number;
}

/** The fights of a name after one more accepted write; it counts once all was as wished after it (`settled`). */
export function fought(before: readonly Fight[], { at, ...write }: Write): readonly Fight[] {
  const isSame = (one: Fight) => one.difference === write.difference && one.wish === write.wish;
  const old = before.find(isSame);
  const last = old?.at.at(-1);
  const goesOn = old !== undefined && last !== undefined && at >= last && at - last <= FORGOTTEN_AFTER;
  const others = before.filter((one) => !isSame(one) && one.wish === write.wish);
  const fight = goesOn ? { ...old, pending: at } : { ...write, at: [], pending: at, holds: 0 };
  return [...others, fight].slice(-MOST_FIGHTS);
}

/** The fights of a name that is as wished now. */
export function settled(before: readonly Fight[]): readonly Fight[] {
  return before.map((fight) => {
    if (fight.pending === undefined) return fight;
    const at = [...fight.at, fight.pending].slice(-MOST_UNDONE);
    return { ...fight, at, pending: undefined, holds: isHeldUp(fight) ? fight.holds + 1 : 0 };
  });
}

export function isPending(fights: readonly Fight[] | undefined): boolean {
  return fights?.some((fight) => fight.pending !== undefined) === true;
}

/** So many and so close to each other that the next one is not sent. */
export function isHeldUp({ at, holds }: Fight): boolean {
  const [first = 0, last = 0] = [at[0], at.at(-1)];
  return at.length >= MOST_UNDONE && (holds > 0 || last - first <= UNDONE_WITHIN);
}
