/**
 * A life story: apply until it ends, restarted after every death, then time for what is still on its way, then a plan
 * that must show nothing to do.
 */
import type { Plan } from '../../src/service/plan.ts';
import { faultsOfEnd, isAsWished, isHandsOff, type Start, UNKNOWN } from './starts.ts';
import type { World } from './world.ts';

const MOST_LIVES = 8;

/** Returns what is wrong, oracles' violations included; empty = all is well. `meddled`: the start is not all that counts. */
export async function live(world: World, start: Start, meddled = false): Promise<readonly string[]> {
  const wrong: string[] = [];
  let ended = false;
  for (let lives = 0; lives < MOST_LIVES && !ended; lives++) {
    const end = await world.apply();
    if (end === 'stuck') return [`O4: apply hangs at ${world.scheduler.now}`, ...said(world)];
    if (end === 'killed' || end === 'blind') continue;
    ended = end.result?.exitCode === 0 || end.result?.exitCode === 4;
    // What went wrong once is put right by another apply, once the world has calmed down.
    await world.pass(130_000);
  }
  if (!ended) wrong.push('O4: never ended well');
  await world.pass(300_000);
  world.calm();
  const isRight = (plan: Plan | undefined) =>
    plan?.summary.forecast.writes === 0 && (meddled || plan.exitCode === expectedExit(start));
  let plan = await world.plan();
  // A no of the server's stands until the manifest changes, or somebody says `retry`.
  for (const { name, end } of plan?.services ?? []) {
    if (end.kind === 'blocked' && end.block.code === 'refused') await world.retry(name);
  }
  if (!isRight(plan)) {
    // An apply that was lied to may rightly have ended with less; the next one, not lied to, puts it right.
    await world.apply();
    await world.pass(10_000);
    plan = await world.plan();
  }
  if (!isRight(plan)) {
    wrong.push(`O5: the last plan exits ${plan?.exitCode} with ${plan?.summary.forecast.writes} writes`);
  }
  if (meddled && plan !== undefined) wrong.push(...disagreements(plan, world));
  else wrong.push(...faultsOfEnd(start, world));
  return [...wrong, ...said(world)];
}

const said = (world: World) => world.oracles.violations.map(({ oracle, text }) => `${oracle}: ${text}`);

/** Where a plan says that all is well and the truth does not. */
function disagreements(plan: Plan, world: World): readonly string[] {
  return plan.services.flatMap(({ name, want, end }) => {
    if (end.kind === 'blocked' || want === 'absent') return [];
    const [one, ...others] = world.server.live(name);
    const well = one !== undefined && others.length === 0 && isAsWished(one.service, want);
    return well ? [] : [`O4: ${name} is in sync only in the plan: ${one?.service.state}`];
  });
}

/** A service nobody may touch is a blocked one, if a manifest names it or it is ours. */
export function expectedExit(start: Start): number {
  const { want, state, owner } = start;
  if (want !== 'absent') return isHandsOff(start) ? 4 : 0;
  return state === UNKNOWN && owner !== 'foreign' ? 4 : 0;
}
