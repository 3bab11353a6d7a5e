/** Cycles in a graph of names. Iterative, because a chain of ten thousand services is no reason to run out of stack. */

/** Names in order; the last one points at the first. */
export type Cycle = readonly string[];

/**
 * At least one cycle of every knot of names that reach each other, starting at its alphabetically first name.
 * Empty = there is an order in which all can be started.
 */
export function findCycles(graph: ReadonlyMap<string, readonly string[]>): readonly Cycle[] {
  const state = new Map<string, 'open' | 'done'>();
  const cycles: Cycle[] = [];
  for (const root of [...graph.keys()].sort()) {
    if (state.has(root)) continue;
    const path: { name: string; next: number }[] = [{ name: root, next: 0 }];
    state.set(root, 'open');
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const target = graph.get(top.name)?.[top.next++];
      if (target === undefined) {
        state.set(top.name, 'done');
        path.pop();
      } else if (!state.has(target)) {
        state.set(target, 'open');
        path.push({ name: target, next: 0 });
      } else if (state.get(target) === 'open') {
        const names = path.map(({ name }) => name);
        cycles.push(fromFirst(names.slice(names.indexOf(target))));
      }
    }
  }
  return cycles;
}

function fromFirst(cycle: readonly string[]): Cycle {
  const first = [...cycle].sort()[0] ?? '';
  const at = cycle.indexOf(first);
  return [...cycle.slice(at), ...cycle.slice(0, at)];
}
