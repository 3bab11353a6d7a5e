/** Coalesces hints: one call after a while of quiet, and at the latest after a bound, however many hints come. */
import type { Clock } from '../service/ports.ts';

/** Milliseconds (design §9: a change on disk is acted on after 400 ms of quiet). */
const QUIET_MS = 400;
const LONGEST_MS = 2_000;

export interface Coalescer {
  hint(): void;
  close(): void;
}

export function coalesce(clock: Clock, act: () => void): Coalescer {
  let first: number | undefined;
  let last = 0;
  const over = new AbortController();
  const wait = async (): Promise<void> => {
    for (;;) {
      const now = clock.monotonic();
      const due = Math.min(last + QUIET_MS, (first ?? now) + LONGEST_MS);
      if (now >= due) break;
      await clock.sleep(due - now, over.signal);
      if (over.signal.aborted) return;
    }
    first = undefined;
    act();
  };
  return {
    hint() {
      last = clock.monotonic();
      if (first !== undefined) return;
      first = last;
      void wait();
    },
    close: () => over.abort(),
  };
}
