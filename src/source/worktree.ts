/**
 * Whether git is at work in a directory. A checkout passes through hundreds of intermediate states, an empty
 * directory among them (`research/reliability.md` D10), so nothing is read while one is under way.
 */
import { join, resolve } from 'node:path';
import { type Files, reason } from './files.ts';

const MARKERS = [
  'index.lock',
  'MERGE_HEAD',
  'CHERRY_PICK_HEAD',
  'REVERT_HEAD',
  'rebase-merge',
  'rebase-apply',
] as const;

/** A problem for the snapshot; undefined = no `.git` in `directory`, or it is quiet. */
export function gitAtWork(directory: string, files: Files): string | undefined {
  try {
    const git = gitDirectory(directory, files);
    const marker = git === undefined ? undefined : MARKERS.find((name) => exists(join(git, name), files));
    return marker === undefined
      ? undefined
      : `EK406 ${directory}: a git operation is under way (.git/${marker} is there)`;
  } catch (error) {
    return `EK401 ${join(directory, '.git')}: ${reason(error)}`;
  }
}

/** In a linked work tree `.git` is a file that names the directory. */
function gitDirectory(directory: string, files: Files): string | undefined {
  const path = join(directory, '.git');
  if (!exists(path, files)) return undefined;
  if (files.stat(path).kind === 'directory') return path;
  const text = new TextDecoder().decode(files.read(files.realpath(path), 4096).bytes);
  const target = /^gitdir: (.+)$/m.exec(text)?.[1];
  return target === undefined ? undefined : resolve(directory, target);
}

function exists(path: string, files: Files): boolean {
  try {
    files.lstat(path);
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return false;
    throw error;
  }
}
