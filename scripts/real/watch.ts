/**
 * What must never happen, judged at the proxy from what arrives there and from what was delivered: the oracles of the
 * simulation that can be told on a wire. The others are told by the server's record (`town.ts`).
 */
import { systemClock } from '../../src/cli/system.ts';
import * as truth from '../../test/sim/truth.ts';
import type { Passage } from '../../test/support/passage.ts';
import { lagBetween } from './lag.ts';
import { kindOf, uuidOf, verbOf } from './play.ts';
import { type House, isProgram } from './town.ts';

export const PACE = { rate: 25, burst: 6 };
/** Over sockets the server sees the bound with this much more of a window. */
const SLACK_MS = 50;

interface Seen {
  readonly state: string | undefined;
  readonly begun: number;
}

export class Watch {
  readonly #house: House;
  readonly #arrivals: number[] = [];
  /** What this process was told of each uuid: latest answered, latest asked. */
  #answered = new Map<string, Seen>();
  #asked = new Map<string, Seen>();
  #pausedFrom = 0;
  #pausedUntil = 0;
  #listed = false;
  /** Only GETs may come. */
  readOnly = false;
  /** SIGTERM was sent. */
  stoppedAt: number | undefined;
  asked = 0;

  constructor(house: House) {
    this.#house = house;
  }

  /** Another process, which knows nothing yet. */
  begin(readOnly: boolean): void {
    this.readOnly = readOnly;
    this.stoppedAt = undefined;
    this.#pausedUntil = 0;
    this.#listed = false;
    this.#answered.clear();
    this.#asked.clear();
  }

  arrived(passage: Passage): void {
    if (!isProgram({ userAgent: passage.headers['user-agent'] ?? '' })) return;
    this.#arrivals.push(passage.at);
    const kind = kindOf(passage);
    const what = `#${passage.number} ${passage.method} ${passage.path}`;
    // What left before the answer was read has crossed it on the way.
    const crossed = this.#pausedFrom + SLACK_MS + lagBetween(this.#pausedFrom, passage.at);
    const isPaused = passage.at > crossed && passage.at + SLACK_MS < this.#pausedUntil;
    this.#check('O6b', !isPaused, () => `${what} during Retry-After`);
    if (kind === 'list' || kind === 'get') return;
    this.#check('O15', !this.readOnly, () => `${what} by a plan`);
    const late = passage.at - (this.stoppedAt ?? passage.at);
    const lag = lagBetween(this.stoppedAt ?? passage.at, passage.at);
    this.#check('O11', late <= 100 + lag, () => `${what} ${late} ms after SIGTERM`);
    if (kind === 'create') {
      this.#check('O20', this.#listed, () => `${what} without a list`);
      return;
    }
    const uuid = uuidOf(passage.path) ?? '';
    const states = [this.#answered.get(uuid)?.state, this.#asked.get(uuid)?.state];
    const verb = verbOf(passage) as truth.Verb;
    const { profile } = this.#house;
    this.#check(
      'O1',
      states.some((state) => state !== undefined && truth.isAllowed(profile, state, verb)),
      () => `${what}, last seen as ${states.join(' or ')}`,
    );
    if (verb !== 'update' || profile === 'ours') return;
    const strange = Object.keys(JSON.parse(passage.body) as object).filter(
      (field) => field !== 'target_num_containers',
    );
    this.#check('O1c', strange.length === 0, () => `${what} of ${strange.join()}`);
  }

  delivered({ at, method, path, delivered }: Passage): void {
    if (delivered === undefined) return;
    const { status, headers, body } = delivered;
    const now = systemClock.monotonic();
    const wait = headers['retry-after'] ?? '';
    if ([429, 503].includes(status) && /^\d+$/.test(wait)) {
      if (now > this.#pausedUntil) this.#pausedFrom = now;
      const until = now + Math.min(3_600, Math.max(1, Number(wait))) * 1_000;
      this.#pausedUntil = Math.max(this.#pausedUntil, until);
    }
    const kind = kindOf({ method, path });
    if (kind === 'get' && status === 404) this.#see(uuidOf(path) ?? '', undefined, at);
    if (status < 200 || status > 204) return;
    let value: unknown;
    try {
      value = JSON.parse(body);
    } catch {
      return;
    }
    if (typeof value !== 'object' || value === null) return;
    const { objects } = value as { objects?: unknown };
    const begun = kind === 'list' || kind === 'get' ? at : now;
    if (kind === 'list') this.#listed ||= Array.isArray(objects);
    for (const row of Array.isArray(objects) ? objects : [value]) {
      const { uuid, state } = (row ?? {}) as { uuid?: unknown; state?: unknown };
      if (typeof uuid === 'string' && typeof state === 'string') this.#see(uuid, state, begun);
    }
  }

  #see(uuid: string, state: string | undefined, begun: number): void {
    this.#answered.set(uuid, { state, begun });
    if (begun >= (this.#asked.get(uuid)?.begun ?? 0)) this.#asked.set(uuid, { state, begun });
  }

  /** O6, over every window; how late we may have noticed an arrival is a fault of the measurement, not of the program. */
  rate(): void {
    const times = this.#arrivals;
    for (const [first, from] of times.entries()) {
      for (let last = first + 1; last < times.length; last++) {
        const to = times[last] ?? 0;
        const count = last - first + 1;
        const most = PACE.burst + (PACE.rate * (to - from + SLACK_MS)) / 1_000;
        if (count <= most) continue;
        const error = (PACE.rate * lagBetween(from - 500, to)) / 1_000;
        this.#check('O6', count <= most + error, () => `${count} requests in ${Math.round(to - from)} ms`);
      }
    }
    this.asked += times.length;
  }

  #check(oracle: string, holds: boolean, text: () => string): void {
    this.asked += 1;
    if (!holds) this.#house.fail(`${oracle}: ${text()}`);
  }
}
