/**
 * One read for everybody who asks at the same time. With thirty services under way a manager would be asked for the
 * same thirty times; a read that begins after it was asked for is as good as one of one's own.
 */

/**
 * Each call is answered by a read that begins after it, of all that was asked for by then; at most one is under way at a
 * time. `rest`: awaited before each.
 */
export function shared<K, T>(
  read: (asked: ReadonlySet<K>) => Promise<T>,
  rest: () => Promise<void> = async () => {},
): (asked: readonly K[]) => Promise<T> {
  let current: Promise<unknown> = Promise.resolve();
  let next: { readonly asked: Set<K>; readonly answer: Promise<T> } | undefined;
  return (wanted) => {
    if (next === undefined) {
      const asked = new Set<K>();
      const answer = current.then(rest).then(() => {
        next = undefined;
        return read(asked);
      });
      next = { asked, answer };
      current = answer.catch(() => undefined);
    }
    for (const one of wanted) next.asked.add(one);
    return next.answer;
  };
}
