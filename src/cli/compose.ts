/**
 * The only file that builds the parts and puts them together: what the floors below are handed, they get from here.
 */

import type { Source } from '../service/ports.ts';
import { directorySource } from '../source/directory.ts';
import type { Io } from './io.ts';

/** `whileGitWorks`: read also in the middle of a merge or rebase, because nothing will be written. */
export function openSource(paths: readonly string[], io: Io, whileGitWorks: boolean): Source {
  return directorySource(paths, { stdin: io.stdin, allowWorktree: whileGitWorks });
}
