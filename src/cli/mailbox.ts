/**
 * How other calls on this machine hear from a running daemon and speak to it: two files' worth of state directory.
 *
 * `status.json` is written whole or not at all; a request is one small file that the daemon takes away. Neither is
 * ever needed: without a daemon everything is looked up anew.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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

/** Leaves `retry NAME` for the daemon. */
export function askRetry(dir: string, name: string): void {
  writeFileSync(join(requestsDir(dir), `retry-${name}`), '', { mode: 0o600 });
}

/** Takes every request away and returns the names to be retried. */
export function takeRetries(dir: string): readonly string[] {
  const requests = requestsDir(dir);
  const names: string[] = [];
  for (const file of readdirSync(requests).slice(0, MOST_REQUESTS)) {
    rmSync(join(requests, file), { force: true });
    if (file.startsWith('retry-')) names.push(file.slice('retry-'.length));
  }
  return names;
}
