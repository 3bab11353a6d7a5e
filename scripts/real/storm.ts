/**
 * A daemon in bad weather: killed and started again, manifests changed under it; then calm, in which all must come to be
 * as they say and stay so; then SIGTERM.
 */
import { systemClock } from '../../src/cli/system.ts';
import { chance } from '../../test/sim/chance.ts';
import { faultsOfEnd } from '../../test/sim/starts.ts';
import type { Home } from './home.ts';
import { judged, type Told, webManifest } from './pieces.ts';
import { weather } from './play.ts';
import type { Case } from './sample.ts';

const RUN = ['run', '--interval', '1s', '--grace', '1s', '--log-level', 'warn'];
/** Two minutes in which a create that is not known is looked for, one until what is broken is healed, and some more. */
const RECOVERY_MS = 240_000;
const STILL_MS = 2_500;
/** Two passes. */
const READ_MS = 2_500;
const STOP_MS = 8_000;

export async function storm({ seed, start }: Case, home: Home): Promise<Told> {
  const wrong: string[] = [];
  const chances = (what: string, least: number, most: number) => least + chance(seed, what) * (most - least);
  home.script = { play: ({ number }) => weather(seed, number) };
  let running = home.start(RUN);
  const kills = 1 + Math.floor(chance(seed, 'kills') * 2);
  for (let kill = 0; kill < kills; kill++) {
    await systemClock.sleep(chances(`kill ${kill}`, 300, 2_500));
    if (start.want !== 'absent') home.write('web', webManifest(start, 2 + (kill % 2)));
    home.kill();
    await home.ended(running);
    running = home.start(RUN);
  }
  await systemClock.sleep(chances('rest', 300, 2_000));
  if (start.want !== 'absent') home.write('web', webManifest(start));
  home.script = { play: () => ({ do: 'pass' }) };
  const until = systemClock.monotonic() + RECOVERY_MS;
  const ends = async () => faultsOfEnd(start, judged(await home.house.known()));
  await home.settled();
  // Before it listens to signals there is nothing to end well.
  const { requests } = home;
  while (home.requests === requests && systemClock.monotonic() < until) await systemClock.sleep(50);
  // An earlier edit may be under way: what looks well is not, before the last one was read.
  await systemClock.sleep(READ_MS);
  let left = await ends();
  while (left.length > 0 && systemClock.monotonic() < until && running.child.exitCode === null) {
    await systemClock.sleep(100);
    left = await ends();
  }
  wrong.push(...left);
  const writes = () => home.log.filter(({ method }) => method !== 'GET').length;
  const before = writes();
  await systemClock.sleep(STILL_MS);
  wrong.push(...(await ends()));
  if (writes() > before) wrong.push(`O5: ${writes() - before} writes after all was well`);
  const asked = systemClock.monotonic();
  home.watch.stoppedAt = asked;
  running.child.kill('SIGTERM');
  const exit = await home.ended(running);
  const stopMs = systemClock.monotonic() - asked;
  if (exit !== 0) wrong.push(`O11: SIGTERM ends it with ${exit}`);
  if (stopMs > STOP_MS) wrong.push(`O11: it took ${Math.round(stopMs)} ms to end`);
  return { wrong, came: true, stopMs };
}
