/**
 * What is known of the fleet now, and how far it may be believed.
 *
 * One trusted list serves everybody; replies to our own writes and single looks lie over it. A list says nothing of a
 * name that was written to since its first request began (T9, per name), and a row that goes back behind what is known
 * is shown but not acted on until one GET of that uuid decides (design §4).
 */
import { linkingByTarget } from '../decide/dependants.ts';
import { settle } from '../decide/model.ts';
import type { Extension } from '../service/extensions.ts';
import type { Accepted, Memory } from '../service/memory.ts';
import type { Listing } from '../service/ports.ts';
import type { Live } from '../service/service.ts';
import { isMoving, isServiceState } from '../service/states.ts';

interface Entry {
  readonly live: Live;
  /** Monotonic time at which the request that showed it began (for a reply to our own write: at which it ended). */
  readonly at: number;
  /** What was last certain, in one line; the list's view of it. */
  readonly known: string;
  /** The row is neither what was known nor what the model lets follow from it: a GET must decide before a write. */
  readonly doubtful: boolean;
  /** What a list row showed when the details were last read; another row now means they are to be read again. */
  readonly detailed: string | undefined;
}

export class Knowledge {
  readonly #entries = new Map<string, Entry>();
  /** By uuid of the target; undefined = not made since something changed. */
  #linking: ReadonlyMap<string, readonly Live[]> | undefined;
  readonly #byName = new Map<string, Set<string>>();
  readonly #writes = new Map<string, { underWay: number; endedAt: number }>();
  /** Uuids of which nobody knows what our last write did. */
  readonly #unsure = new Set<string>();
  #listedAt = Number.NEGATIVE_INFINITY;
  #lists = 0;
  #full = false;
  #offered: readonly Extension[] = [];

  /** What the last trusted list's replies announced. */
  get offered(): readonly Extension[] {
    return this.#offered;
  }

  /** Trusted lists so far. */
  get lists(): number {
    return this.#lists;
  }

  /** Whether the list's objects are complete. */
  get full(): boolean {
    return this.#full;
  }

  all(): readonly Live[] {
    return [...this.#entries.values()].map((entry) => entry.live);
  }

  named(name: string): readonly Live[] {
    return [...(this.#byName.get(name) ?? [])].flatMap((uuid) => this.get(uuid) ?? []);
  }

  get(uuid: string): Live | undefined {
    return this.#entries.get(uuid)?.live;
  }

  /** Services that link to this one now, as far as is known. */
  linkingTo(uuid: string): readonly Live[] {
    this.#linking ??= linkingByTarget(this.all());
    return this.#linking.get(uuid) ?? [];
  }

  doubts(uuid: string): boolean {
    return this.#entries.get(uuid)?.doubtful === true;
  }

  /** Environment, links and roles are not in this server's list, and have not been read since the row last changed. */
  needsDetail(uuid: string): boolean {
    const entry = this.#entries.get(uuid);
    return entry !== undefined && !this.#full && entry.detailed !== rowFields(entry.live);
  }

  /** Nothing was written to `name` since this was seen: the service itself, or (undefined) its absence from the list. */
  isFresh(name: string, uuid: string | undefined): boolean {
    const write = this.#writes.get(name);
    if (write === undefined) return uuid !== undefined || this.#lists > 0;
    if (write.underWay > 0) return false;
    const at = this.seenAt(uuid);
    return uuid === undefined ? at > write.endedAt : at >= write.endedAt;
  }

  /** Monotonic time of the observation that a decision about this service, or about its absence, rests on. */
  seenAt(uuid: string | undefined): number {
    return uuid === undefined ? this.#listedAt : (this.#entries.get(uuid)?.at ?? this.#listedAt);
  }

  beginWrite(name: string): void {
    const write = this.#writes.get(name);
    this.#writes.set(name, { underWay: (write?.underWay ?? 0) + 1, endedAt: write?.endedAt ?? 0 });
  }

  endWrite(name: string, now: number): void {
    const write = this.#writes.get(name);
    this.#writes.set(name, { underWay: Math.max(0, (write?.underWay ?? 1) - 1), endedAt: now });
  }

  /**
   * A write to `uuid` ended without showing what it did. A list may be older than it looks, and a row that shows what was
   * known before would be believed: so one GET decides.
   */
  doubtWrite(uuid: string): void {
    this.#unsure.add(uuid);
  }

  isUnsure(uuid: string): boolean {
    return this.#unsure.has(uuid);
  }

  /** A reply to our own write, or the answer of a GET, is certain. `at` as in `Entry`. */
  absorbOne(live: Live, at: number): void {
    if ((this.#entries.get(live.uuid)?.at ?? Number.NEGATIVE_INFINITY) > at) return;
    this.#sureSince(live, at);
    const before = this.#entries.get(live.uuid);
    const whole = live.mark !== undefined || before === undefined;
    const merged = whole ? live : withDetail(live, before.live);
    const detailed = whole ? rowFields(live) : before.detailed;
    this.#set({ live: merged, at, known: print(merged, this.#full), doubtful: false, detailed });
  }

  #sureSince({ uuid, name }: Live, at: number): void {
    if (at >= (this.#writes.get(name)?.endedAt ?? 0)) this.#unsure.delete(uuid);
  }

  /**
   * The answer of a GET: as `absorbOne`, and its details are all there is to see. Where a list that began later came
   * first, what only the GET shows still holds if the definition is the same; else it must be asked for again.
   */
  absorbLook(live: Live, at: number): void {
    const before = this.#entries.get(live.uuid);
    const detailed = rowFields(live);
    if (before === undefined || before.at <= at) {
      this.absorbOne(live, at);
      const entry = this.#entries.get(live.uuid);
      if (entry !== undefined) this.#set({ ...entry, detailed });
    } else if (rowFields(before.live) === detailed) {
      const merged = withDetail(before.live, live);
      const known = print(withDetail(live, before.live), this.#full);
      const doubtful = print(merged, this.#full) !== known;
      this.#sureSince(live, at);
      this.#set({ ...before, live: merged, known, doubtful, detailed });
    }
  }

  /** It is gone (404). */
  absorbGone(uuid: string, at: number): void {
    const entry = this.#entries.get(uuid);
    if (entry === undefined || entry.at > at) return;
    this.#entries.delete(uuid);
    this.#linking = undefined;
    this.#unsure.delete(uuid);
    this.#byName.get(entry.live.name)?.delete(uuid);
  }

  /** Takes a trusted list in. Returns the uuids we knew that it does not show: each must be asked for by GET. */
  absorbList(listing: Listing, memory: Memory): readonly string[] {
    this.#listedAt = listing.startedAt;
    this.#lists += 1;
    this.#full = listing.full;
    this.#offered = listing.capabilities;
    const shown = new Set<string>();
    for (const row of listing.services) {
      shown.add(row.uuid);
      if (this.#mayTell(row, listing.startedAt)) this.#absorbRow(row, listing.startedAt, memory);
    }
    const missing: string[] = [];
    for (const [uuid, entry] of this.#entries) {
      if (shown.has(uuid) || entry.at > listing.startedAt) continue;
      if (entry.live.state === 'Terminated') this.absorbGone(uuid, listing.startedAt);
      else {
        this.#set({ ...entry, doubtful: true });
        missing.push(uuid);
      }
    }
    return missing;
  }

  #mayTell(row: Live, startedAt: number): boolean {
    const write = this.#writes.get(row.name);
    if (write !== undefined && (write.underWay > 0 || write.endedAt >= startedAt)) return false;
    return (this.#entries.get(row.uuid)?.at ?? Number.NEGATIVE_INFINITY) <= startedAt;
  }

  #absorbRow(row: Live, at: number, memory: Memory): void {
    const before = this.#entries.get(row.uuid);
    const shown = print(row, this.#full);
    const live = before === undefined || this.#full ? row : withDetail(row, before.live);
    if (before === undefined) {
      const doubtful = !followsJournal(row, memory.accepted.get(row.uuid));
      this.#set({ live, at, known: shown, doubtful, detailed: undefined });
      return;
    }
    if (shown === before.known || shown === settledPrint(before, this.#full)) {
      this.#set({ live, at, known: shown, doubtful: false, detailed: before.detailed });
      return;
    }
    this.#set({ live, at, known: before.known, doubtful: true, detailed: before.detailed });
  }

  #set(entry: Entry): void {
    const { uuid, name } = entry.live;
    const old = this.#entries.get(uuid);
    if (old !== undefined && old.live.name !== name) this.#byName.get(old.live.name)?.delete(uuid);
    this.#entries.set(uuid, entry);
    this.#linking = undefined;
    const same = this.#byName.get(name);
    if (same === undefined) this.#byName.set(name, new Set([uuid]));
    else same.add(uuid);
  }
}

/** A service in one line: its state and what was set. Without `full` only what a list row shows. */
function print(live: Live, full: boolean): string {
  const { container_envvars, linked_to_service, roles, ...fields } = live.fields;
  const detail = full ? [container_envvars, linked_to_service, roles, live.mark?.attempt] : [];
  return JSON.stringify([live.state, fields, live.redeployToken, detail]);
}

/** What a list row shows of a service's definition. */
function rowFields(live: Live): string {
  const { container_envvars, linked_to_service, roles, ...fields } = live.fields;
  return JSON.stringify([fields, live.redeployToken]);
}

/** What the model lets follow by itself from what was known: the rest after the transition, all else equal. */
function settledPrint(entry: Entry, full: boolean): string | undefined {
  const { live } = entry;
  if (entry.doubtful || typeof live.state !== 'string' || !isMoving(live.state)) return undefined;
  const seen = { exists: true, uuid: live.uuid, state: live.state, fields: live.fields } as const;
  const rest = settle({ ...seen, deployedBefore: true, redeployToken: null });
  return rest.exists === true ? print({ ...live, state: rest.state }, full) : undefined;
}

/** After a restart the journal's last accepted operation is what is known. */
function followsJournal(row: Live, accepted: Accepted | undefined): boolean {
  if (accepted === undefined || typeof row.state !== 'string' || row.state === accepted.state) return true;
  if (!isServiceState(accepted.state)) return true;
  const seen = { exists: true, uuid: row.uuid, state: accepted.state, fields: row.fields } as const;
  const rest = settle({ ...seen, deployedBefore: true, redeployToken: null });
  return rest.exists === true && rest.state === row.state;
}

/** A list row that lacks environment, links and roles keeps those of the last detail; `Fleet` renews details. */
function withDetail(row: Live, known: Live): Live {
  const { container_envvars, linked_to_service, roles } = known.fields;
  const kept = Object.fromEntries(
    Object.entries({ container_envvars, linked_to_service, roles }).filter(
      ([, value]) => value !== undefined,
    ),
  );
  return {
    ...row,
    fields: { ...kept, ...row.fields },
    mark: row.mark === undefined ? known.mark : row.mark,
    linkedFrom: row.linkedFrom ?? known.linkedFrom,
  };
}
