/**
 * The few questions that sources ask the file system, so that tests can make any of them fail at any moment.
 *
 * All but `list` are synchronous: reading ten thousand small files one promise at a time takes ten times as long.
 */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { readdir } from 'node:fs/promises';

export type Kind = 'file' | 'directory' | 'link' | 'other';

export interface Entry {
  readonly name: string;
  readonly kind: Kind;
}

export interface Stamp {
  readonly kind: Kind;
  /** Device and inode: the same thing, whatever became of it. */
  readonly node: string;
  /** Device, inode, size, modification and change time: equal = nobody has touched it. */
  readonly identity: string;
}

/** Every method throws the system's error. */
export interface Files {
  list(directory: string): Promise<readonly Entry[]>;
  /** Follows links. */
  stat(path: string): Stamp;
  /** Does not follow a link at the end of `path`. */
  lstat(path: string): Stamp;
  realpath(path: string): string;
  /** At most `maxBytes + 1` bytes of a regular file that is no link; `stable: false` = it changed meanwhile. */
  read(
    path: string,
    maxBytes: number,
  ): { readonly bytes: Uint8Array; readonly stamp: Stamp; readonly stable: boolean };
}

interface RawStats {
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}

function kindOf(stats: RawStats): Kind {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  return stats.isSymbolicLink() ? 'link' : 'other';
}

type Numbers = Record<'dev' | 'ino' | 'size' | 'mtimeNs' | 'ctimeNs', bigint>;

function stampOf(stats: RawStats & Numbers): Stamp {
  const { dev, ino, size, mtimeNs, ctimeNs } = stats;
  return {
    kind: kindOf(stats),
    node: `${dev}:${ino}`,
    identity: [dev, ino, size, mtimeNs, ctimeNs].join(':'),
  };
}

// Not through a link, and without waiting for the other end of a pipe that took the file's place.
const OPEN = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export const nodeFiles: Files = {
  async list(directory) {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries.map((entry) => ({ name: entry.name, kind: kindOf(entry) }));
  },
  stat: (path) => stampOf(statSync(path, { bigint: true })),
  lstat: (path) => stampOf(lstatSync(path, { bigint: true })),
  realpath: (path) => realpathSync(path),
  read(path, maxBytes) {
    const file = openSync(path, OPEN);
    try {
      const before = fstatSync(file, { bigint: true });
      const stamp = stampOf(before);
      if (stamp.kind !== 'file') return { bytes: new Uint8Array(), stamp, stable: false };
      const wanted = Math.min(Number(before.size), maxBytes + 1);
      const buffer = new Uint8Array(wanted);
      let length = 0;
      while (length < wanted) {
        const count = readSync(file, buffer, length, wanted - length, null);
        if (count === 0) break;
        length += count;
      }
      const stable =
        length === wanted && stampOf(fstatSync(file, { bigint: true })).identity === stamp.identity;
      return { bytes: buffer.subarray(0, length), stamp, stable };
    } finally {
      closeSync(file);
    }
  },
};

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOTDIR: 'not a directory',
  ELOOP: 'too many symbolic links, or a link that took the place of a file',
  EMFILE: 'too many open files',
  ENFILE: 'too many open files',
  EIO: 'input/output error',
};

/** What the system says went wrong, in words. */
export function reason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  return WORDS[code] ?? code;
}
