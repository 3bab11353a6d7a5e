/**
 * Listening to an AbortSignal without leaving anything behind. One stop signal is shared by every request that waits,
 * so the warning about many listeners is off.
 */
import { setMaxListeners } from 'node:events';
import type { Clock } from '../service/ports.ts';

/** Calls `act` once when `signal` aborts (not if it has already); returns how to stop listening. */
export function onAbort(signal: AbortSignal, act: () => void): () => void {
  setMaxListeners(0, signal);
  signal.addEventListener('abort', act, { once: true });
  return () => signal.removeEventListener('abort', act);
}

export interface Deadline {
  /** Aborts at the deadline or when the outer signal does. */
  readonly signal: AbortSignal;
  /** Whether it was the deadline that aborted. */
  passed(): boolean;
  /** The work is over: timer and listener are let go. */
  end(): void;
}

export function deadline(clock: Clock, ms: number, outer: AbortSignal): Deadline {
  const inner = new AbortController();
  const over = new AbortController();
  let passed = false;
  const stopListening = onAbort(outer, () => inner.abort());
  if (outer.aborted) inner.abort();
  clock
    .sleep(ms, over.signal)
    .then(() => {
      if (over.signal.aborted) return;
      passed = true;
      inner.abort();
    })
    .catch(() => inner.abort());
  return {
    signal: inner.signal,
    passed: () => passed,
    end() {
      stopListening();
      over.abort();
    },
  };
}
