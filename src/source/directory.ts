/**
 * Manifests from directories, files and standard input.
 *
 * "Could not read" and "is empty" are different answers: whatever is missing, forbidden, half-written or changing
 * makes the snapshot `unreadable`, with the reasons and with the files that could be read. Only a directory that was
 * there, whole and at rest gives `complete`, also when it holds no manifest at all.
 */
import type { Clock, Snapshot, Source, SourceFile } from '../service/ports.ts';
import { type Files, nodeFiles } from './files.ts';
import { type Scan, scan } from './scan.ts';
import { streamReader } from './stdin.ts';
import { revisionOf } from './text.ts';
import { gitAtWork } from './worktree.ts';

export interface DirectoryOptions {
  /** For the path `-`. */
  readonly stdin?: AsyncIterable<Uint8Array> | undefined;
  /** For a daemon: two walks this far apart must see the very same before it is believed. */
  readonly settle?: { readonly clock: Clock; readonly ms: number } | undefined;
  /** Read also while git is at work in a given directory. */
  readonly allowWorktree?: boolean | undefined;
  readonly files?: Files | undefined;
}

/** Walks until it is given up as still changing. */
const WALKS = 10;

export function directorySource(paths: readonly string[], options: DirectoryOptions = {}): Source {
  const { settle, files = nodeFiles, allowWorktree = false } = options;
  const stdin = streamReader(options.stdin);
  const onDisk = paths.filter((path) => path !== '-');

  const busy = () => (allowWorktree ? [] : onDisk.flatMap((path) => gitAtWork(path, files) ?? []));

  /** One walk during which nothing changed; with problems if there was none. */
  const walk = async (): Promise<Scan> => {
    const before = busy();
    const result = await scan(onDisk, files);
    const problems = [...new Set([...before, ...busy(), ...result.problems])];
    return { ...result, problems };
  };

  const atRest = async (signal: AbortSignal): Promise<Scan> => {
    let last = await walk();
    for (let walks = 1; walks < WALKS && !signal.aborted; walks++) {
      if (settle === undefined) {
        if (last.unchanged() || last.problems.length > 0) return last;
        last = await walk();
      } else {
        await settle.clock.sleep(settle.ms, signal);
        const again = await walk();
        if (again.identity === last.identity && again.problems.join() === last.problems.join()) return again;
        last = again;
      }
    }
    const why = signal.aborted ? 'reading was stopped' : 'the files were still changing';
    return { ...last, problems: [...last.problems, `EK405 ${onDisk.join(' ')}: ${why}`] };
  };

  return {
    async read(signal) {
      if (paths.length === 0) return unreadable([], ['EK401 no path was given']);
      const disk = onDisk.length === 0 ? undefined : await atRest(signal);
      const stream = paths.includes('-') ? await stdin() : undefined;
      const all = [...(stream?.file === undefined ? [] : [stream.file]), ...(disk?.files ?? [])];
      const problems = [
        ...(stream?.problem === undefined ? [] : [stream.problem]),
        ...(disk?.problems ?? []),
      ];
      if (problems.length > 0) return unreadable(all, problems);
      return { kind: 'complete', files: all, revision: revisionOf(all) };
    },
  };
}

function unreadable(files: readonly SourceFile[], problems: readonly string[]): Snapshot {
  return { kind: 'unreadable', files, problems };
}
