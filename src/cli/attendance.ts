/** The daemon's side of the mailbox: what others on this machine ask of it, carried out one after the other. */
import type { Fleet } from '../drive/fleet.ts';
import type { Log } from './log.ts';
import { attend, type Request } from './mailbox.ts';

/** Carries out all requests there are; calls that overlap are one. Never rejects. */
export function attendance(dir: string, fleet: Fleet, log: Log): () => Promise<void> {
  const handle = async (request: Request) => {
    switch (request.type) {
      case 'retry':
        return fleet.retry(request.name);
      case 'suspend':
        return fleet.suspensions.suspend(request);
      case 'resume':
        return fleet.suspensions.resume(request.names, request.by);
    }
  };
  let running: Promise<void> | undefined;
  return () => {
    running ??= attend(dir, handle)
      .catch((error: unknown) => {
        const why = error instanceof Error ? error.message : String(error);
        log.write('error', 'a request cannot be carried out; it stays asked', { why });
      })
      .finally(() => {
        running = undefined;
      });
    return running;
  };
}
