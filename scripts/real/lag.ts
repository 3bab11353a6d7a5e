/** How late this process notices things, as it is busy itself: what a measurement of arrivals may be wrong by. */
import { systemClock } from '../../src/cli/system.ts';

const EVERY_MS = 10;
const KEPT_MS = 300_000;
/** A timer that is this late is nothing special. */
const USUAL_MS = 3;

const lags: { readonly at: number; readonly ms: number }[] = [];
export let mostLag = 0;

export async function watchLag(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const due = systemClock.monotonic() + EVERY_MS;
    await systemClock.sleep(EVERY_MS, signal);
    const at = systemClock.monotonic();
    const ms = at - due;
    if (ms < USUAL_MS) continue;
    lags.push({ at, ms });
    mostLag = Math.max(mostLag, ms);
    while ((lags[0]?.at ?? at) < at - KEPT_MS) lags.shift();
  }
}

/** The longest between two monotonic times. */
export function lagBetween(from: number, to: number): number {
  return lags.reduce((most, { at, ms }) => (at >= from && at - ms <= to ? Math.max(most, ms) : most), 0);
}
