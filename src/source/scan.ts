/**
 * One walk over the given paths, reading every manifest in them.
 *
 * A link is followed only while it stays under the given path (a ConfigMap's `x.yaml → ..data/x.yaml` does); one that
 * leads out is a problem, not a missing file, because a manifest that seems gone can be a reason to delete. What may
 * have been there but could not be read is a problem too.
 */
import { join, sep } from 'node:path';
import { LIMITS, type Limits } from '../service/limits.ts';
import type { SourceFile } from '../service/ports.ts';
import { type Files, reason } from './files.ts';
import { sourceFile } from './text.ts';

export interface Scan {
  /** Sorted by path. */
  readonly files: readonly SourceFile[];
  readonly problems: readonly string[];
  /** Names everything that was seen, with inode and times: equal = the very same files, untouched. */
  readonly identity: string;
  /** Whether all of it is still as it was seen: no file, link or directory changed during the walk. */
  unchanged(): boolean;
}

const IGNORED = /^\.|~$|\.swp$|\.tmp$/;
const MANIFEST = /\.ya?ml$/;
const MAX_DEPTH = 64;

/** Never rejects. `limits` are the whole scan's. */
export async function scan(paths: readonly string[], files: Files, limits: Limits = LIMITS): Promise<Scan> {
  const found: SourceFile[] = [];
  const problems: string[] = [];
  const seen = new Set<string>();
  const stamps: string[] = [];
  const checks: (() => boolean)[] = [];
  let bytes = 0;
  const full = () => found.length > limits.files || bytes > limits.totalBytes;

  /** Runs one step; a system error becomes a problem at `shown`. */
  const attempt = <T>(shown: string, step: () => T): T | undefined => {
    try {
      return step();
    } catch (error) {
      problems.push(`EK401 ${shown}: ${reason(error)}`);
      return undefined;
    }
  };
  const remember = (key: string, now: () => string): string => {
    const value = now();
    stamps.push(`${key}=${value}`);
    checks.push(() => now() === value);
    return value;
  };

  const readOne = (shown: string, real: string) => {
    if (seen.has(real) || full()) return;
    seen.add(real);
    attempt(shown, () => {
      const { bytes: content, stamp, stable } = files.read(real, limits.fileBytes);
      if (stamp.kind !== 'file') problems.push(`EK403 ${shown}: not a regular file`);
      else if (!stable) problems.push(`EK405 ${shown}: changed while it was read`);
      else {
        const file = sourceFile(shown, content, limits.fileBytes);
        bytes += content.length;
        found.push(file);
        stamps.push(`${shown}=${real}=${stamp.identity}=${file.id}`);
        checks.push(() => files.lstat(real).identity === stamp.identity);
      }
    });
  };

  const followLink = async (shown: string, link: string, root: string, depth: number) => {
    const wanted = MANIFEST.test(shown);
    let real: string;
    try {
      real = remember(shown, () => files.realpath(link));
    } catch (error) {
      if (wanted) problems.push(`EK401 ${shown}: a link that leads nowhere (${reason(error)})`);
      return;
    }
    const kind = attempt(shown, () => files.stat(real).kind);
    if (kind === undefined || (kind !== 'directory' && !wanted)) return;
    if (real !== root && !real.startsWith(root.endsWith(sep) ? root : root + sep))
      problems.push(`EK402 ${shown}: a link that leads out of the given directory`);
    else if (kind === 'directory') await walk(shown, real, root, depth + 1);
    else if (kind === 'file') readOne(shown, real);
    else problems.push(`EK403 ${shown}: not a regular file`);
  };

  const walk = async (shown: string, real: string, root: string, depth: number): Promise<void> => {
    if (seen.has(real) || full()) return;
    seen.add(real);
    if (depth > MAX_DEPTH) {
      problems.push(`EK404 ${shown}: more than ${MAX_DEPTH} directories inside each other`);
      return;
    }
    attempt(shown, () => {
      const { node, identity } = files.stat(real);
      stamps.push(`${shown}=${node}`);
      checks.push(() => files.stat(real).identity === identity);
    });
    const entries = await files.list(real).catch((error: unknown) => {
      problems.push(`EK401 ${shown}: ${reason(error)}`);
      return [];
    });
    for (const { name, kind } of [...entries].sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (IGNORED.test(name)) continue;
      const [path, at] = [join(shown, name), join(real, name)];
      if (kind === 'directory') await walk(path, at, root, depth + 1);
      else if (kind === 'link') await followLink(path, at, root, depth);
      else if (!MANIFEST.test(name)) continue;
      else if (kind === 'file') readOne(path, at);
      else problems.push(`EK403 ${path}: not a regular file`);
    }
  };

  for (const path of paths) {
    const real = attempt(path, () => remember(path, () => files.realpath(path)));
    const kind = real === undefined ? undefined : attempt(path, () => files.stat(real).kind);
    if (real === undefined || kind === undefined) continue;
    if (kind === 'directory') await walk(path, real, real, 0);
    else if (kind === 'file') readOne(path, real);
    else problems.push(`EK403 ${path}: not a regular file`);
  }
  if (full()) {
    const most = `${limits.files} files or ${Math.floor(limits.totalBytes / 1024 / 1024)} MiB`;
    problems.push(`EK404 ${paths.join(' ')}: more than ${most} of manifests`);
  }
  return {
    files: found.sort((a, b) => (a.path < b.path ? -1 : 1)),
    problems,
    identity: stamps.join('\n'),
    unchanged: () => checks.every(stillSo),
  };
}

function stillSo(check: () => boolean): boolean {
  try {
    return check();
  } catch {
    return false;
  }
}
