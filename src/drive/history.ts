/**
 * Since when each service has been at what it is at, and the five decisions before: what `explain` tells of a daemon.
 */
import type { Doing } from '../decide/status.ts';
import type { Clock } from '../service/ports.ts';
import type { DecisionLine } from '../service/status.ts';
import type { Verdict, Waiting } from './bench.ts';

const KEPT = 5;

interface Seen {
  readonly key: string;
  /** Monotonic. */
  readonly since: number;
  readonly decisions: readonly DecisionLine[];
}

export class History {
  readonly #clock: Clock;
  readonly #seen = new Map<string, Seen>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  note(id: string, verdict: Verdict): void {
    const before = this.#seen.get(id);
    const key = inShort(verdict);
    if (before?.key === key) return;
    const state = verdict.live?.state;
    const line = {
      at: this.#clock.wall(),
      decision: key,
      state: typeof state === 'object' ? state.unknown : state,
    };
    const decisions = [...(before?.decisions ?? []), line].slice(-KEPT);
    this.#seen.set(id, { key, since: this.#clock.monotonic(), decisions });
  }

  forget(id: string): void {
    this.#seen.delete(id);
  }

  /** `nextPass`: monotonic time of the next look at the latest. */
  doing(id: string, verdict: Verdict | undefined, nextPass: number | undefined): Doing | undefined {
    const seen = this.#seen.get(id);
    if (seen === undefined || verdict === undefined) return undefined;
    const toWall = (monotonic: number) => this.#clock.wall() + monotonic - this.#clock.monotonic();
    const waits = verdict.kind === 'wait' ? verdict.for : undefined;
    const ms = verdict.kind === 'wait' && waits?.code !== 'state' ? verdict.ms : undefined;
    const next = ms === undefined ? nextPass : this.#clock.monotonic() + ms;
    return {
      kind: verdict.kind,
      waitsFor: waits === undefined ? undefined : waitingInShort(waits),
      block: verdict.kind === 'blocked' ? verdict.block : undefined,
      since: toWall(seen.since),
      deadline: waits?.code === 'state' ? toWall(waits.until) : undefined,
      nextLook: next === undefined ? undefined : toWall(next),
      decisions: seen.decisions,
    };
  }
}

function inShort(verdict: Verdict): string {
  switch (verdict.kind) {
    case 'act':
      return `act ${verdict.operation.verb} (${verdict.why.code})`;
    case 'wait':
      return `wait ${waitingInShort(verdict.for)}`;
    case 'blocked':
      return `blocked ${verdict.block.code}`;
    case 'stalled':
      return `stalled ${verdict.state}`;
    case 'off-plan':
      return `off-plan ${verdict.operation.verb}`;
    case 'in-sync':
      return 'in-sync';
  }
}

/** What is waited for, in a few words. */
export function waitingInShort(waiting: Waiting): string {
  switch (waiting.code) {
    case 'state':
      return waiting.state;
    case 'gate':
      return `gate ${waiting.on}`;
    case 'backoff':
      return waiting.attempts === 0
        ? 'the API'
        : `backoff after ${waiting.attempts} failed: ${waiting.message}`;
    case 'uncertain':
      return 'uncertain create';
    case 'list':
    case 'look':
      return 'a fresh look';
    case 'heal':
      return 'heal delay';
    case 'turn':
      return 'turn';
  }
}
