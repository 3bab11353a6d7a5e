/**
 * Log lines as the platform's stream sent them, one JSON object a message (`research/api.md` §2). The text ends with its
 * line break: the old command line writes it as it is.
 */
import { parseIso } from '../../service/dates.ts';
import type { LogLine } from '../../service/engine.ts';

export function logMessage({ container, text, stream, timestamp }: LogLine): string {
  return JSON.stringify({
    type: 'log',
    source: container,
    log: `${text}\n`,
    streamType: stream,
    timestamp: Math.floor((parseIso(timestamp) ?? 0) / 1_000),
  });
}
