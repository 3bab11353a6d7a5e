/**
 * What was done lately, for people: one JSON line an entry, at most two files of a bounded size in the state directory.
 *
 * It decides nothing and nothing depends on it, unlike the journal: an entry is handed to the system at once, so a killed
 * process loses none, and a power cut may lose the last ones. A torn line is passed over. Failing to write is no error.
 */
import { appendFileSync, closeSync, openSync, readFileSync, readSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';

export interface HistoryEntry {
  /** Wall-clock milliseconds. */
  readonly at: number;
  /** Of the manifests, as far as it was known. */
  readonly revision: string | undefined;
  /** undefined: it concerns the fleet. */
  readonly name: string | undefined;
  /** In the API's words. */
  readonly what: string;
  readonly why: string | undefined;
  readonly outcome: 'accepted' | 'failed' | 'uncertain' | 'in sync' | 'blocked' | 'stalled' | 'noted';
}

const FILE = 'history.jsonl';
const OLDER = 'history.1.jsonl';
/** Bytes of one file; there are two. */
const MOST_BYTES = 1024 * 1024;
/** Characters of one text in an entry. */
const MOST_TEXT = 500;

/** Returns how to add an entry; that never throws. */
export function openHistory(directory: string, mostBytes = MOST_BYTES): (entry: HistoryEntry) => void {
  const path = join(directory, FILE);
  let size: number | undefined;
  return (entry) => {
    const cut = Object.fromEntries(
      Object.entries(entry).map(([key, value]) => [
        key,
        typeof value === 'string' ? value.slice(0, MOST_TEXT) : value,
      ]),
    );
    try {
      const torn = size === undefined && !endsWhole(path) ? '\n' : '';
      const line = `${torn}${JSON.stringify(cut)}\n`;
      size ??= sizeOf(path);
      if (size > 0 && size + line.length > mostBytes) {
        renameSync(path, join(directory, OLDER));
        size = 0;
      }
      appendFileSync(path, line, { mode: 0o600 });
      size += Buffer.byteLength(line);
    } catch {
      size = undefined;
    }
  };
}

/** The latest `most` that `wanted` takes, the oldest of them first. */
export function readHistory(
  directory: string,
  wanted: (entry: HistoryEntry) => boolean,
  most: number,
): readonly HistoryEntry[] {
  const lines = [OLDER, FILE].flatMap((file) => read(join(directory, file)).split('\n'));
  return lines.flatMap(parse).filter(wanted).slice(-most);
}

function parse(line: string): readonly HistoryEntry[] {
  try {
    const entry = JSON.parse(line) as Partial<HistoryEntry> | null;
    const whole = typeof entry?.at === 'number' && typeof entry.what === 'string';
    return whole && typeof entry.outcome === 'string' ? [entry as HistoryEntry] : [];
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function endsWhole(path: string): boolean {
  const size = sizeOf(path);
  if (size === 0) return true;
  const file = openSync(path, 'r');
  try {
    const last = Buffer.alloc(1);
    readSync(file, last, 0, 1, size - 1);
    return last.toString() === '\n';
  } finally {
    closeSync(file);
  }
}
