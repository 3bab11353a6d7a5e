/**
 * One total order of all operations of a plan, in model time (design §8).
 *
 * A transition takes one round. Within a round an operation needs its gates open; among the free ones the longest
 * remaining chain goes first, then the name; deletes go last.
 */

/** One course as the order sees it: its moves, and the ids of the courses that must be over before a gated operation. */
export interface Track {
  readonly id: string;
  /** What ties are broken by. */
  readonly name: string;
  readonly moves: readonly {
    readonly kind: 'act' | 'wait';
    readonly gated: boolean;
    readonly last: boolean;
  }[];
  readonly after: readonly string[];
}

/** For each track, the place (from 1) of each of its operations, in the order of its moves. */
export function sequence(tracks: readonly Track[]): ReadonlyMap<string, readonly number[]> {
  const waitedOn = dependantsById(tracks);
  const chains = chainLengths(tracks, waitedOn);
  const left = new Set(tracks.filter((track) => track.moves.length > 0));
  const ids = new Set([...left].map((track) => track.id));
  const position = new Map(tracks.map((track) => [track.id, 0]));
  const places = new Map<string, number[]>(tracks.map((track) => [track.id, []]));
  const closed = new Map(tracks.map((track) => [track.id, track.after.filter((id) => ids.has(id)).length]));
  const at = (track: Track): number => position.get(track.id) ?? 0;
  /** A circle and what it waits for have no end behind them, so their chain is the longest. */
  const chain = (track: Track): number => (chains.get(track.id) ?? Number.POSITIVE_INFINITY) - at(track);
  const rank = (track: Track): Rank => [-chain(track), track.name, track.id];
  const late = (track: Track): number => (track.moves[at(track)]?.last === true ? 1 : 0);
  const queue = new Heap<Track>((a, b) => late(a) - late(b) || compare(rank(a), rank(b)));
  let waiting: Track[] = [];
  let seq = 0;

  for (const track of left) arrive(track);
  while (left.size > 0) {
    for (let track = queue.pop(); track !== undefined; track = queue.pop()) place(track);
    const over = waiting;
    waiting = [];
    for (const track of over) advance(track);
    // Services that link to each other in a circle, made so by somebody else: the first goes without its gate.
    if (over.length === 0 && left.size > 0) {
      place([...left].reduce((first, one) => (compare(rank(one), rank(first)) < 0 ? one : first)));
    }
  }
  return places;

  function place(track: Track): void {
    places.get(track.id)?.push(++seq);
    advance(track);
  }

  function advance(track: Track): void {
    position.set(track.id, at(track) + 1);
    arrive(track);
  }

  /** It stands before its next move: over, waiting for a round to end, free to act, or held by a gate. */
  function arrive(track: Track): void {
    const move = track.moves[at(track)];
    if (move === undefined) leave(track);
    else if (move.kind === 'wait') waiting.push(track);
    else if (!move.gated || closed.get(track.id) === 0) queue.push(track);
  }

  function leave(track: Track): void {
    left.delete(track);
    for (const dependant of waitedOn.get(track.id) ?? []) {
      const still = (closed.get(dependant.id) ?? 0) - 1;
      closed.set(dependant.id, still);
      const move = dependant.moves[at(dependant)];
      if (still === 0 && move?.kind === 'act' && move.gated) queue.push(dependant);
    }
  }
}

/** Moves of its own plus the longest chain behind it. */
function chainLengths(
  tracks: readonly Track[],
  waitedOn: ReadonlyMap<string, readonly Track[]>,
): ReadonlyMap<string, number> {
  const byId = new Map(tracks.map((track) => [track.id, track]));
  const open = new Map(tracks.map((track) => [track.id, waitedOn.get(track.id)?.length ?? 0]));
  const behind = new Map<string, number>();
  const lengths = new Map<string, number>();
  const ready = tracks.filter((track) => open.get(track.id) === 0);
  for (let track = ready.pop(); track !== undefined; track = ready.pop()) {
    const length = track.moves.length + (behind.get(track.id) ?? 0);
    lengths.set(track.id, length);
    for (const name of track.after) {
      const before = byId.get(name);
      if (before === undefined) continue;
      behind.set(name, Math.max(behind.get(name) ?? 0, length));
      const rest = (open.get(name) ?? 0) - 1;
      open.set(name, rest);
      if (rest === 0) ready.push(before);
    }
  }
  return lengths;
}

function dependantsById(tracks: readonly Track[]): ReadonlyMap<string, readonly Track[]> {
  const names = new Set(tracks.map((track) => track.id));
  const result = new Map<string, Track[]>();
  for (const track of tracks) {
    for (const name of track.after) {
      if (!names.has(name)) continue;
      const list = result.get(name);
      if (list === undefined) result.set(name, [track]);
      else list.push(track);
    }
  }
  return result;
}

type Rank = readonly [number, string, string];

function compare(a: Rank, b: Rank): number {
  for (const [index, one] of a.entries()) {
    const other = b[index] as typeof one;
    if (one !== other) return one < other ? -1 : 1;
  }
  return 0;
}

class Heap<T> {
  readonly #items: T[] = [];
  readonly #compare: (a: T, b: T) => number;
  constructor(order: (a: T, b: T) => number) {
    this.#compare = order;
  }
  push(item: T): void {
    this.#items.push(item);
    let at = this.#items.length - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#compare(this.#items[at] as T, this.#items[parent] as T) >= 0) return;
      this.#swap(at, parent);
      at = parent;
    }
  }
  pop(): T | undefined {
    const top = this.#items[0];
    const last = this.#items.pop();
    if (this.#items.length === 0 || last === undefined) return top;
    this.#items[0] = last;
    for (let at = 0; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let least = at;
      for (const child of [left, right]) {
        const smaller =
          child < this.#items.length && this.#compare(this.#items[child] as T, this.#items[least] as T) < 0;
        if (smaller) least = child;
      }
      if (least === at) return top;
      this.#swap(at, least);
      at = least;
    }
  }
  #swap(a: number, b: number): void {
    [this.#items[a], this.#items[b]] = [this.#items[b] as T, this.#items[a] as T];
  }
}
