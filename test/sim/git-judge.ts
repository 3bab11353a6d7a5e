/**
 * What a source that is a repository must never lead to, judged from what the remote showed and from the writes that
 * left. It follows which commits could have been taken so far: one that contains the one before, or one at which the
 * branch has stood for the hold and for two readings. Each write narrows that to the commits whose manifests say so.
 *
 * O9: all writes of one load are what one commit says. O9b: that commit is none that was left behind. O8: nothing goes
 * because the remote did not answer. O8b: nothing is approved but by a trailer.
 */
import type { Load } from '../../src/service/ports.ts';
import type { Watch } from './git.ts';
import type { Remote } from './git-remote.ts';
import { isSaidBy, type Truth } from './git-truth.ts';
import type { Exchange } from './network.ts';
import type { World } from './world.ts';

/** One attempt of the source. */
interface Reading {
  at: number;
  /** Where it found the branch. */
  head: string;
  failed: boolean;
  /** Nothing went wrong in it up to the load. */
  clean: boolean;
}
interface Shown {
  readonly reading: number;
  readonly at: number;
  readonly head: string;
}
/** Between two loads. */
interface Window {
  readonly at: number;
  possible: ReadonlySet<string>;
  /** Whether the remote answered when it was asked for this one. */
  readonly answered: boolean;
  readonly from: number;
}

/** Nothing was taken yet. */
const NOTHING = '';
/** From when the branch is seen until it is judged. */
const SLACK = 2_000;
/** From when a write is decided until it leaves. */
const DECIDED = 50;

export class GitJudge implements Watch {
  readonly #world: World;
  readonly #remote: Remote;
  readonly #holdMs: number;
  readonly #truthOf: (sha: string) => Truth;
  readonly #readings: Reading[] = [];
  readonly #shown: Shown[] = [];
  #current: Reading | undefined;
  #answered = false;
  #possible: ReadonlySet<string> = new Set([NOTHING]);
  #window: Window | undefined;
  #before: Window | undefined;
  /** Writes that were judged. */
  writes = 0;
  /** Loads that the hold or trouble kept from being complete. */
  incomplete = 0;

  constructor(world: World, remote: Remote, holdMs: number, truthOf: (sha: string) => Truth) {
    this.#world = world;
    this.#remote = remote;
    this.#holdMs = holdMs;
    this.#truthOf = truthOf;
  }

  // ── what the remote was asked, and what it showed ───────────────────────────────────────────────────────────

  asks(): void {
    this.#answered = false;
    this.#current = undefined;
  }

  asked(head: string | undefined): void {
    if (head === undefined) return;
    this.#answered = true;
    this.#current = { at: this.#now, head, failed: false, clean: false };
    this.#readings.push(this.#current);
    this.#show(head);
  }

  brought(head: string): void {
    if (this.#current === undefined) return;
    Object.assign(this.#current, { at: this.#now, head });
    this.#show(head);
  }

  failed(): void {
    if (this.#current === undefined) return;
    this.#current.failed = true;
    this.#current.clean = false;
  }

  get #now(): number {
    return this.#world.scheduler.now;
  }

  #show(head: string): void {
    const shown = { reading: this.#readings.length - 1, at: this.#now, head };
    this.#shown.push(shown);
    this.#possible = this.#after(this.#possible, shown);
  }

  /** What could be the commit taken last, once the branch was seen there. */
  #after(possible: ReadonlySet<string>, shown: Shown): ReadonlySet<string> {
    const { head } = shown;
    if (possible.has(head) || !this.#truthOf(head).takeable) return possible;
    const { objects } = this.#remote;
    const may = [...possible].some(
      (last) => last === NOTHING || objects.contains(head, last) || this.#stood(last, shown),
    );
    return may ? new Set([...possible, head]) : possible;
  }

  /** Whether the branch, seen from `last`, has stood there, or below it, for the hold and for two readings. */
  #stood(last: string, { reading, at, head }: Shown): boolean {
    const { objects } = this.#remote;
    let [since, readings, lowest] = [at, 1, head];
    for (let index = reading - 1; index >= 0; index--) {
      const one = this.#readings[index] as Reading;
      const goesOn = !objects.contains(one.head, last) && objects.contains(lowest, one.head);
      // What nobody can take is passed by, unless the branch had come back with it.
      const passed = !this.#truthOf(one.head).takeable && !objects.contains(one.head, last);
      if (!goesOn && one.clean && !passed) break;
      if (!goesOn) continue;
      since = one.at;
      readings += 1;
      if (one.clean) lowest = one.head;
    }
    return readings >= 2 && at - since >= this.#holdMs - SLACK;
  }

  // ── what the program made of it ─────────────────────────────────────────────────────────────────────────────

  /** A load came back; `atRest`: no command of the source is under way. */
  loaded(load: Load, atRest: boolean): void {
    if (this.#current !== undefined && atRest && !this.#current.failed) this.#current.clean = true;
    const { commit } = load;
    if (!load.complete) this.incomplete += 1;
    if (commit !== undefined) {
      const { objects } = this.#remote;
      const said = new Set([...objects.ancestors(commit.sha)].flatMap((sha) => objects.commit(sha).approves));
      const strange = commit.allowDeletes.filter((name) => !said.has(name));
      this.#check('O8b', strange.length === 0, () => `${strange.join()} approved by no commit`);
    }
    const latest = this.#shown.findIndex((one) => one.reading === this.#readings.length - 1);
    const from = latest === -1 ? this.#shown.length : latest;
    this.#before = this.#window;
    this.#window = { at: this.#now, possible: this.#possible, answered: this.#answered, from };
  }

  /** A process is dead; another one has read nothing yet. */
  forget(): void {
    this.#window = undefined;
    this.#before = undefined;
    this.#current = undefined;
  }

  /** A write leaves. */
  sent(exchange: Exchange): void {
    if (exchange.kind !== 'create' && exchange.kind !== 'write') return;
    const { number, verb, name } = exchange;
    const what = `#${number} ${verb} ${name}`;
    this.writes += 1;
    const window = this.#window;
    if (window === undefined) {
      this.#check('O9', false, () => `${what} before anything was read`);
      return;
    }
    const says = (sha: string) => sha !== NOTHING && isSaidBy(this.#truthOf(sha), exchange);
    const left = [...window.possible].filter(says);
    if (left.length === 0 && this.#fitsBefore(says)) return;
    const goes = verb === 'terminate' && [...window.possible].every((sha) => !this.#truthOf(sha).names(name));
    if (goes) this.#check('O8', window.answered, () => `${what}, and the remote did not answer`);
    const ever = new Set(this.#shown.map((one) => one.head).filter(says));
    this.#check('O9', ever.size > 0, () => `${what} ${exchange.body ?? ''}, which no commit says`);
    const known = [...window.possible].map((sha) => sha.slice(0, 8)).join();
    this.#check('O9b', ever.size === 0 || left.length > 0, () => `${what}, which none of ${known} says`);
    window.possible = new Set(left.length > 0 ? left : ever.size > 0 ? ever : window.possible);
    this.#possible = window.possible;
    for (const shown of this.#shown.slice(window.from)) this.#possible = this.#after(this.#possible, shown);
  }

  /** It was decided by the load before, and was on its way to the journal when the next one came. */
  #fitsBefore(says: (sha: string) => boolean): boolean {
    const [before, window] = [this.#before, this.#window];
    if (before === undefined || window === undefined || this.#now - window.at > DECIDED) return false;
    return [...before.possible].some(says);
  }

  #check(oracle: string, holds: boolean, text: () => string): void {
    const { oracles } = this.#world;
    oracles.asked.set(oracle, (oracles.asked.get(oracle) ?? 0) + 1);
    if (!holds) oracles.fail(oracle, text());
  }
}
