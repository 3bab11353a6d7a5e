/**
 * Two small orders among promises: at most so many at once, and one after the other per key.
 */

/** Runs at most `limit` at once, the others wait in line. */
export function gate(limit: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let free = limit;
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}

export interface Locks {
  run<T>(key: string, work: () => Promise<T>): Promise<T>;
  busy(key: string): boolean;
}

/** One at a time per key, in the order they came. */
export function locks(): Locks {
  const last = new Map<string, Promise<unknown>>();
  return {
    async run(key, work) {
      const before = last.get(key) ?? Promise.resolve();
      const mine = before.then(work, work);
      last.set(key, mine);
      try {
        return await mine;
      } finally {
        if (last.get(key) === mine) last.delete(key);
      }
    },
    busy: (key) => last.has(key),
  };
}
