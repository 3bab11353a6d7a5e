/**
 * A life story: apply until it ends, restarted after every death, then time for what is still on its way, then a plan
 * that must show nothing to do.
 */
import { faultsOfEnd, isHandsOff, type Start, UNKNOWN } from './starts.ts';
import type { World } from './world.ts';

const MOST_LIVES = 8;

/** Returns what is wrong, oracles' violations included; empty = all is well. */
export async function live(world: World, start: Start): Promise<readonly string[]> {
  const wrong: string[] = [];
  let ended = false;
  for (let lives = 0; lives < MOST_LIVES && !ended; lives++) {
    const end = await world.apply();
    if (end === 'stuck') return [`apply hangs at ${world.scheduler.now}`];
    if (end === 'killed' || end === 'blind') continue;
    ended = end.result?.exitCode === 0 || end.result?.exitCode === 4;
    // What went wrong once is put right by another apply, once the world has calmed down.
    await world.pass(130_000);
  }
  if (!ended) wrong.push('never ended well');
  await world.pass(300_000);
  world.calm();
  let plan = await world.plan();
  if (plan?.summary.forecast.writes !== 0 || plan.exitCode !== expectedExit(start)) {
    // An apply that was lied to may rightly have ended with less; the next one, not lied to, puts it right.
    await world.apply();
    await world.pass(10_000);
    plan = await world.plan();
  }
  const writes = plan?.summary.forecast.writes;
  if (writes !== 0) wrong.push(`the last plan still has ${writes} writes`);
  const exit = plan?.exitCode;
  const expected = isHandsOff(start) && start.want !== 'absent' ? 4 : undefined;
  if (exit !== (expected ?? (start.state === 'Hibernating' ? exit : 0)))
    wrong.push(`the last plan exits ${exit}`);
  wrong.push(...faultsOfEnd(start, world));
  wrong.push(...world.oracles.violations.map(({ oracle, text }) => `${oracle}: ${text}`));
  return wrong;
}

/** A service nobody may touch is a blocked one, if a manifest names it or it is ours. */
function expectedExit(start: Start): number {
  const { want, state, owner } = start;
  if (want !== 'absent') return isHandsOff(start) ? 4 : 0;
  return state === UNKNOWN && owner !== 'foreign' ? 4 : 0;
}
