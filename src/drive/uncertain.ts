/**
 * Creates whose outcome nobody knows (design §7): found, given up, or found twice.
 *
 * The service that carries our attempt in its mark is the one we asked for. Where marks are not shown, the one that
 * appeared since is. None within the window and two trusted lists: the attempt is abandoned and a new one may follow.
 */
import type { Intent, Memory } from '../service/memory.ts';
import type { Live } from '../service/service.ts';
import type { Knowledge } from './knowledge.ts';

export type Outcome =
  | { readonly kind: 'found'; readonly live: Live }
  | { readonly kind: 'twice'; readonly uuids: readonly string[] }
  | { readonly kind: 'none' };

export function lookFor(intent: Intent, knowledge: Knowledge, memory: Memory): Outcome {
  const named = knowledge.named(intent.name);
  const byAttempt = named.filter((live) => live.mark?.attempt === intent.attempt);
  const appeared = named.filter(
    (live) =>
      live.mark === undefined &&
      live.state !== 'Terminated' &&
      !intent.before.includes(live.uuid) &&
      !memory.claims.has(live.uuid),
  );
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

/** Since when this process has been looking for each attempt. A restart starts the window anew. */
export class Windows {
  readonly #watches = new Map<string, Watch>();

  /** Whether `attempt` has been looked for long enough, from when it was last sent or first seen here. */
  isOver(attempt: string, knowledge: Knowledge, now: number, windowMs: number): boolean {
    const watch = this.#watches.get(attempt) ?? this.open(attempt, knowledge, now);
    return now - watch.since >= windowMs && knowledge.lists - watch.lists >= 2;
  }

  /** (Re)starts the window: the request may be carried out any time from now. */
  open(attempt: string, knowledge: Knowledge, now: number): Watch {
    const watch = { since: now, lists: knowledge.lists };
    this.#watches.set(attempt, watch);
    return watch;
  }

  /** Milliseconds of the window that are left. */
  left(attempt: string, now: number, windowMs: number): number {
    const watch = this.#watches.get(attempt);
    return watch === undefined ? windowMs : Math.max(0, watch.since + windowMs - now);
  }

  close(attempt: string): void {
    this.#watches.delete(attempt);
  }
}
