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
  /** Writes queue for a place. */
  queues(): boolean;
  /** Somebody's operation is held back until the world has moved on. */
  isGated(): boolean;
  listed(listing: Listing): void;
  looked(uuid: string, name: string, live: Live | undefined, startedAt: number): void;
  failed(failure: ApiFailure): void;
}

/** Milliseconds between ticks: at first, while something was written lately, and later on. */
const FIRST_GAP = 250;
const LATELY_GAP = 500;
const MOST_GAP = 4_000;
const LATELY = 30_000;
const GROWTH = 1.5;
/** The share of the rate that ticks take: while nothing is written, while writes queue, and while a gate waits too. */
const IDLE_SHARE = 0.2;
const QUEUE_SHARE = 0.02;
const GATE_SHARE = 0.05;

export class Observer {
  readonly #api: ServiceApi;
  readonly #clock: Clock;
  readonly #audience: Audience;
  readonly #rate: number;
  #listing: Promise<boolean> | undefined;
  readonly #looks = new Map<string, Promise<boolean>>();
  /** In a row, by uuid: one that may not be looked at is asked for ever more seldom. */
  readonly #lookFailures = new Map<string, number>();
  #gap = FIRST_GAP;
  #hurriedAt = Number.NEGATIVE_INFINITY;
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
    this.#hurriedAt = this.#clock.monotonic();
    this.nudge();
  }

  /** Somebody new waits. */
  nudge(): void {
    this.#nudge.abort();
    this.#nudge = new AbortController();
  }

  /** How old a list may be and still be acted on, in milliseconds: a few of the slowest ticks. */
  maxAge(): number {
    return Math.max(10_000, (3_000 * this.#pages) / (this.#rate * QUEUE_SHARE));
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
    const gated = this.#audience.isGated() ? GATE_SHARE : QUEUE_SHARE;
    const share = this.#audience.queues() ? gated : IDLE_SHARE;
    const fair = (1_000 * this.#pages) / (this.#rate * share);
    const failing = this.#failures === 0 ? 0 : Math.min(30_000, 500 * 2 ** this.#failures);
    const gap = Math.max(this.#gap, fair, failing);
    return this.#lastStart + gap - this.#clock.monotonic();
  }

  /** One list now, or the one that is under way; whether it could be trusted. */
  list(signal: AbortSignal): Promise<boolean> {
    this.#listing ??= this.#list(signal).finally(() => {
      this.#listing = undefined;
    });
    return this.#listing;
  }

  async #list(signal: AbortSignal): Promise<boolean> {
    this.#lastStart = this.#clock.monotonic();
    const most = this.#lastStart - this.#hurriedAt < LATELY ? LATELY_GAP : MOST_GAP;
    this.#gap = Math.min(most, this.#gap * GROWTH);
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
      this.#lookFailures.delete(uuid);
      this.#audience.looked(uuid, name, result.value.live, result.value.startedAt);
      return true;
    }
    if (!signal.aborted) this.#audience.failed(result.failure);
    const failures = (this.#lookFailures.get(uuid) ?? 0) + 1;
    this.#lookFailures.set(uuid, failures);
    await this.#clock.sleep(Math.min(MOST_GAP, FIRST_GAP * 2 ** failures), signal);
    return false;
  }
}
