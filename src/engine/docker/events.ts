/**
 * The engine's events: hints that something may have changed, never what. While the stream is down nothing is known to
 * be unchanged; when it is up again everything may have changed (`research/reliability.md` E1, E9).
 */
import type { Clock } from '../../service/ports.ts';
import type { Daemon } from './daemon.ts';
import { INSTANCE, SERVICE } from './labels.ts';

export interface Listener {
  /** Connected, also again: look at everything. */
  up(): void;
  down(): void;
  happened(event: { readonly action: string; readonly container: string; readonly service: string }): void;
}

/** What changes a container as we see it. A health check's every probe is an event too, and no news. */
const NEWS = /^(?:create|start|oom|die|destroy|pause|unpause|rename|update|health_status\b.*)$/;

const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 5_000;

/** Listens until `ending`; resolves then. Connects again whenever the stream ends. */
export async function listen(
  daemon: Daemon,
  instance: string,
  clock: Clock,
  listener: Listener,
  ending: AbortSignal,
): Promise<void> {
  let pause = FIRST_PAUSE;
  while (!ending.aborted) {
    try {
      await daemon.negotiate();
      const stream = await daemon.patient.getEvents({
        abortSignal: ending,
        filters: { type: ['container'], label: [`${INSTANCE}=${instance}`] },
      });
      pause = FIRST_PAUSE;
      listener.up();
      await readLines(stream, (line) => {
        const event = parseEvent(line);
        if (event !== undefined) listener.happened(event);
      });
    } catch {
      // The engine is away, or was upgraded beyond us; whoever asks something of it is told so.
    }
    listener.down();
    await clock.sleep(pause, ending);
    pause = Math.min(LONGEST_PAUSE, pause * 2);
  }
}

/** Resolves when the stream ended, in whatever way. */
function readLines(stream: NodeJS.ReadableStream, take: (line: string) => void): Promise<void> {
  return new Promise((resolve) => {
    let rest = '';
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) take(line);
    });
    for (const end of ['end', 'close', 'error']) stream.on(end, () => resolve());
  });
}

function parseEvent(line: string): Parameters<Listener['happened']>[0] | undefined {
  try {
    const { Action, Actor } = JSON.parse(line);
    const service = Actor?.Attributes?.[SERVICE];
    if (
      typeof Action !== 'string' ||
      !NEWS.test(Action) ||
      typeof Actor?.ID !== 'string' ||
      typeof service !== 'string'
    )
      return undefined;
    return { action: Action, container: Actor.ID, service };
  } catch {
    return undefined;
  }
}
