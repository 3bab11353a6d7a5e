/**
 * Manifests from a branch of a repository: fetch into a private mirror, one commit, its tree, its blobs. No work tree,
 * so no hook, filter, submodule or link is ever followed, and a commit is read whole or not at all.
 *
 * A follower (with a memory) never takes trouble for emptiness: whatever goes wrong gives `unreadable` with the files
 * of the commit taken last, so that healing goes on and nothing is deleted. A reading without a memory is one command's
 * and answers for exactly what was asked for.
 */
import type { Commit, Snapshot, Source, SourceFile } from '../../service/ports.ts';
import { Attempt, type Outcome } from './attempt.ts';
import type { GitSourceOptions } from './options.ts';

export interface GitSource extends Source {
  /** Calls back when an exchange that a reading did not wait for has come to its end. Returns how to end it. */
  watch(hint: () => void): () => void;
  /** Ends what is under way and waits for it. */
  close(): Promise<void>;
}

export function gitSource(options: GitSourceOptions): GitSource {
  const attempt = new Attempt(options);
  const { clock, limits } = options;
  const over = new AbortController();
  let under: Promise<Outcome> | undefined;
  let hint: (() => void) | undefined;

  // A daemon always hands in the same signal: one for each reading would pile up.
  let either: { readonly of: AbortSignal; readonly signal: AbortSignal } | undefined;
  const eitherOf = (signal: AbortSignal): AbortSignal => {
    if (either?.of !== signal) either = { of: signal, signal: AbortSignal.any([signal, over.signal]) };
    return either.signal;
  };

  /** One attempt at a time; a reading that has waited long enough leaves it to the next one. */
  const outcome = async (signal: AbortSignal): Promise<Outcome | 'late'> => {
    under ??= attempt.run(eitherOf(signal));
    const mine = under;
    if (options.memoryFile === undefined) return mine.finally(() => (under = undefined));
    const waited = new AbortController();
    const late = clock.sleep(limits.patienceMs, waited.signal).then(() => 'late' as const);
    const first = await Promise.race([mine, late]);
    waited.abort();
    if (first === 'late') void mine.then(() => hint?.());
    else under = undefined;
    return first;
  };

  return {
    async read(signal) {
      const end = await outcome(signal);
      if (end === 'late') {
        const seconds = Math.round(limits.patienceMs / 1000);
        const problem = `EK407 ${options.url.text}: no answer within ${seconds} s; it is still waited for`;
        return unreadable(await attempt.kept(signal), [problem]);
      }
      if (end.kind === 'problems') return unreadable(await attempt.kept(signal), end.problems);
      const { files, commit } = end.taken;
      return { kind: 'complete', files, revision: commit.sha, commit };
    },
    watch(callback) {
      hint = callback;
      return () => (hint = undefined);
    },
    async close() {
      over.abort();
      await under;
      await attempt.close();
    },
  };
}

function unreadable(
  kept: { readonly files: readonly SourceFile[]; readonly commit: Pick<Commit, 'sha'> } | undefined,
  problems: readonly string[],
): Snapshot {
  if (kept === undefined) return { kind: 'unreadable', files: [], problems };
  return { kind: 'unreadable', files: kept.files, problems, revision: kept.commit.sha };
}
