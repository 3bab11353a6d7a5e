/**
 * The manifests of one commit, as a list of blobs. Only regular files count: a symbolic link or a submodule where
 * manifests are looked for is a problem with its path, because what it hides could look like something that is gone
 * (`research/reliability.md` G4, G6, G18). The rules for names are those of a directory on disk (`source/scan.ts`).
 */
import type { GitResult, Subcommand } from './command.ts';

/** Runs a command that only reads; `input` and `maxBytes` as in command.ts. */
export type Local = (
  args: readonly [Subcommand, ...string[]],
  more?: { readonly input?: string; readonly maxBytes?: number },
) => Promise<GitResult>;

export interface Blob {
  /** From the repository's root. */
  readonly path: string;
  readonly id: string;
}

export type TreeReading =
  | {
      readonly kind: 'tree';
      readonly id: string;
      readonly blobs: readonly Blob[];
      readonly problems: readonly string[];
    }
  /** The directory is not in this commit; `blob`: a file or a link is in its place. */
  | { readonly kind: 'absent'; readonly what: string; readonly blob?: string }
  | { readonly kind: 'failed'; readonly result: GitResult };

const IGNORED = /^\.|~$|\.swp$|\.tmp$/;
const MANIFEST = /\.ya?ml$/;
/** A link of such a name leads to no manifest and to no directory of some. */
const DOCUMENT = /\.(?:md|txt|rst|json|js|ts|sh|py|toml|html|png|svg|lock)$/i;

export async function treeId(local: Local, commit: string, path: string): Promise<TreeReading> {
  const input = `${commit}^{tree}\n${commit}:${path}\n`;
  const result = await local(['cat-file', '--batch-check'], { input });
  const [root = '', line = ''] = result.stdout.toString('utf8').split('\n');
  if (!result.ok || !/ tree \d+$/.test(root)) return { kind: 'failed', result };
  const [, id, type] = /^([0-9a-f]{40,64}) (\w+) \d+$/.exec(line) ?? [];
  if (id === undefined) return { kind: 'absent', what: 'there is no such directory' };
  if (type !== 'tree')
    return { kind: 'absent', what: 'it is not a directory', ...(type === 'blob' ? { blob: id } : {}) };
  return { kind: 'tree', id, blobs: [], problems: [] };
}

export async function listTree(
  local: Local,
  id: string,
  path: string,
  maxBytes: number,
): Promise<TreeReading> {
  const result = await local(['ls-tree', '-r', '-z', '--full-tree', '--end-of-options', id], { maxBytes });
  if (!result.ok) return { kind: 'failed', result };
  const blobs: Blob[] = [];
  const problems: string[] = [];
  for (const entry of entries(result.stdout)) {
    const shown = path === '' ? entry.path : `${path}/${entry.path}`;
    if (entry.path.split('/').some((part) => IGNORED.test(part))) continue;
    if (entry.mode.startsWith('16')) problems.push(`EK412 ${shown}: a submodule, which is not read`);
    else if (entry.mode.startsWith('12')) {
      if (!DOCUMENT.test(entry.path)) problems.push(`EK412 ${shown}: a symbolic link, which is not followed`);
    } else if (!MANIFEST.test(entry.path)) continue;
    else if (entry.path.includes('\ufffd')) problems.push(`EK403 ${shown}: its name is not UTF-8`);
    else blobs.push({ path: shown, id: entry.id });
  }
  return { kind: 'tree', id, blobs: blobs.sort((a, b) => (a.path < b.path ? -1 : 1)), problems };
}

function* entries(bytes: Buffer): Generator<{ mode: string; id: string; path: string }> {
  for (const line of bytes.toString('utf8').split('\0')) {
    const [, mode, id, path] = /^(\d{6}) \w+ ([0-9a-f]{40,64})\t(.+)$/s.exec(line) ?? [];
    if (mode !== undefined && id !== undefined && path !== undefined) yield { mode, id, path };
  }
}
