/**
 * Somebody else wants it otherwise: the same accepted write, undone three times within ten minutes, is *held* and
 * reported instead of sent a fourth time (decision 0009). A fight of two controllers ends with one of them silent. Undone
 * is what had its effect before: a start that fails, or a PATCH that changes nothing, is no fight (`quarantine.ts`).
 *
 * A hold is over after ten minutes, then twenty, up to four hours; then one write is tried, and if that is undone too the
 * next hold is longer. Another wish or another live value is another difference, which is not held.
 */
import { isHeldUp, MOST_UNDONE } from '../service/fights.ts';
import type { Fight, Memory } from '../service/memory.ts';
import type { Block, Observed, Operation, Reason } from '../service/service.ts';
import type { Spec } from '../service/spec.ts';
import { differenceKey } from './quarantine.ts';

const MINUTE = 60_000;
const FIRST_HOLD = 10 * MINUTE;
const LONGEST_HOLD = 240 * MINUTE;

/**
 * What somebody would have to bring back to undo the operation, in one line; it holds values, so only its keyed hash may be
 * kept. undefined: nobody undoes it (a redeploy, a delete), or it undoes itself (containers that die are healed for ever).
 */
export function fightKey(
  operation: Operation,
  why: Reason,
  observed: Observed,
  wanted: Spec | undefined,
): string | undefined {
  switch (operation.verb) {
    case 'update':
    case 'terminate':
      return differenceKey(operation, why, observed, wanted);
    case 'create':
      return JSON.stringify(['create', wanted ?? operation.spec]);
    case 'stop':
      return JSON.stringify(['stop']);
    case 'start':
      return observed.exists === true && observed.state === 'Stopped' ? JSON.stringify(['start']) : undefined;
    case 'redeploy':
      return undefined;
  }
}

/** Why the write is not sent now, at wall-clock `now`; a clock that was set back holds nothing. */
export function contention(
  memory: Memory,
  name: string,
  write: Pick<Fight, 'difference' | 'wish'>,
  now: number,
): Extract<Block, { code: 'contention' }> | undefined {
  const fights = memory.fights.get(name) ?? [];
  const fight = fights.find((one) => one.difference === write.difference && one.wish === write.wish);
  if (fight === undefined || !isHeldUp(fight)) return undefined;
  const last = fight.at.at(-1) ?? 0;
  const until = last + Math.min(LONGEST_HOLD, FIRST_HOLD * 2 ** Math.min(fight.holds, 10));
  if (now < last || now >= until) return undefined;
  return { code: 'contention', verb: fight.verb, times: MOST_UNDONE + fight.holds, until };
}
