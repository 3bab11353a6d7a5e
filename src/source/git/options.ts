/** What a git source is told. */
import type { Limits } from '../../service/limits.ts';
import type { Clock } from '../../service/ports.ts';
import type { GitRef, GitUrl } from './address.ts';
import type { RunGit } from './command.ts';
import type { GitAccess } from './credentials.ts';
import type { GitLimits } from './limits.ts';

export interface GitSourceOptions {
  readonly url: GitUrl;
  readonly ref: GitRef;
  /** In the repository, as `parseTreePath` gives it; '' = its root. */
  readonly path: string;
  readonly access: GitAccess;
  /** The few environment variables that git may see: `PATH` and those of a proxy. */
  readonly inherited: Readonly<Record<string, string>>;
  /** Where mirrors are; made if it is not there. */
  readonly mirrors: string;
  /** Where a follower remembers; undefined = one reading that holds nothing back. */
  readonly memoryFile?: string | undefined;
  /** Only commits that one of these signed are taken (ssh-keygen's ALLOWED SIGNERS). */
  readonly allowedSigners?: string | undefined;
  /** Milliseconds for which a branch that did not move forward is held; undefined = always. */
  readonly holdMs: number | undefined;
  /** A commit without a manifest is believed. */
  readonly allowEmpty: boolean;
  readonly clock: Clock;
  readonly run: RunGit;
  readonly limits: GitLimits;
  readonly manifestLimits: Limits;
}
