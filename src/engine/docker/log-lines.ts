/**
 * Reading the engine's log format: frames of an 8 byte header (stream, length) and text that begins with its time. A
 * very long line comes in several frames, of which only the last ends it.
 */
import type { LogLine } from '../../service/engine.ts';

const HEADER = 8;

/** Lines in the order of each stream; a frame that was cut off is left out. */
export function readLog(bytes: Buffer, container: string): readonly LogLine[] {
  const lines: LogLine[] = [];
  const open = new Map<LogLine['stream'], { timestamp: string; text: string }>();
  for (let at = 0; at + HEADER <= bytes.length; ) {
    const stream = bytes.readUInt8(at) === 2 ? 'stderr' : 'stdout';
    const length = bytes.readUInt32BE(at + 4);
    const frame = bytes.subarray(at + HEADER, at + HEADER + length).toString('utf8');
    at += HEADER + length;
    const space = frame.indexOf(' ');
    const text = frame.slice(space + 1);
    const begun = open.get(stream);
    const line = { timestamp: begun?.timestamp ?? frame.slice(0, space), text: (begun?.text ?? '') + text };
    if (text.endsWith('\n')) {
      lines.push({ container, stream, timestamp: line.timestamp, text: line.text.replace(/\r?\n$/, '') });
      open.delete(stream);
    } else {
      open.set(stream, line);
    }
  }
  for (const [stream, line] of open) lines.push({ container, stream, ...line });
  return lines;
}

/** All together by time, equal times in the order given; the last `tail`. */
export function mergeLogs(logs: readonly (readonly LogLine[])[], tail: number): readonly LogLine[] {
  const all = logs
    .flat()
    .sort((a, b) => (a.timestamp < b.timestamp ? -1 : a.timestamp > b.timestamp ? 1 : 0));
  return tail <= 0 ? [] : all.slice(-tail);
}
