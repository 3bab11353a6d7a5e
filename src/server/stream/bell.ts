/** When to look again: after a second, or soon after the engine hinted that this service may have changed. */
import type { World } from '../types.ts';

const INTERVAL_MS = 1_000;
/** Hints come in swarms. */
const SHORTEST_MS = 50;

export interface Bell {
  /** Resolves at the time to look, or at once when it is over. */
  rings(): Promise<void>;
  end(): void;
}

/** Over when `ending` aborts. */
export function bell(
  { engine, clock }: Pick<World, 'engine' | 'clock'>,
  uuid: string,
  ending: AbortSignal,
): Bell {
  let hinted = false;
  let waiting = new AbortController();
  const wake = () => waiting.abort();
  ending.addEventListener('abort', wake, { once: true });
  const unwatch = engine.watch((changed) => {
    if (changed !== undefined && changed !== uuid) return;
    hinted = true;
    wake();
  });
  return {
    async rings() {
      await clock.sleep(SHORTEST_MS, ending);
      waiting = new AbortController();
      if (!hinted && !ending.aborted) await clock.sleep(INTERVAL_MS - SHORTEST_MS, waiting.signal);
      hinted = false;
    },
    end() {
      unwatch();
      ending.removeEventListener('abort', wake);
    },
  };
}
