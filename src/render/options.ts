/**
 * What a renderer needs beside the plan: how the user called, so that commands it prints can be pasted.
 */
import type { BranchReport } from './branch.ts';
import { type Paint, PLAIN } from './paint.ts';
import { visible } from './safe.ts';

export interface RenderOptions {
  readonly paint: Paint;
  /** As the user gave it, such as `10/s`; said beside the forecast. */
  readonly rate?: string;
  /** The manifests' paths as the user gave them. */
  readonly paths?: readonly string[];
  readonly owner?: string;
  /** What the manifests say otherwise than those of another branch. */
  readonly branch?: BranchReport;
  /** What the manifests were read from, where that is a repository. */
  readonly commit?: { readonly sha: string; readonly ref: string; readonly url: string };
}

export const PLAIN_OPTIONS: RenderOptions = { paint: PLAIN };

/** The line that names the commit a plan was made from. */
export function commitText(
  { sha, ref, url }: NonNullable<RenderOptions['commit']>,
  quote: (text: string) => string,
): string {
  return `From commit ${quote(sha)} (${quote(ref)} of ${quote(url)})`;
}

/** The exact command that removes orphans. */
export function pruneCommand(options: RenderOptions): string {
  const paths = options.paths ?? ['PATH'];
  return [
    'evenkeel apply',
    ...paths.map((path) => shellWord(path, options.commit === undefined)),
    '--prune owned --owner',
    options.owner ?? 'default',
  ].join(' ');
}

/** A word that a POSIX shell reads back as it is; a path that begins with `-` keeps from being a flag. */
function shellWord(text: string, paths: boolean): string {
  const word = paths && text.length > 1 && text.startsWith('-') ? `./${text}` : text;
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${visible(word).replaceAll("'", "'\\''")}'`;
}
