/**
 * Deletes that a commit approves with the trailer `Allow-Delete: name, name` (decision 0010).
 *
 * An approval is one name's: that name's delete is taken out of the limit altogether, counted neither among the deletes nor
 * among the owned that the limit is a share of, so that it makes no room for others and takes none from them. It lasts
 * until the service is gone or a manifest names it again. Everything else that a delete needs it still needs.
 */
import type { Memory } from '../service/memory.ts';
import type { Commit } from '../service/ports.ts';

/** By name: the commit that approves. Names that are wished for have no approval. */
export type Approvals = ReadonlyMap<string, string>;

export function approvals(
  memory: Memory,
  commit: Commit | undefined,
  isWished: (name: string) => boolean,
): Approvals {
  const now = commit === undefined ? [] : commit.allowDeletes.map((name) => [name, commit.sha] as const);
  const before = [...memory.approvals].map(([name, { sha }]) => [name, sha] as const);
  return new Map([...now, ...before].filter(([name]) => !isWished(name)));
}
