/**
 * The first look at the API in a call that ends: an API that is out of reach is tried for 30 seconds, wrong credentials
 * or an answer that is not this API's end it at once (design §9).
 */
import type { Fleet } from '../drive/fleet.ts';
import { failureText } from '../render/progress.ts';
import type { ApiFailure } from '../service/failure.ts';
import { UserError } from '../service/failure.ts';
import type { Io } from './io.ts';

const PATIENCE_MS = 30_000;
const FIRST_PAUSE_MS = 250;
const WATCH_MS = 250;

/**
 * Resolves when the fleet knows a trusted list; throws a UserError (exit 1) with the last failure otherwise.
 * `everything`: also the details of services that no manifest names, which a prune needs.
 */
export async function lookPatiently(
  fleet: Fleet,
  lastFailure: () => ApiFailure | undefined,
  everything: boolean,
  { clock, stop }: Pick<Io, 'clock' | 'stop'>,
): Promise<void> {
  const until = clock.monotonic() + PATIENCE_MS;
  // Nothing is asked before that is over, and it may be an hour.
  const isHeld = () => {
    const failure = lastFailure();
    return failure?.kind === 'wait' && clock.monotonic() + (failure.retryAfterMs ?? 0) >= until;
  };
  const [held, ended] = [new AbortController(), new AbortController()];
  const watching = async () => {
    while (!ended.signal.aborted && !isHeld()) await clock.sleep(WATCH_MS, ended.signal);
    if (!ended.signal.aborted) held.abort();
  };
  void watching();
  const signal = AbortSignal.any([stop, held.signal]);
  try {
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, 4_000)) {
      if (await fleet.look(everything, signal)) return;
      stop.throwIfAborted();
      const failure = lastFailure();
      const hopeless = failure !== undefined && (failure.kind === 'auth' || failure.kind === 'broken');
      if (hopeless || isHeld() || clock.monotonic() + pause >= until)
        throw new UserError(
          'EK601',
          `the services cannot be seen: ${failure === undefined ? 'no answer' : failureText(failure)}`,
        );
      await clock.sleep(pause, stop);
    }
  } finally {
    ended.abort();
  }
}
