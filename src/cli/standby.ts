/**
 * One daemon for an owner on a machine: who comes second says so and waits for the state directory, and takes over when the
 * first has let go of it, however that ended.
 */

import { UserError } from '../service/failure.ts';
import type { Clock } from '../service/ports.ts';
import type { Log } from './log.ts';
import { isHeld } from './running.ts';

/** Milliseconds. */
const LOOK_EVERY = 1_000;

/** What `open` gives, as soon as nobody else holds `dir`; undefined when `stop` came first. */
export async function whenFree<T>(
  dir: string,
  open: () => Promise<T>,
  { clock, log, stop }: { readonly clock: Clock; readonly log: Log; readonly stop: AbortSignal },
): Promise<T | undefined> {
  for (let waited = false; ; ) {
    if (stop.aborted && waited) return undefined;
    if (!(await isHeld(dir))) {
      try {
        const opened = await open();
        if (waited) log.write('info', 'takes over', { event: 'standby:over' });
        return opened;
      } catch (error) {
        // Another one was faster.
        if (!(error instanceof UserError) || error.code !== 'EK701') throw error;
      }
    }
    if (!waited)
      log.write('warn', 'standby: another process holds the state directory; waits until it ends', {
        event: 'standby:on',
        directory: dir,
      });
    waited = true;
    await clock.sleep(LOOK_EVERY, stop);
  }
}
