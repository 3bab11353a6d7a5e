/**
 * What the drive keeps in the journal beside the operations themselves, and an index of what is ours by name.
 *
 * A journal that cannot be written stops creates and deletes (each must be on disk before it is sent); everything else
 * goes on, and it is said once.
 */
import type { Listen } from '../service/event.ts';
import type { Claim, Record } from '../service/memory.ts';
import type { Journal } from '../service/ports.ts';
import type { Live, Wish } from '../service/service.ts';
import { written } from './perform.ts';

export class Keeping {
  readonly #journal: Journal;
  readonly #listen: Listen;
  /** Uuids of our claims by name; a claim never changes its name. */
  readonly #claims = new Map<string, Set<string>>();
  /** Records on their way to the disk, so that none is written twice. */
  readonly #onTheirWay = new Set<string>();
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
    this.#onTheirWay.add(key);
    void written({ journal: this.#journal, journalFailed: (error) => this.failed(error) }, record).then(() =>
      this.#onTheirWay.delete(key),
    );
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
    if (memory.failures.has(name) || memory.repeats.has(name)) this.record({ type: 'cleared', name });
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

  /** A protected name stays protected when its manifest is gone; only a manifest that says otherwise ends it. */
  protection(wishes: Iterable<Wish>): void {
    const { protectedNames } = this.#journal.memory();
    for (const { name, protect } of wishes) {
      if (protect !== protectedNames.has(name)) this.record({ type: 'protected', name, on: protect });
    }
  }
}
