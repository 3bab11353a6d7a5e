/**
 * A wall clock that does not jump within a life: what is measured with it (the hour of deletes, backoff) must survive a
 * restart, so it cannot be monotonic, and somebody who sets the clock must not shorten it.
 */
import type { Clock } from '../service/ports.ts';

export function steady(clock: Clock): Clock {
  const offset = clock.wall() - clock.monotonic();
  return {
    monotonic: () => clock.monotonic(),
    wall: () => clock.monotonic() + offset,
    sleep: (ms, signal) => clock.sleep(ms, signal),
  };
}
