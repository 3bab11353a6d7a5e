/**
 * What a follower of a repository remembers across restarts: which commit it took last, which one it holds, what was
 * approved. One small file in the state directory, written whole or not at all.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import type { Held } from './hold.ts';

export interface Approved {
  readonly name: string;
  /** The commit whose trailer says so: the one taken, or one between it and the one taken before. */
  readonly commit: string;
}

export interface GitMemory {
  /** What it is the memory of: URL, ref and path. */
  readonly of: string;
  readonly taken: string;
  readonly held?: Held | undefined;
  readonly approved: readonly Approved[];
}

const MOST_BYTES = 1024 * 1024;

/** Undefined: there is none, it is of another repository, or it cannot be read. */
export function readMemory(file: string, of: string): GitMemory | undefined {
  try {
    const text = readFileSync(file, 'utf8');
    if (text.length > MOST_BYTES) return undefined;
    const { formatVersion, ...memory } = JSON.parse(text) as { formatVersion?: unknown } & Partial<GitMemory>;
    const { taken, approved, held } = memory;
    const known = formatVersion === 1 && memory.of === of && isId(taken) && Array.isArray(approved);
    if (!known || taken === undefined) return undefined;
    const sound = held !== undefined && isId(held.sha) && Number.isFinite(held.since) && held.readings > 0;
    return {
      of,
      taken,
      approved: approved.filter(({ name, commit }) => typeof name === 'string' && isId(commit)),
      ...(sound ? { held } : {}),
    };
  } catch {
    return undefined;
  }
}

/** On disk when it returns. Throws the system's error. */
export function writeMemory(file: string, memory: GitMemory): void {
  const draft = `${file}.new`;
  const handle = openSync(draft, 'w', 0o600);
  try {
    writeSync(handle, `${JSON.stringify({ formatVersion: 1, ...memory })}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(draft, file);
}

function isId(text: unknown): text is string {
  return typeof text === 'string' && /^[0-9a-f]{40,64}$/.test(text);
}
