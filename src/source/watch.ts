/**
 * Hints that something under the given paths may have changed. Only hints: events get lost (a directory replaced by
 * rename, links swapped, limits of the system), so the periodic walk of `directory.ts` is the truth, and nothing here
 * is ever relied upon for more than being early.
 */
import { dirname, resolve } from 'node:path';
import { type ChokidarOptions, type FSWatcher, watch as watchFiles } from 'chokidar';
import { nodeFiles } from './files.ts';

export interface Watching {
  close(): Promise<void>;
}

export interface WatchListener {
  /** Something may have changed. Comes in bursts. */
  hint(): void;
  /** The system gives no more watches, or the like: said once, afterwards only the periodic walk notices changes. */
  lost(message: string): void;
}

const UNINTERESTING = /(?:^|[/\\])(?:node_modules|\.git)(?:[/\\]|$)/;

/** Never throws. Each path is watched, and its parent for the path being replaced. */
export function watch(paths: readonly string[], listener: WatchListener): Watching {
  const watchers = new Set<FSWatcher>();
  let over = false;
  const lose = (error: unknown) => {
    if (over) return;
    over = true;
    listener.lost(error instanceof Error && 'code' in error ? String(error.code) : 'the watcher failed');
  };
  const start = (path: string, onEvent: () => void, options: ChokidarOptions): FSWatcher => {
    const watcher = watchFiles(path, { ignoreInitial: true, followSymlinks: false, ...options });
    watcher.on('error', lose).on('all', () => {
      if (over) return;
      onEvent();
      listener.hint();
    });
    watchers.add(watcher);
    return watcher;
  };
  const startBoth = (root: string) => {
    let node = nodeOf(root);
    // A watch stays with the directory it was set on. Another one under the same name needs a new watch.
    const follow = () => {
      const now = nodeOf(root);
      if (now === node) return;
      node = now;
      watchers.delete(current);
      current.close().catch(lose);
      current = inside();
    };
    const inside = () =>
      start(root, follow, { ignored: (each) => UNINTERESTING.test(each.slice(root.length)) });
    let current = inside();
    const parent = dirname(root);
    if (parent === root) return;
    start(parent, follow, { depth: 0, ignored: (each) => each !== parent && each !== root });
  };
  for (const path of paths) {
    try {
      startBoth(resolve(path));
    } catch (error) {
      lose(error);
    }
  }
  return {
    async close() {
      over = true;
      await Promise.allSettled([...watchers].map((watcher) => watcher.close()));
    },
  };
}

function nodeOf(path: string): string | undefined {
  try {
    return nodeFiles.stat(path).node;
  } catch {
    return undefined;
  }
}
