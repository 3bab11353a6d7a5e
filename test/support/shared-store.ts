/** A memory store that several servers may have open, with signs of life. */
import { memoryStore } from '../../src/server/store/memory.ts';
import type { Store } from '../../src/service/store.ts';

export function sharedStore(): Store {
  const signs = new Map<string, number>();
  let sign = 0;
  return {
    ...memoryStore(),
    servers: {
      beat: async (server) => void signs.set(server, ++sign),
      signs: async () => new Map(signs),
      leave: async (server) => void signs.delete(server),
    },
  };
}
