/**
 * Creates whose outcome nobody knows (design §7): found, given up, or found twice.
 *
 * The service that carries our attempt in its mark is the one we asked for. Where no detail shows marks at all, the one
 * that appeared since is; where the list does not, its details are read first, or another's service would be ours. None within the window and two trusted lists: the attempt is abandoned and a new one may follow.
 */
import type { Intent, Memory, Record } from '../service/memory.ts';
import type { Live, Operation } from '../service/service.ts';
import type { Knowledge } from './knowledge.ts';
import type { FleetParts } from './parts.ts';
import { createRequest } from './perform.ts';

type Outcome =
  | { readonly kind: 'found'; readonly live: Live }
  | { readonly kind: 'twice'; readonly uuids: readonly string[] }
  /** It may be one of these: their details must be read first. */
  | { readonly kind: 'unread'; readonly uuids: readonly string[] }
  | { readonly kind: 'none' };

function lookFor(intent: Intent, knowledge: Knowledge, memory: Memory): Outcome {
  const named = knowledge.named(intent.name);
  const byAttempt = named.filter((live) => live.mark?.attempt === intent.attempt);
  const appeared = named.filter(
    (live) =>
      live.mark === undefined &&
      live.state !== 'Terminated' &&
      !intent.before.includes(live.uuid) &&
      !memory.claims.has(live.uuid),
  );
  const unread = appeared.filter((live) => knowledge.needsDetail(live.uuid));
  if (unread.length > 0) return { kind: 'unread', uuids: unread.map((live) => live.uuid) };
  const found = byAttempt.length > 0 ? byAttempt : appeared;
  const [one, ...others] = found;
  if (one === undefined) return { kind: 'none' };
  if (others.length > 0) return { kind: 'twice', uuids: found.map((live) => live.uuid).sort() };
  return { kind: 'found', live: one };
}

interface Watch {
  readonly since: number;
  readonly lists: number;
}

export class Uncertain {
  readonly #parts: FleetParts;
  readonly #knowledge: Knowledge;
  readonly #keep: (record: Record) => void;
  /** Since when this process has been looking for each attempt; a restart starts the window anew. */
  readonly #watches = new Map<string, Watch>();
  readonly #twice = new Map<string, readonly string[]>();

  constructor(parts: FleetParts, knowledge: Knowledge, keep: (record: Record) => void) {
    this.#parts = parts;
    this.#knowledge = knowledge;
    this.#keep = keep;
  }

  /** Uuids of the services that one attempt made; a person must say which one stays. */
  twice(name: string): readonly string[] | undefined {
    return this.#twice.get(name);
  }

  /** The request of `attempt` was sent just now and its end is not known: the window starts (again). */
  open(name: string, attempt: string): void {
    this.#watch(attempt);
    const untilMs = this.#parts.settings.uncertainMs;
    this.#parts.listen({ type: 'create:uncertain', name, attempt, untilMs });
  }

  /** Looks for every open attempt in what is known now. Calls back with what was found, and what must be looked at. */
  settle(found: (name: string, uuid: string) => void, look: (name: string, uuid: string) => void): void {
    const { journal, clock, settings, listen } = this.#parts;
    const memory = journal.memory();
    for (const intent of [...memory.intents.values()]) {
      const { name, attempt } = intent;
      if (!this.#knowledge.isFresh(name, undefined)) continue;
      const outcome = lookFor(intent, this.#knowledge, memory);
      if (outcome.kind === 'unread') {
        for (const uuid of outcome.uuids) look(name, uuid);
        continue;
      }
      if (outcome.kind === 'twice') {
        this.#twice.set(name, outcome.uuids);
        continue;
      }
      this.#twice.delete(name);
      const watch = this.#watches.get(attempt) ?? this.#watch(attempt);
      const looked = this.#knowledge.lists - watch.lists;
      const over = looked >= 2 && clock.monotonic() - watch.since >= settings.uncertainMs;
      if (outcome.kind === 'found') {
        const { uuid } = outcome.live;
        found(name, uuid);
        this.#keep({ type: 'created', name, uuid, attempt, redeployToken: intent.redeployToken ?? null });
        listen({ type: 'create:found', name, uuid });
      } else if (over) {
        this.#keep({ type: 'abandoned', name, attempt, why: 'not found within the window' });
      } else continue;
      this.#watches.delete(attempt);
    }
  }

  /** With an idempotency key the same body may be sent again at once; a body that changed may not (design §7). */
  canResend(name: string, operation: Extract<Operation, { verb: 'create' }>): boolean {
    const { journal, api, settings } = this.#parts;
    const intent = journal.memory().intents.get(name);
    if (intent === undefined || !this.#knowledge.offered.includes('idempotency-key')) return false;
    const { owner } = settings;
    const request = createRequest(name, operation, intent.attempt, { owner, knowledge: this.#knowledge });
    return journal.hash(api.createBody(request)) === intent.bodyHash;
  }

  #watch(attempt: string): Watch {
    const watch = { since: this.#parts.clock.monotonic(), lists: this.#knowledge.lists };
    this.#watches.set(attempt, watch);
    return watch;
  }
}
