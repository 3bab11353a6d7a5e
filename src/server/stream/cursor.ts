/**
 * Which lines of a reading are new. Engines are asked for their last lines again and again; what was told before is
 * known by each container's last time, and by how many lines had just that time.
 */
import type { LogLine } from '../../service/engine.ts';

export interface Cursor {
  /** The lines of this reading that no reading before had, in its order. */
  fresh(lines: readonly LogLine[]): readonly LogLine[];
  /** Whether lines may be missing between the last reading and this one, of which the engine was asked for `most`. */
  mayHaveMissed(lines: readonly LogLine[], most: number): boolean;
}

interface Last {
  readonly timestamp: string;
  readonly count: number;
}

/** Begins after `first`, a reading of the last `most` lines. */
export function cursorAfter(first: readonly LogLine[], most: number): Cursor {
  // What is older than a reading that was cut off is not new, whenever a longer reading shows it.
  const floor = first.length < most ? '' : (first[0]?.timestamp ?? '');
  const last = new Map<string, Last>();

  const isNew = (line: LogLine, passed: Map<string, number>): boolean => {
    const known = last.get(line.container);
    if (known === undefined || line.timestamp > known.timestamp) return line.timestamp >= floor;
    if (line.timestamp < known.timestamp) return false;
    const count = (passed.get(line.container) ?? 0) + 1;
    passed.set(line.container, count);
    return count > known.count;
  };

  const fresh = (lines: readonly LogLine[]) => {
    const passed = new Map<string, number>();
    const found = lines.filter((line) => isNew(line, passed));
    for (const { container, timestamp } of found) {
      const known = last.get(container);
      const count = known?.timestamp === timestamp ? known.count + 1 : 1;
      if (known === undefined || timestamp >= known.timestamp) last.set(container, { timestamp, count });
    }
    return found;
  };

  fresh(first);
  return {
    fresh,
    mayHaveMissed(lines, most) {
      const [oldest] = lines;
      if (oldest === undefined || lines.length < most) return false;
      // Of the lines of one moment some may be told and others cut off.
      return oldest.timestamp >= (last.get(oldest.container)?.timestamp ?? floor);
    },
  };
}
