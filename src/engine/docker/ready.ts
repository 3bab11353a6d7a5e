/**
 * Waiting for a container that was started: until it is healthy, or (without a health check) has stayed up for a
 * moment. One that ran and ended with code 0 has done what it was started for.
 */
import type { Clock } from '../../service/ports.ts';
import { Failed, type Scrub } from './failures.ts';
import { type Found, reasonOf, type Seen } from './found.ts';
import { shownName } from './names.ts';
import type { Settings } from './options.ts';
import type { Roster } from './roster.ts';

const SHORTEST_LOOK = 50;
const LONGEST_LOOK = 500;
/** So often the engine may have to start it again before it counts as one that will not run. */
const RESTARTS = 3;

/** To be called when the engine has just started it. Throws `Failed` (`container`, or `aborted`). */
export async function untilReady(
  roster: Roster,
  settings: Settings,
  target: Pick<Found, 'id' | 'uniqueName' | 'ordinal'>,
  scrub: Scrub,
  signal: AbortSignal,
): Promise<void> {
  const { clock, settleMs, readyMs } = settings;
  const name = shownName(target);
  const from = clock.monotonic();
  let up = from;
  let restarts = 0;
  let wait = settleMs;
  for (let look = SHORTEST_LOOK; ; look = Math.min(look * 2, LONGEST_LOOK)) {
    await pause(clock, wait, signal, name);
    const seen = await roster.inspect(target.id);
    if (seen === undefined) throw new Failed('container', `${name} was removed while it was starting`);
    const now = clock.monotonic();
    const why = () => `${name} does not run: ${reasonOf(seen, scrub)}`;
    if (seen.restarts !== restarts) {
      up = now;
      restarts = seen.restarts;
    }
    switch (judge(seen, now - up >= settleMs)) {
      case 'ready':
        return;
      case 'failed':
        throw new Failed('container', why());
      case 'wait':
        if (now - from > readyMs) {
          throw new Failed('container', `${why()}, ${readyMs / 1000} s after its start`);
        }
    }
    wait = seen.phase === 'running' && seen.health === 'none' ? Math.max(10, up + settleMs - now) : look;
  }
}

function judge(seen: Seen, settled: boolean): 'ready' | 'failed' | 'wait' {
  if (seen.phase === 'running') {
    if (seen.health === 'healthy' || (seen.health === 'none' && settled)) return 'ready';
    return seen.health === 'unhealthy' ? 'failed' : 'wait';
  }
  if (seen.phase === 'restarting') return seen.restarts >= RESTARTS ? 'failed' : 'wait';
  return seen.phase === 'exited' && seen.exitCode === 0 && seen.error === '' ? 'ready' : 'failed';
}

async function pause(clock: Clock, ms: number, signal: AbortSignal, name: string): Promise<void> {
  if (!signal.aborted) await clock.sleep(ms, signal);
  if (signal.aborted) throw new Failed('aborted', `given up while waiting for ${name}`);
}
