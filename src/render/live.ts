/**
 * Progress on a terminal: the lines of `progress.ts` scroll by above one line that is rewritten in place and says how
 * far it is. Anything that is no terminal gets the lines alone.
 */
import type { Event, Listen } from '../service/event.ts';
import type { Paint } from './paint.ts';
import { progressLine } from './progress.ts';
import { visible } from './safe.ts';

export interface Terminal {
  write(text: string): void;
  columns(): number;
}

export interface LiveProgress {
  readonly listen: Listen;
  /** Takes the rewritten line away; what is written afterwards starts on a clean line. */
  end(): void;
}

const CLEAR_LINE = '\r\u001b[2K';

/** `total`: the services whose course is not empty. */
export function liveProgress(terminal: Terminal, paint: Paint, total: number): LiveProgress {
  const moving = new Map<string, string>();
  const ended = new Set<string>();
  let shown = false;

  const clear = () => {
    if (shown) terminal.write(CLEAR_LINE);
    shown = false;
  };
  const show = () => {
    const rest = [...moving].map(([name, state]) => `${visible(name)} ${visible(state)}`).join(' · ');
    const text = `${Math.min(ended.size, total)}/${total}${rest === '' ? '' : `  ${rest}`}`;
    const room = Math.max(10, terminal.columns() - 1);
    const fitted = [...text].length > room ? `${[...text].slice(0, room - 1).join('')}…` : text;
    terminal.write(paint.dim(fitted));
    shown = true;
  };

  return {
    listen(event) {
      follow(event, moving, ended);
      const line = progressLine(event);
      clear();
      if (line !== undefined) terminal.write(`${colour(event, paint)(line)}\n`);
      if (ended.size < total) show();
    },
    end: clear,
  };
}

function follow(event: Event, moving: Map<string, string>, ended: Set<string>): void {
  if (event.type === 'service:decided' && event.decision === 'wait' && event.state !== undefined)
    moving.set(event.name, event.state);
  else if (event.type === 'operation:accepted' && event.state !== undefined)
    moving.set(event.name, event.state);
  else if (event.type === 'service:in-sync' || event.type === 'service:blocked') {
    moving.delete(event.name);
    ended.add(event.name);
  }
}

function colour(event: Event, paint: Paint): (text: string) => string {
  if (event.type === 'service:in-sync' || event.type === 'fleet:converged') return paint.green;
  if (
    event.type === 'operation:failed' ||
    event.type === 'deletes:refused' ||
    event.type === 'journal:failed'
  )
    return paint.red;
  if (
    event.type === 'service:blocked' ||
    event.type === 'service:stalled' ||
    event.type === 'service:off-plan'
  )
    return paint.yellow;
  return (text) => text;
}
