/**
 * Looks at the API: one list a tick for everybody who waits, and single looks where a list cannot tell.
 *
 * It looks only while somebody waits (or is told to), seldom while writes queue for places, and never adds a failure
 * to a fleet: a list that cannot be had or trusted changes nothing that is known (`Known` and `Unknown` are different).
 */
import type { ApiFailure } from '../service/failure.ts';
import type { Clock, Listing, ServiceApi } from '../service/ports.ts';
import type { Live } from '../service/service.ts';
import { doze } from './doze.ts';

export interface Audience {
  /** Somebody waits for news of the world. */
  waits(): boolean;
  /** Writes queue for a place: reads are to take one place in twenty. */
  queues(): boolean;
  listed(listing: Listing): void;
  looked(uuid: string, name: string, live: Live | undefined, startedAt: number): void;
  failed(failure: ApiFailure): void;
}

/** Milliseconds. */
const FIRST_GAP = 250;
const MOST_GAP = 4_000;
const GROWTH = 1.5;
/** Reads per write while writes queue. */
const READ_SHARE = 0.05;

export class Observer {
  readonly #api: ServiceApi;
  readonly #clock: Clock;
  readonly #audience: Audience;
  readonly #rate: number;
  readonly #looks = new Map<string, Promise<boolean>>();
  #gap = FIRST_GAP;
  #pages = 1;
  #lastStart = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #nudge = new AbortController();

  constructor(api: ServiceApi, clock: Clock, rate: number, audience: Audience) {
    this.#api = api;
    this.#clock = clock;
    this.#rate = rate;
    this.#audience = audience;
  }

  /** Something was written or changed: look again soon. */
  hurry(): void {
    this.#gap = FIRST_GAP;
    this.nudge();
  }

  /** Somebody new waits. */
  nudge(): void {
    this.#nudge.abort();
    this.#nudge = new AbortController();
  }

  /** How old a list may be and still be acted on, in milliseconds: a few of the slowest ticks. */
  maxAge(): number {
    return Math.max(10_000, (3_000 * this.#pages) / (this.#rate * READ_SHARE));
  }

  /** Ticks until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const rest = this.#audience.waits() ? this.#rest() : Number.POSITIVE_INFINITY;
      if (rest > 0) {
        await doze(this.#clock, Math.min(rest, 60_000), [signal, this.#nudge.signal]);
        continue;
      }
      await this.list(signal);
    }
  }

  #rest(): number {
    const busy = this.#audience.queues() ? this.#pages / (this.#rate * READ_SHARE) : 0;
    const failing = this.#failures === 0 ? 0 : Math.min(30_000, 500 * 2 ** this.#failures);
    const gap = Math.max(this.#gap, busy * 1_000, failing);
    return this.#lastStart + gap - this.#clock.monotonic();
  }

  /** One list now; whether it could be trusted. */
  async list(signal: AbortSignal): Promise<boolean> {
    this.#lastStart = this.#clock.monotonic();
    this.#gap = Math.min(MOST_GAP, this.#gap * GROWTH);
    const result = await this.#api.list(signal);
    if (signal.aborted && !result.ok) return false;
    if (!result.ok) {
      this.#failures += 1;
      this.#audience.failed(result.failure);
      return false;
    }
    this.#failures = 0;
    this.#pages = Math.max(1, result.value.pages);
    this.#audience.listed(result.value);
    return true;
  }

  /** Asks for one uuid, once at a time; whether it was answered. */
  look(uuid: string, name: string, signal: AbortSignal): Promise<boolean> {
    const underWay = this.#looks.get(uuid);
    if (underWay !== undefined) return underWay;
    const look = this.#look(uuid, name, signal).finally(() => this.#looks.delete(uuid));
    this.#looks.set(uuid, look);
    return look;
  }

  async #look(uuid: string, name: string, signal: AbortSignal): Promise<boolean> {
    const result = await this.#api.get(uuid, signal);
    if (result.ok) {
      this.#audience.looked(uuid, name, result.value.live, result.value.startedAt);
      return true;
    }
    if (!signal.aborted) this.#audience.failed(result.failure);
    await this.#clock.sleep(FIRST_GAP, signal);
    return false;
  }
}
