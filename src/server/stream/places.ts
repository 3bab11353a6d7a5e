/** How many streams may be open at once, for one user and in all: each of them makes the engine read again and again. */
const MOST_OF_ONE = 20;
const MOST = 200;

export interface Places {
  /** Returns how to give the place back; undefined = there is none. */
  take(user: string): (() => void) | undefined;
}

export function createPlaces(): Places {
  const taken = new Map<string, number>();
  let all = 0;
  return {
    take(user) {
      const own = taken.get(user) ?? 0;
      if (own >= MOST_OF_ONE || all >= MOST) return undefined;
      taken.set(user, own + 1);
      all += 1;
      let given = false;
      return () => {
        if (given) return;
        given = true;
        all -= 1;
        const left = (taken.get(user) ?? 1) - 1;
        if (left === 0) taken.delete(user);
        else taken.set(user, left);
      };
    },
  };
}
