/**
 * What a renderer needs beside the plan: how the user called, so that commands it prints can be pasted.
 */
import { type Paint, PLAIN } from './paint.ts';
import { visible } from './safe.ts';

export interface RenderOptions {
  readonly paint: Paint;
  /** As the user gave it, such as `10/s`; said beside the forecast. */
  readonly rate?: string;
  /** The manifests' paths as the user gave them. */
  readonly paths?: readonly string[];
  readonly owner?: string;
}

export const PLAIN_OPTIONS: RenderOptions = { paint: PLAIN };

/** The exact command that removes orphans. */
export function pruneCommand(options: RenderOptions): string {
  const paths = options.paths ?? ['PATH'];
  return [
    'evenkeel apply',
    ...paths.map(shellWord),
    '--prune owned --owner',
    options.owner ?? 'default',
  ].join(' ');
}

/** A word that a POSIX shell reads back as it is; a path that begins with `-` keeps from being a flag. */
function shellWord(text: string): string {
  const word = text.length > 1 && text.startsWith('-') ? `./${text}` : text;
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${visible(word).replaceAll("'", "'\\''")}'`;
}
