/**
 * One user's services in the order of the list, picked once from what the store handed out: as long as that is the same, so
 * is this. A request about one service among thousands does not look at the others.
 */
import type { Definition } from '../../service/definition.ts';

/** Live services before those that are gone, each the oldest first: new ones come last, so pages do not shift. */
export interface Roll {
  readonly live: readonly Definition[];
  readonly gone: readonly Definition[];
}

const rolls = new WeakMap<readonly Definition[], Map<string, Roll>>();

export function rollOf(all: readonly Definition[], user: string): Roll {
  const users = rolls.get(all) ?? new Map<string, Roll>();
  rolls.set(all, users);
  const known = users.get(user) ?? pick(all, user);
  users.set(user, known);
  return known;
}

function pick(all: readonly Definition[], user: string): Roll {
  // Stores hand them out nearly in this order, so that sorting is mostly looking.
  const mine = all
    .filter((one) => one.user === user)
    .sort((a, b) => a.createdAt - b.createdAt || (a.uuid < b.uuid ? -1 : 1));
  return {
    live: mine.filter((one) => one.destroyedAt === null),
    gone: mine.filter((one) => one.destroyedAt !== null),
  };
}
