/** The whole controller in this process, as the command line builds it, against a server on loopback and real files. */
import { createClient } from '../../src/api/client.ts';
import { Credentials } from '../../src/api/credentials.ts';
import { createTransport } from '../../src/api/transport.ts';
import { systemClock, systemRandom } from '../../src/cli/system.ts';
import { DEADLINES } from '../../src/drive/deadlines.ts';
import { Fleet } from '../../src/drive/fleet.ts';
import { openState } from '../../src/journal/statedir.ts';
import type { Event } from '../../src/service/event.ts';
import { KEY, USER } from './server.ts';

export interface ControllerOptions {
  readonly url: string;
  readonly stateDir: string;
  readonly rate?: number;
  readonly burst?: number;
  readonly concurrency?: number;
  /** For one request; short, so that a server that does not answer costs little. */
  readonly deadlineMs?: number;
  readonly healAfterMs?: number;
}

export async function openTestController(options: ControllerOptions) {
  const { url: origin, rate = 500, burst = 50, concurrency = 8 } = options;
  const state = await openState({
    base: options.stateDir,
    origin,
    owner: 'default',
    warn: () => {},
    clock: systemClock,
    random: systemRandom,
  });
  const http = createTransport(origin);
  const events: Event[] = [];
  const api = createClient({
    http,
    origin,
    credentials: new Credentials(`ApiKey ${USER}:${KEY}`, [KEY], 'test'),
    clock: systemClock,
    random: systemRandom,
    pace: { rate, burst, concurrency },
    deadlineMs: options.deadlineMs ?? 2_000,
    userAgent: 'evenkeel/test',
  });
  const fleet = new Fleet({
    api,
    journal: state.journal,
    clock: systemClock,
    random: systemRandom,
    listen: (event) => void events.push(event),
    settings: {
      owner: 'default',
      pace: { rate, burst },
      inOrder: concurrency === 1,
      healAfterMs: options.healAfterMs ?? 0,
      uncertainMs: 120_000,
      deadlines: DEADLINES,
    },
  });
  return {
    fleet,
    events,
    close: async () => {
      http.close();
      await state.close();
    },
  };
}
