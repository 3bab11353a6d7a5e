/**
 * Old views of the list, for the `stale_list` fault: what the list said some milliseconds or some writes ago. Kept only
 * where a rule asks for it.
 */
import type { Seen } from '../life/look.ts';

const MOST = 500;

interface Snapshot {
  readonly at: number;
  /** Writes accepted before it was taken. */
  readonly writes: number;
  readonly rows: readonly Seen[];
}

export interface History {
  /** The view before a write is carried out, or at any other moment. */
  record(user: string, at: number, rows: readonly Seen[]): void;
  wrote(user: string): void;
  /** The list as it was: by age, by number of writes, or the oldest there is when it was never so. */
  before(
    user: string,
    now: number,
    age: { readonly ms?: number; readonly writes?: number },
  ): readonly Seen[] | undefined;
}

export function createHistory(): History {
  const users = new Map<string, { writes: number; snapshots: Snapshot[] }>();
  const of = (user: string) => {
    const known = users.get(user) ?? { writes: 0, snapshots: [] };
    users.set(user, known);
    return known;
  };
  return {
    record(user, at, rows) {
      const mine = of(user);
      mine.snapshots.push({ at, writes: mine.writes, rows });
      mine.snapshots = mine.snapshots.slice(-MOST);
    },
    wrote(user) {
      of(user).writes += 1;
    },
    before(user, now, { ms, writes }) {
      const mine = of(user);
      const old = mine.snapshots.filter(
        (one) =>
          (ms === undefined || one.at <= now - ms) &&
          (writes === undefined || one.writes <= mine.writes - writes),
      );
      return (old.at(-1) ?? mine.snapshots[0])?.rows;
    },
  };
}
