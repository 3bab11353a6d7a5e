/**
 * What the drive keeps in the journal beside the operations themselves, and an index of what is ours by name.
 *
 * A journal that cannot be written stops creates and deletes (each must be on disk before it is sent); everything else
 * goes on, and it is said once.
 */
import { appliedOf, type Looking } from '../decide/drift.ts';
import { wishKey } from '../decide/held.ts';
import type { Listen } from '../service/event.ts';
import { isPending } from '../service/fights.ts';
import type { Claim, Memory, Record } from '../service/memory.ts';
import type { Journal, Load } from '../service/ports.ts';
import type { Live, Wish } from '../service/service.ts';
import { written } from './perform.ts';

export class Keeping {
  readonly #journal: Journal;
  readonly #listen: Listen;
  /** Uuids of our claims by name; a claim never changes its name. */
  readonly #claims = new Map<string, Set<string>>();
  /** Records on their way to the disk, so that none is written twice. */
  readonly #onTheirWay = new Map<string, Promise<void>>();
  readonly #applied = new Map<string, Pair>();
  /** Names that a manifest protected in this life, and none has given free since. */
  readonly #protected = new Set<string>();
  #approvedIn: string | undefined;
  #broken = false;

  constructor(journal: Journal, listen: Listen) {
    this.#journal = journal;
    this.#listen = listen;
    for (const claim of journal.memory().claims.values()) this.claim(claim.name, claim.uuid);
  }

  claim(name: string, uuid: string): void {
    const same = this.#claims.get(name);
    if (same === undefined) this.#claims.set(name, new Set([uuid]));
    else same.add(uuid);
  }

  claimsOf(name: string): readonly Claim[] {
    const { claims } = this.#journal.memory();
    return [...(this.#claims.get(name) ?? [])].flatMap((uuid) => claims.get(uuid) ?? []);
  }

  /** Writes in the background; what must be on disk first is awaited by `perform`. */
  record(record: Record): void {
    const key = JSON.stringify(record);
    if (this.#onTheirWay.has(key)) return;
    const keep = { journal: this.#journal, journalFailed: (error: unknown) => this.failed(error) };
    const done = written(keep, record).then(() => void this.#onTheirWay.delete(key));
    this.#onTheirWay.set(key, done);
  }

  /** Resolves when all of it is on disk, or cannot be. */
  async idle(): Promise<void> {
    await Promise.all(this.#onTheirWay.values());
  }

  failed(error: unknown): void {
    if (this.#broken) return;
    this.#broken = true;
    const message = error instanceof Error ? error.message : String(error);
    this.#listen({ type: 'journal:failed', message });
  }

  /** A service is where it should be: its failures are forgotten, a token that only we can keep is kept. */
  inSync(name: string, live: Live | undefined, remember: string | undefined): void {
    const memory = this.#journal.memory();
    if (remember !== undefined && live !== undefined) {
      this.record({ type: 'token', uuid: live.uuid, token: remember });
    }
    const tables = [memory.failures, memory.repeats, memory.refusals];
    if (tables.some((table) => table.has(name)) || isPending(memory.fights.get(name)))
      this.record({ type: 'cleared', name });
  }

  /** What a service is like now that it is as wished; only what is new is written. */
  applied(wish: Wish, live: Live, with_: Looking): void {
    const seen = this.#applied.get(wish.name);
    this.#applied.set(wish.name, { wish, live });
    if (seen !== undefined && isAlike(seen, { wish, live })) return;
    const applied = appliedOf(wish, live, with_);
    if (JSON.stringify(this.#journal.memory().applied.get(wish.name)) !== JSON.stringify(applied))
      this.record({ type: 'applied', name: wish.name, ...applied });
  }

  /** It is what it was when this process last saw it as wished: told without hashing anything. */
  isAsBefore(wish: Wish, live: Live): boolean {
    const seen = this.#applied.get(wish.name);
    return seen !== undefined && seen.live.state === live.state && isAlike(seen, { wish, live });
  }

  /** What nobody wishes for and nobody has any more. */
  forget(isWished: (name: string) => boolean, isThere: (name: string) => boolean): void {
    for (const name of this.#journal.memory().applied.keys()) {
      if (isWished(name) || isThere(name)) continue;
      this.#applied.delete(name);
      this.record({ type: 'forgotten', name });
    }
  }

  /** What a commit approves is kept until it is done or wished again; `isThere`: whether a service has the name now. */
  approvals({ wishes, commit }: Load, isThere: ((name: string) => boolean) | undefined): void {
    const { approvals } = this.#journal.memory();
    const wished = new Set(wishes.map((wish) => wish.name));
    for (const name of approvals.keys())
      if (wished.has(name) || isThere?.(name) === false) this.record({ type: 'unapproved', name });
    if (commit === undefined || commit.sha === this.#approvedIn) return;
    this.#approvedIn = commit.sha;
    for (const name of commit.allowDeletes)
      if (!wished.has(name) && approvals.get(name)?.sha !== commit.sha)
        this.record({ type: 'approved', name, sha: commit.sha });
  }

  /** The uuid is not there any more. */
  gone(uuid: string): void {
    const claim = this.#journal.memory().claims.get(uuid);
    if (claim !== undefined && !claim.gone) this.record({ type: 'gone', uuid });
  }

  /** What the server offers is remembered for ever: what is missing later is lost, not absent (design §4). */
  capabilities(offered: readonly Extract<Record, { type: 'capabilities' }>['offered'][number][]): void {
    const known = this.#journal.memory().capabilities;
    const news = offered.filter((one) => !known.includes(one));
    if (news.length > 0) this.record({ type: 'capabilities', offered: [...known, ...news] });
  }

  /**
   * A protected name stays protected when its manifest is gone; only a manifest that says otherwise ends it. What could
   * not be written is tried again, and holds meanwhile.
   */
  protection(wishes: Iterable<Wish>): void {
    const { protectedNames } = this.#journal.memory();
    for (const { name, protect } of wishes) {
      if (protect) this.#protected.add(name);
      else this.#protected.delete(name);
      if (!protect && protectedNames.has(name)) this.record({ type: 'protected', name, on: false });
    }
    for (const name of this.#protected)
      if (!protectedNames.has(name)) this.record({ type: 'protected', name, on: true });
  }

  /** What the journal holds, and what it could not take yet. */
  memory(): Memory {
    const memory = this.#journal.memory();
    const unkept = [...this.#protected].filter((name) => !memory.protectedNames.has(name));
    if (unkept.length === 0) return memory;
    return { ...memory, protectedNames: new Set([...memory.protectedNames, ...unkept]) };
  }
}

interface Pair {
  readonly wish: Wish;
  readonly live: Live;
}

/** Hashing is dear, and at rest every list brings the same. */
function isAlike(before: Pair, now: Pair): boolean {
  if (before.wish !== now.wish && wishKey(before.wish) !== wishKey(now.wish)) return false;
  if (before.live === now.live) return true;
  const [old, live] = [before.live, now.live];
  return old.uuid === live.uuid && JSON.stringify(old.fields) === JSON.stringify(live.fields);
}
