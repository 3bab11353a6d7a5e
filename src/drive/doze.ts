/**
 * A sleep that several signals may end.
 *
 * Not `AbortSignal.any`: on Node 20 every signal made by it is remembered by its sources for as long as they live, and
 * a daemon that sleeps a million times a day on one stop signal would never stop growing.
 */
import type { Clock } from '../service/ports.ts';

/** Resolves after `ms`, or as soon as one of `signals` aborts; leaves no listener behind. */
export async function doze(clock: Clock, ms: number, signals: readonly AbortSignal[]): Promise<void> {
  if (signals.some((signal) => signal.aborted)) return;
  const over = new AbortController();
  const end = () => over.abort('over');
  for (const signal of signals) signal.addEventListener('abort', end, { once: true });
  await clock.sleep(ms, over.signal);
  for (const signal of signals) signal.removeEventListener('abort', end);
}
