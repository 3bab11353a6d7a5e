/**
 * How long the server asks for patience. A timer above 2^31 ms fires at once, and `Number("")` is 0: so digits first,
 * then a strict date measured against the server's own `Date` (never our wall clock), then our own backoff.
 */
import { parseDate } from '../service/dates.ts';
import type { Random } from '../service/ports.ts';

type Headers = Readonly<Record<string, string>>;

const SHORTEST_MS = 1000;
const LONGEST_MS = 3_600_000;
const OWN_LONGEST_MS = 60_000;

/** Milliseconds from 1 s to 1 h; undefined where the header is absent or junk. */
export function retryAfter(headers: Headers): number | undefined {
  const text = headers['retry-after']?.trim() ?? '';
  if (/^\d+$/.test(text)) return clamp(Number(text) * 1000);
  const until = parseDate(text);
  const now = parseDate(headers['date']?.trim() ?? '');
  return until === undefined || now === undefined ? undefined : clamp(until - now);
}

const clamp = (ms: number) => Math.min(LONGEST_MS, Math.max(SHORTEST_MS, ms));

/** Our own patience while a server refuses without saying for how long: doubles from 1 s to 60 s, half of it by chance. */
export class Patience {
  readonly #random: Random;
  #refusals = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  next(): number {
    const most = Math.min(OWN_LONGEST_MS, 2 * SHORTEST_MS * 2 ** this.#refusals);
    this.#refusals = Math.min(this.#refusals + 1, 16);
    return most / 2 + this.#random.next() * (most / 2);
  }

  reset(): void {
    this.#refusals = 0;
  }
}
