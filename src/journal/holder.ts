/**
 * Which process holds a lock, told so that a later process of the same number is not taken for it: pid, start time in
 * ticks since boot, and the boot's id.
 *
 * Two containers that share a state directory but no process numbers cannot see each other this way.
 */
import { readFile } from 'node:fs/promises';
import { isoDate } from '../service/dates.ts';

export interface Holder {
  readonly pid: number;
  /** undefined where the system does not tell (no /proc). */
  readonly start: string | undefined;
  readonly boot: string | undefined;
  /** Wall-clock milliseconds, for messages only. */
  readonly since: number;
  /** It has let go. */
  readonly released: boolean;
}

export async function thisProcess(since: number): Promise<Holder> {
  const boot = await read('/proc/sys/kernel/random/boot_id');
  return {
    pid: process.pid,
    start: (await stat(process.pid))?.start,
    boot: boot?.trim(),
    since,
    released: false,
  };
}

export function parseHolder(text: string): Holder | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const known =
      typeof value === 'object' && value !== null && 'pid' in value && typeof value.pid === 'number';
    return known ? (value as Holder) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the holder is a process that runs now; `me` tells the boot. */
export async function isLive(holder: Holder, me: Holder): Promise<boolean> {
  if (holder.released) return false;
  if (holder.boot !== undefined && me.boot !== undefined && holder.boot !== me.boot) return false;
  if (!exists(holder.pid)) return false;
  const now = await stat(holder.pid);
  if (now?.dead === true) return false;
  return now === undefined || holder.start === undefined || now.start === holder.start;
}

export function describeHolder(holder: Holder): string {
  const since = Number.isFinite(holder.since) ? `, since ${isoDate(holder.since)}` : '';
  return `process ${holder.pid}${since}`;
}

function exists(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Fields 3 and 22 of /proc/<pid>/stat; the name in field 2 may hold spaces and parentheses. */
async function stat(pid: number): Promise<{ readonly start: string; readonly dead: boolean } | undefined> {
  const text = await read(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state = '', start] = [fields[0], fields[19]];
  return start === undefined ? undefined : { start, dead: 'ZXx'.includes(state) };
}

async function read(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
}
