/**
 * What a daemon wishes for while its manifests change, break and vanish (design §6).
 *
 * A complete load replaces everything. While a file is broken its last good wishes are *frozen*: they resolve and gate,
 * and nothing is done about them. What cannot be read at all stays wished as it was. Anything less than complete
 * suspends every delete, because `complete` is false.
 */
import { createLoadCache, type Loaded, load } from '../manifest/load.ts';
import type { Resolver } from '../manifest/resolver.ts';
import type { Load, Snapshot, Source } from '../service/ports.ts';
import type { Wish } from '../service/service.ts';
import { hinted } from './hinted.ts';

export interface Follower {
  /** One reading of the source, with what is remembered of the ones before. Never throws. */
  read(signal: AbortSignal): Promise<Loaded>;
}

export function follow(source: Source, resolver: Resolver): Follower {
  const cache = createLoadCache();
  let lastGood = new Map<string, Wish>();
  return {
    async read(signal) {
      const snapshot = await source.read(signal);
      const first = load(snapshot, { resolver, cache });
      if (first.load.complete) {
        lastGood = byName(first.load.wishes);
        return first;
      }
      const known = new Set(lastGood.keys());
      const again = load(snapshot, { resolver, cache, known });
      for (const wish of again.load.wishes) lastGood.set(wish.name, wish);
      const kept = keep(lastGood, again.load, snapshot);
      return { ...first, load: { ...hinted(first), wishes: [...again.load.wishes, ...kept] } };
    },
  };
}

/** The last good wishes that this load does not hold: frozen where their file is there, as they were where it is not. */
function keep(lastGood: ReadonlyMap<string, Wish>, now: Load, snapshot: Snapshot): readonly Wish[] {
  const present = new Set(now.wishes.map((wish) => wish.name));
  const files = new Set(snapshot.files.map((file) => file.path));
  // Those of an older reading are all that it held: what is not among them was gone already.
  const unread = snapshot.kind === 'unreadable' && snapshot.revision === undefined;
  return [...lastGood.values()]
    .filter((wish) => !present.has(wish.name))
    .map((wish) => (unread && !files.has(wish.place.file) ? wish : { ...wish, frozen: true }));
}

function byName(wishes: readonly Wish[]): Map<string, Wish> {
  return new Map(wishes.map((wish) => [wish.name, wish]));
}
