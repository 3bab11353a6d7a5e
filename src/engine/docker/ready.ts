/**
 * Waiting for a container that was started: until it is healthy, or (without a health check) has stayed up for a
 * moment. One that ran and ended with code 0 has done what it was started for.
 */
import type { Clock } from '../../service/ports.ts';
import { Failed, type Scrub } from './failures.ts';
import { type Found, reasonOf } from './found.ts';
import { shownName } from './names.ts';
import type { Settings } from './options.ts';
import type { Roster } from './roster.ts';

const SHORTEST_LOOK = 50;
const LONGEST_LOOK = 500;
/** So often the engine may have to start it again before it counts as one that will not run. */
const RESTARTS = 3;

/** Throws `Failed` (`container`, or `aborted`). */
export async function untilReady(
  roster: Roster,
  settings: Settings,
  target: Pick<Found, 'id' | 'uniqueName' | 'ordinal'>,
  scrub: Scrub,
  signal: AbortSignal,
): Promise<void> {
  const { clock } = settings;
  const name = shownName(target);
  const from = clock.monotonic();
  let up: number | undefined;
  for (let look = SHORTEST_LOOK; ; look = Math.min(look * 2, LONGEST_LOOK)) {
    const seen = await roster.inspect(target.id);
    if (seen === undefined) throw new Failed('container', `${name} was removed while it was starting`);
    const why = () => `${name} does not run: ${reasonOf(seen, scrub)}`;
    if (seen.phase === 'running') {
      up ??= clock.monotonic();
      if (seen.health === 'healthy') return;
      if (seen.health === 'none' && clock.monotonic() - up >= settings.settleMs) return;
      if (seen.health === 'unhealthy') throw new Failed('container', why());
    } else if (seen.phase === 'restarting') {
      up = undefined;
      if (seen.restarts >= RESTARTS) throw new Failed('container', why());
    } else if (seen.phase === 'exited' && seen.exitCode === 0 && seen.error === '') {
      return;
    } else {
      throw new Failed('container', why());
    }
    if (clock.monotonic() - from > settings.readyMs) {
      throw new Failed('container', `${why()}, ${settings.readyMs / 1000} s after its start`);
    }
    await pause(
      clock,
      seen.health === 'none' && up !== undefined ? settleLeft(settings, up) : look,
      signal,
      name,
    );
  }
}

function settleLeft({ clock, settleMs }: Settings, up: number): number {
  return Math.max(10, settleMs - (clock.monotonic() - up));
}

async function pause(clock: Clock, ms: number, signal: AbortSignal, name: string): Promise<void> {
  if (!signal.aborted) await clock.sleep(ms, signal);
  if (signal.aborted) throw new Failed('aborted', `given up while waiting for ${name}`);
}
