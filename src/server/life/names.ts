/**
 * Unique names of services that are being made: chosen, and not yet to be read from the store. With them creates need
 * to wait for each other only while a name is chosen, not while a slow store writes.
 */
import type { Locks } from './locks.ts';

export interface Names {
  /**
   * `choose` is given the names of this user that creates in flight hold; what it returns holds `uniqueName` until
   * `make` has ended. One choice at a time per user.
   */
  hold<T extends { readonly uniqueName: string }, R>(
    user: string,
    choose: (held: ReadonlySet<string>) => Promise<T>,
    make: (chosen: T) => Promise<R>,
  ): Promise<R>;
}

export function createNames(locks: Locks): Names {
  const held = new Map<string, ReadonlySet<string>>();
  const of = (user: string) => held.get(user) ?? new Set<string>();
  return {
    async hold(user, choose, make) {
      const chosen = await locks.run(`names of ${user}`, async () => {
        // Before the store is read: what is let go from now on can be read there.
        const one = await choose(of(user));
        held.set(user, new Set([...of(user), one.uniqueName]));
        return one;
      });
      try {
        return await make(chosen);
      } finally {
        const left = [...of(user)].filter((name) => name !== chosen.uniqueName);
        if (left.length === 0) held.delete(user);
        else held.set(user, new Set(left));
      }
    },
  };
}
