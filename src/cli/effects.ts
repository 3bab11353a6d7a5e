/**
 * Effects after their causes, for who reads along: a service is seen in its new state before the record of the accepted
 * request is on disk, and only then is the request told of.
 */
import { progressLine } from '../render/progress.ts';
import type { Event, Listen } from '../service/event.ts';
import type { Io } from './io.ts';

/** Milliseconds. A state that somebody else's request led to is told so much later. */
const PATIENCE = 1_000;

/** `listen`, but a state whose request was not told of waits for that, for other news of its service, or a second. */
export function inOrder(listen: Listen, { clock, stop }: Pick<Io, 'clock' | 'stop'>): Listen {
  const asked = new Set<string>();
  const held = new Map<string, Event>();
  const release = (name: string) => {
    const event = held.get(name);
    held.delete(name);
    if (event !== undefined) listen(event);
  };
  return (event) => {
    const name = 'name' in event ? event.name : undefined;
    if (name === undefined) return listen(event);
    const isEffect = event.type === 'service:decided' && progressLine(event) !== undefined;
    const isCause = event.type === 'operation:accepted';
    if (!isCause) release(name);
    if (isEffect && !asked.has(name)) {
      held.set(name, event);
      void clock.sleep(PATIENCE, stop).then(() => held.get(name) === event && release(name));
      return;
    }
    listen(event);
    if (!isCause) asked.delete(name);
    else if (held.has(name)) release(name);
    else asked.add(name);
  };
}
