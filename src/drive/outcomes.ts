/**
 * How an operation that was sent ended, turned into events, pauses, refusals and failures (design §4, §7, §8).
 *
 * Patience of the server and a server out of reach cost no attempt; a refusal stands until the manifest changes;
 * everything else is tried again with backoff, for ever.
 */
import { wishKey } from '../decide/held.ts';
import type { ApiFailure } from '../service/failure.ts';
import { scrubber } from '../service/secrets.ts';
import type { Wish } from '../service/service.ts';
import { backoffLeft, nextFailure } from './attempts.ts';
import type { Target } from './bench.ts';
import type { FleetParts } from './parts.ts';
import { type Performed, written } from './perform.ts';

type Done = NonNullable<Performed>;

export class Outcomes {
  readonly #parts: FleetParts;
  readonly #pauses = new Map<string, number>();
  readonly #broken: (error: unknown, id: string) => void;

  constructor(parts: FleetParts, journalFailed: (error: unknown, id: string) => void) {
    this.#parts = parts;
    this.#broken = journalFailed;
  }

  /** Milliseconds for which `id` is not tried again. */
  pauseLeft(id: string): number {
    return Math.max(0, (this.#pauses.get(id) ?? 0) - this.#parts.clock.monotonic());
  }

  pause(id: string, ms: number): void {
    this.#pauses.set(id, this.#parts.clock.monotonic() + ms);
  }

  /** `retry NAME`, or a manifest that came again: whatever was refused or put off may be tried. */
  forget(name: string): void {
    this.#pauses.delete(name);
  }

  accepted(target: Target, { act, result }: Done, revision: string | undefined): void {
    const live = result.ok ? result.value.live : undefined;
    const before = act.observed.exists === true ? act.observed : undefined;
    this.#parts.listen({
      type: 'operation:accepted',
      name: target.name,
      uuid: live?.uuid ?? before?.uuid,
      operation: act.operation,
      why: act.why,
      before:
        before === undefined
          ? undefined
          : { state: before.state, target: before.fields.target_num_containers },
      state:
        live === undefined ? undefined : typeof live.state === 'string' ? live.state : live.state.unknown,
      ...(revision === undefined ? {} : { revision }),
    });
  }

  /** Returns when the failure is kept. */
  async failed(target: Target, done: Done, failure: ApiFailure, wish: Wish | undefined): Promise<void> {
    const { journal, clock, random, listen } = this.#parts;
    const { verb } = done.act.operation;
    const { name } = target;
    const tell = (attempts: number, retryInMs: number | undefined) =>
      listen({ type: 'operation:failed', name, verb, failure, attempts, retryInMs });
    if (failure.kind === 'wait' || failure.kind === 'not-sent') {
      const rest = failure.kind === 'wait' ? (failure.retryAfterMs ?? 1_000) : 500 + 500 * random.next();
      this.pause(target.id, rest);
      return tell(0, rest);
    }
    const keep = { journal, journalFailed: (error: unknown) => this.#broken(error, target.id) };
    if (failure.kind === 'refused' && wish !== undefined) {
      const field = Object.keys(failure.fields).find((one) => wish.places[one] !== undefined);
      // The server may quote what it was sent.
      const values = (wish.spec.container_envvars ?? []).map((variable) => variable.value);
      const message = scrubber(values)(failure.message);
      const refusal = { wish: journal.hash(wishKey(wish)), verb, field, message };
      await written(keep, { type: 'refused', name, ...refusal });
      return tell(1, undefined);
    }
    const wall = clock.wall();
    const next = nextFailure(journal.memory().failures.get(name), failure.message, wall, random);
    // The first ambiguous create is sent again at once, with its key, where the server keeps keys.
    const record = done.intent !== undefined && next.attempts === 1 ? { ...next, notBefore: wall } : next;
    await written(keep, { type: 'failed', name, ...record });
    tell(record.attempts, backoffLeft(record, wall));
  }
}
