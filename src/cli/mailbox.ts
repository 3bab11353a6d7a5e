/**
 * How other calls on this machine hear from a running daemon and speak to it: two files' worth of state directory.
 *
 * `status.json` is written whole or not at all; a request is one small file that whoever holds the directory takes away
 * once it is carried out. Neither is ever needed: without a daemon everything is looked up anew.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EVERYTHING, type Record } from '../service/memory.ts';
import type { FleetStatus } from '../service/status.ts';

const STATUS = 'status.json';
const REQUESTS = 'requests';
const MOST_REQUESTS = 1_000;

export function writeStatus(dir: string, status: FleetStatus): void {
  const draft = join(dir, `${STATUS}.new`);
  writeFileSync(draft, JSON.stringify(status), { mode: 0o600 });
  renameSync(draft, join(dir, STATUS));
}

/** The daemon's last word; undefined where there is none that can be read. */
export function readStatus(dir: string): FleetStatus | undefined {
  try {
    const status = JSON.parse(readFileSync(join(dir, STATUS), 'utf8')) as Partial<FleetStatus>;
    return status.formatVersion === 1 && Array.isArray(status.services) ? (status as FleetStatus) : undefined;
  } catch {
    return undefined;
  }
}

export function removeStatus(dir: string): void {
  rmSync(join(dir, STATUS), { force: true });
}

/** Where requests are put; made if it is not there. */
export function requestsDir(dir: string): string {
  const requests = join(dir, REQUESTS);
  mkdirSync(requests, { recursive: true, mode: 0o700 });
  return requests;
}

export type Request =
  | { readonly type: 'retry'; readonly name: string }
  | {
      readonly type: 'suspend';
      readonly names: readonly string[];
      readonly until: number;
      readonly by: string;
      readonly reason: string;
    }
  | { readonly type: 'resume'; readonly names: readonly string[]; readonly by: string };

/** What the journal is told where no daemon runs; `at`: wall-clock milliseconds. */
export function recordOf(request: Request, at: number): Record {
  switch (request.type) {
    case 'retry':
      return { type: 'retried', name: request.name };
    case 'suspend': {
      const { type: _, names, ...suspension } = request;
      return { type: 'suspended', names: names.length === 0 ? [EVERYTHING] : names, at, ...suspension };
    }
    case 'resume':
      return { type: 'resumed', names: request.names };
  }
}

/** Leaves a request for whoever holds the state directory; `at` and `unique` put it in order. Returns its file. */
export function leave(dir: string, request: Request, at: number, unique: string): string {
  const requests = requestsDir(dir);
  const file = join(requests, `${String(Math.round(at)).padStart(15, '0')}-${unique}.json`);
  const draft = `${file}.new`;
  writeFileSync(draft, JSON.stringify(request), { mode: 0o600 });
  renameSync(draft, file);
  return file;
}

/**
 * Hands every request over, the oldest first, and takes each away once `handle` has resolved: one that could not be
 * carried out stays. What cannot be read as a request is taken away.
 */
export async function attend(dir: string, handle: (request: Request) => Promise<void>): Promise<void> {
  const requests = requestsDir(dir);
  const files = readdirSync(requests).filter((file) => file.endsWith('.json'));
  for (const file of files.sort().slice(0, MOST_REQUESTS)) {
    const path = join(requests, file);
    const request = parse(path);
    if (request !== undefined) await handle(request);
    rmSync(path, { force: true });
  }
}

export function isLeft(file: string): boolean {
  return existsSync(file);
}

function parse(path: string): Request | undefined {
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as Request;
    const isNames = (names: unknown) =>
      Array.isArray(names) && names.every((name) => typeof name === 'string');
    switch (value.type) {
      case 'retry':
        return typeof value.name === 'string' ? value : undefined;
      case 'resume':
        return isNames(value.names) && typeof value.by === 'string' ? value : undefined;
      case 'suspend': {
        const { until, by, reason } = value;
        const whole = Number.isFinite(until) && typeof by === 'string' && typeof reason === 'string';
        return isNames(value.names) && whole ? value : undefined;
      }
      default:
        return undefined;
    }
  } catch {
    return undefined;
  }
}
