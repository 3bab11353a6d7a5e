/**
 * The sign of life of a daemon: a file in its state directory whose time is renewed while its event loop turns. It says
 * nothing of the API or the manifests, which a restart would not mend.
 */
import { statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../service/ports.ts';

const FILE = 'alive';

/** Milliseconds between two signs. */
export const BEAT_EVERY = 15_000;

/** Renews the sign until `signal` aborts; a disk that takes no file is the journal's to tell about. */
export async function beatUntil(dir: string, clock: Clock, signal: AbortSignal): Promise<void> {
  const path = join(dir, FILE);
  while (!signal.aborted) {
    try {
      writeFileSync(path, '', { mode: 0o600 });
      utimesSync(path, clock.wall() / 1_000, clock.wall() / 1_000);
    } catch {
      // Without a sign it counts as dead, which a full disk comes near to.
    }
    await clock.sleep(BEAT_EVERY, signal);
  }
}

/** Wall-clock milliseconds of the last sign; undefined = there was none. */
export function lastBeat(dir: string): number | undefined {
  return statSync(join(dir, FILE), { throwIfNoEntry: false })?.mtimeMs;
}
