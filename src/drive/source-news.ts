/** What is worth an event when manifests were read again. */
import type { Event } from '../service/event.ts';
import type { Load } from '../service/ports.ts';
import type { Wish } from '../service/service.ts';

export function sourceNews(before: Load | undefined, load: Load): readonly Event[] {
  const events: Event[] = [];
  const same = before !== undefined && JSON.stringify(before.problems) === JSON.stringify(load.problems);
  if (!load.complete && (before?.complete !== false || !same)) {
    events.push({ type: 'source:incomplete', problems: load.problems });
  }
  if (load.complete && before?.complete === false) {
    events.push({ type: 'source:recovered', revision: load.revision });
  }
  if (before !== undefined && before.revision !== load.revision) {
    const names = changedNames(before.wishes, load.wishes);
    if (names.length > 0) events.push({ type: 'source:changed', revision: load.revision, names });
  }
  return events;
}

function changedNames(before: readonly Wish[], now: readonly Wish[]): readonly string[] {
  const old = new Map(before.map((wish) => [wish.name, JSON.stringify(wish)]));
  const added = now.filter((wish) => old.get(wish.name) !== JSON.stringify(wish)).map((wish) => wish.name);
  const kept = new Set(now.map((wish) => wish.name));
  return [...added, ...before.filter((wish) => !kept.has(wish.name)).map((wish) => wish.name)].sort();
}
