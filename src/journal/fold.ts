/**
 * The meaning of the journal's records: folded one by one they make the `Memory` that decide/ and drive/ read.
 *
 * No I/O. A `Memory` that was handed out never changes: the next record copies what it touches first.
 */

import { EXTENSIONS } from '../service/extensions.ts';
import { fought, settled } from '../service/fights.ts';
import { type Fight, type Memory, NO_MEMORY, type Record } from '../service/memory.ts';
import type { Verb } from '../service/service.ts';

/** Deletes older than this, counted from the newest, no longer matter to the sliding hour. */
const DELETES_KEPT_MS = 2 * 3_600_000;

export const TABLES = [
  'claims',
  'intents',
  'accepted',
  'repeats',
  'failures',
  'tokens',
  'approvals',
  'suspensions',
  'fights',
  'refusals',
  'applied',
] as const;
export type Table = (typeof TABLES)[number];

type Mutable = {
  -readonly [K in keyof Memory]: Memory[K] extends ReadonlyMap<infer Key, infer Value>
    ? Map<Key, Value>
    : Memory[K] extends ReadonlySet<infer Item>
      ? Set<Item>
      : Memory[K];
};

export class Folding {
  #now: Mutable;
  /** Copied already since the last `memory()`. */
  #own = new Set<keyof Memory>();

  constructor(start: Memory = NO_MEMORY) {
    this.#now = start as Mutable;
  }

  memory(): Memory {
    this.#own.clear();
    return this.#now;
  }

  /** False for a record of a kind this version does not know. */
  apply(record: Record): boolean {
    switch (record.type) {
      case 'intent': {
        const { type: _, ...intent } = record;
        this.#table('intents').set(record.name, intent);
        break;
      }
      case 'created':
        this.#created(record);
        break;
      case 'abandoned':
        this.#resolve(record.name, record.attempt);
        break;
      case 'accepted':
        this.#accepted(record);
        break;
      case 'token':
        this.#token(record.uuid, record.token);
        break;
      case 'gone':
        this.#gone(record.uuid);
        break;
      case 'deleted':
        this.#deleted(record);
        break;
      case 'failed': {
        const { type: _, name, ...failure } = record;
        this.#table('failures').set(name, failure);
        break;
      }
      case 'cleared':
        this.#cleared(record.name);
        break;
      case 'retried':
        this.#cleared(record.name);
        this.#forget('fights', record.name);
        break;
      case 'refused': {
        const { type: _, name, ...refusal } = record;
        this.#table('refusals').set(name, refusal);
        break;
      }
      case 'approved':
        this.#table('approvals').set(record.name, { sha: record.sha });
        break;
      case 'unapproved':
        this.#forget('approvals', record.name);
        break;
      case 'suspended': {
        const { type: _, names, ...suspension } = record;
        for (const name of names) this.#table('suspensions').set(name, suspension);
        break;
      }
      case 'resumed':
        for (const name of record.names.length === 0 ? [...this.#now.suspensions.keys()] : record.names)
          this.#forget('suspensions', name);
        break;
      case 'applied': {
        const { type: _, name, ...applied } = record;
        this.#table('applied').set(name, applied);
        break;
      }
      case 'forgotten':
        this.#forget('applied', record.name);
        break;
      case 'capabilities':
        this.#offered(record.offered);
        break;
      case 'protected':
        if (record.on) this.#table('protectedNames').add(record.name);
        else this.#table('protectedNames').delete(record.name);
        break;
      default:
        return false;
    }
    return true;
  }

  /** Puts one entry of a compacted journal back as it was. */
  restore(table: Table, key: string, value: unknown): void {
    const map: Map<string, unknown> = this.#table(table);
    map.set(key, value);
  }

  restoreDeletes(deletes: Memory['deletes']): void {
    this.#change({ deletes });
  }

  #created(record: Extract<Record, { type: 'created' }>): void {
    this.#resolve(record.name, record.attempt);
    const { uuid, name, redeployToken } = record;
    const known = this.#now.claims.get(uuid);
    this.#table('claims').set(uuid, {
      uuid,
      name,
      redeployToken,
      started: known?.started ?? false,
      gone: false,
    });
    this.#fought(name, 'create', record.fight, record.at);
  }

  #accepted(record: Extract<Record, { type: 'accepted' }>): void {
    const { name, uuid, verb, state, at, difference, token } = record;
    this.#table('accepted').set(uuid, { uuid, verb, state, at });
    const claim = this.#now.claims.get(uuid);
    if (claim !== undefined && (verb === 'start' || verb === 'redeploy') && !claim.started)
      this.#table('claims').set(uuid, { ...claim, started: true });
    if (token !== undefined) this.#token(uuid, token);
    this.#fought(name, verb, record.fight, at);
    if (difference === undefined) return;
    const last = this.#now.repeats.get(name);
    const same = last?.verb === verb && last.difference === difference;
    this.#table('repeats').set(name, { verb, difference, times: same ? last.times + 1 : 1 });
  }

  #token(uuid: string, token: string): void {
    const claim = this.#now.claims.get(uuid);
    if (claim === undefined) this.#table('tokens').set(uuid, token);
    else this.#table('claims').set(uuid, { ...claim, redeployToken: token });
  }

  #gone(uuid: string): void {
    const claim = this.#now.claims.get(uuid);
    if (claim !== undefined) this.#table('claims').set(uuid, { ...claim, gone: true });
    this.#forget('accepted', uuid);
    this.#forget('tokens', uuid);
  }

  #cleared(name: string): void {
    this.#forget('failures', name);
    this.#forget('repeats', name);
    this.#forget('refusals', name);
    const fights = this.#now.fights.get(name);
    if (fights !== undefined) this.#table('fights').set(name, settled(fights));
  }

  #fought(name: string, verb: Verb, fight: Pick<Fight, 'difference' | 'wish'> | undefined, at = 0): void {
    if (fight === undefined) return;
    this.#table('fights').set(name, fought(this.#now.fights.get(name) ?? [], { ...fight, verb, at }));
  }

  #deleted({ name, at, approvedBy }: Extract<Record, { type: 'deleted' }>): void {
    // What we take away ourselves is made anew by us, not against somebody.
    const fights = (this.#now.fights.get(name) ?? []).filter((fight) => fight.verb !== 'create');
    if (fights.length > 0) this.#table('fights').set(name, fights);
    else this.#forget('fights', name);
    const one = approvedBy === undefined ? { name, at } : { name, at, approvedBy };
    const all = [...this.#now.deletes, one];
    const newest = Math.max(...all.map((each) => each.at));
    this.#change({ deletes: all.filter((each) => newest - each.at <= DELETES_KEPT_MS) });
  }

  /** What was once offered stays known, so that its loss can be told from a server that never had it. */
  #offered(offered: Memory['capabilities']): void {
    const all = new Set([...this.#now.capabilities, ...offered]);
    this.#change({ capabilities: EXTENSIONS.filter((extension) => all.has(extension)) });
  }

  #resolve(name: string, attempt: string): void {
    if (this.#now.intents.get(name)?.attempt === attempt) this.#forget('intents', name);
  }

  #forget(table: Table, key: string): void {
    if (this.#now[table].has(key)) this.#table(table).delete(key);
  }

  /** The table, safe to change. */
  #table<T extends Table | 'protectedNames'>(table: T): Mutable[T] {
    if (!this.#own.has(table)) {
      const current = this.#now[table];
      const copy =
        current instanceof Set
          ? new Set(current)
          : new Map<string, unknown>(current as ReadonlyMap<string, unknown>);
      this.#now = { ...this.#now, [table]: copy };
      this.#own.add(table);
    }
    return this.#now[table];
  }

  #change(change: Partial<Pick<Memory, 'deletes' | 'capabilities'>>): void {
    this.#now = { ...this.#now, ...change };
  }
}

export function fold(records: Iterable<Record>, start: Memory = NO_MEMORY): Memory {
  const folding = new Folding(start);
  for (const record of records) folding.apply(record);
  return folding.memory();
}
