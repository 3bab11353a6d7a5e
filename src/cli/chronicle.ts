/** Which events are worth an entry of the history, and in which words; no value of an environment variable is in them. */
import type { HistoryEntry } from '../journal/history.ts';
import { blockSentence } from '../render/blocks.ts';
import { failureText, progressLine } from '../render/progress.ts';
import { visible } from '../render/safe.ts';
import { OPERATION_WORDS, reasonSentence } from '../render/words.ts';
import type { Event, Listen } from '../service/event.ts';

type Entry = Omit<HistoryEntry, 'at' | 'revision'>;

/** `add` gets the entries; `clean` masks known secrets in what others wrote. */
export function chronicle(
  add: (entry: HistoryEntry) => void,
  wall: () => number,
  clean: (text: string) => string,
): Listen {
  let revision: string | undefined;
  /** Written to since they were last at rest: their coming to rest is an outcome. */
  const open = new Set<string>();
  return (event) => {
    if (event.type === 'pass:start') revision = event.revision;
    const entry = entryOf(event, open);
    if (entry === undefined) return;
    const at = Math.round(wall());
    const of = event.type === 'operation:accepted' ? (event.revision ?? revision) : revision;
    const why = entry.why === undefined ? undefined : clean(entry.why);
    add({ at, revision: of, ...entry, what: clean(entry.what), why });
  };
}

function entryOf(event: Event, open: Set<string>): Entry | undefined {
  switch (event.type) {
    case 'operation:accepted': {
      open.add(event.name);
      const what = withoutName(progressLine(event), event.name);
      return { name: event.name, what, why: reasonSentence(event.why, visible), outcome: 'accepted' };
    }
    case 'operation:failed': {
      const { name, verb, failure } = event;
      // A server that asks for patience, or is not there, was not asked anything yet.
      if (failure.kind === 'wait' || failure.kind === 'not-sent') return undefined;
      open.add(name);
      return { name, what: OPERATION_WORDS[verb], why: failureText(failure), outcome: 'failed' };
    }
    case 'create:uncertain':
      return { name: event.name, what: 'create', why: undefined, outcome: 'uncertain' };
    case 'create:found':
      open.add(event.name);
      return {
        name: event.name,
        what: 'create',
        why: `it was carried out (${event.uuid})`,
        outcome: 'accepted',
      };
    case 'service:in-sync': {
      const { name, state } = event;
      if (!open.delete(name)) return undefined;
      return { name, what: state ?? 'gone', why: undefined, outcome: 'in sync' };
    }
    case 'service:blocked': {
      const { name, block } = event;
      return { name, what: block.code, why: blockSentence(name, block, visible), outcome: 'blocked' };
    }
    case 'service:stalled': {
      const { name, state, evidence } = event;
      return { name, what: visible(state), why: visible(evidence), outcome: 'stalled' };
    }
    case 'service:foreign-change':
      return {
        name: event.name,
        what: withoutName(progressLine(event), event.name),
        why: undefined,
        outcome: 'noted',
      };
    case 'source:changed':
    case 'source:incomplete':
    case 'source:recovered':
    case 'deletes:refused':
    case 'orphans:left':
    case 'suspend:on':
    case 'suspend:off':
      return { name: undefined, what: progressLine(event) ?? event.type, why: undefined, outcome: 'noted' };
    default:
      return undefined;
  }
}

function withoutName(line: string | undefined, name: string): string {
  const start = `${visible(name)} `;
  return line?.startsWith(start) === true ? line.slice(start.length) : (line ?? '');
}
