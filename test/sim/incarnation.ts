/**
 * One life of the process: the real client, journal, decide and drive over simulated ports. A kill ends it at a port's
 * edge: nothing it waits for ever comes, and nothing of it remains but what the disk holds and what was sent.
 */
import { createClient } from '../../src/api/client.ts';
import { Credentials } from '../../src/api/credentials.ts';
import { DEADLINES } from '../../src/drive/deadlines.ts';
import { Fleet } from '../../src/drive/fleet.ts';
import type { DriveSettings } from '../../src/drive/settings.ts';
import type { Event, Listen } from '../../src/service/event.ts';
import type { Clock, Http, Journal, Random } from '../../src/service/ports.ts';
import { seededRandom } from '../support/clock.ts';
import { watchedLog } from './canaries.ts';
import { openJournal, readJournal } from './journal.ts';
import type { Timer } from './scheduler.ts';
import type { World } from './world.ts';

/** New each time: one that all wait for would keep every world for ever. */
const never = () => new Promise<never>(() => {});
/** Longest delay a real timer takes. */
const MAX_TIMER_MS = 2 ** 31 - 1;
export const API_KEY = 'canary-api-key-0815';

export class Incarnation {
  readonly number: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly http: Http;
  readonly events: Event[] = [];
  readonly #world: World;
  readonly #timers = new Set<Timer>();
  alive = true;
  isDaemon = false;
  /** Monotonic time is the process's own. */
  readonly #born: number;

  constructor(world: World, number: number) {
    this.#world = world;
    this.number = number;
    this.#born = world.scheduler.now - 1_000 * (1 + (number % 7));
    const random = seededRandom(world.options.seed * 1_000 + number);
    this.random = {
      next: () => {
        world.draws += 1;
        return random.next();
      },
      uuid: () => {
        world.draws += 1;
        return random.uuid();
      },
    };
    this.clock = {
      monotonic: () => world.scheduler.now - this.#born,
      wall: () => world.wall(),
      sleep: (ms, signal) => this.#sleep(ms, signal),
    };
    this.http = {
      exchange: async (request) => {
        if (!world.edge('http:send', this)) return never();
        const outcome = await world.network.exchange(request, number);
        return world.edge('http:answer', this) ? outcome : never();
      },
    };
  }

  /** Its log is searched for secrets from now on. */
  watchLog(): void {
    this.#log = watchedLog(this.clock, (piece) =>
      this.#world.oracles.fail('O10', `a secret in the log: ${piece}`),
    );
  }
  #log: Listen | undefined;

  tell(event: Event): void {
    if (!this.alive) return;
    this.events.push(event);
    this.#log?.(event);
    this.#world.onEvent(event, this);
  }

  /** World time of one of its own monotonic times. */
  at(monotonic: number): number {
    return monotonic + this.#born;
  }

  die(): void {
    this.alive = false;
    for (const timer of this.#timers) this.#world.scheduler.cancel(timer);
    this.#timers.clear();
  }

  async fleet(
    settings: Partial<DriveSettings> = {},
    readOnly = false,
  ): Promise<{ fleet: Fleet; journal: Journal }> {
    const { options } = this.#world;
    const edges = { edge: (name: string) => this.#world.edge(name, this) };
    const file = this.#world.disk.open(this.#world.scheduler, edges);
    const journal = await (readOnly
      ? readJournal(file)
      : openJournal(file, (said) => this.#world.oracles.fail('O12', said)));
    const { rate, burst, concurrency } = options.pace;
    const client = createClient({
      http: this.http,
      clock: this.clock,
      random: this.random,
      credentials: new Credentials(`ApiKey sim:${API_KEY}`, [API_KEY], 'the simulation'),
      origin: 'http://api.sim',
      pace: { rate, burst, concurrency },
      userAgent: 'evenkeel/sim',
    });
    const api = this.#world.witness?.watch(client) ?? client;
    const fleet = new Fleet({
      api,
      journal,
      clock: this.clock,
      random: this.random,
      listen: (event) => this.tell(event),
      settings: {
        owner: 'default',
        pace: { rate, burst },
        inOrder: concurrency === 1,
        healAfterMs: 0,
        uncertainMs: options.uncertainMs,
        deadlines: DEADLINES,
        ...settings,
      },
    });
    return { fleet, journal };
  }

  #sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (!this.alive) return never();
    if (!(ms <= MAX_TIMER_MS)) throw new RangeError(`a real timer cannot wait ${ms} ms`);
    if (signal?.aborted) return Promise.resolve();
    const { scheduler } = this.#world;
    return new Promise((resolve) => {
      const over = () => {
        scheduler.cancel(timer);
        this.#timers.delete(timer);
        signal?.removeEventListener('abort', over);
        if (this.alive) resolve();
      };
      // A real timer knows whole milliseconds, and is never early.
      const timer = scheduler.after(Math.max(1, Math.ceil(ms)), over);
      this.#timers.add(timer);
      signal?.addEventListener('abort', over, { once: true });
    });
  }
}
