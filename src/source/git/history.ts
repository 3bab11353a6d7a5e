/**
 * Questions about commits: how one lies to another, what their trailers approve, who signed them.
 */
import type { GitResult } from './command.ts';
import type { Mirror } from './mirror.ts';
import type { Local } from './tree.ts';
import { Problem } from './trouble.ts';

/** How a head lies to the commit that was taken last. */
export type Relation = 'first' | 'same' | 'ahead' | 'behind' | 'rewritten';

/** Undefined: the mirror does not hold `old`, so that nothing can be said; taken as rewritten. */
export async function relationOf(local: Local, old: string | undefined, head: string): Promise<Relation> {
  if (old === undefined) return 'first';
  if (old === head) return 'same';
  if (await isAncestor(local, old, head)) return 'ahead';
  return (await isAncestor(local, head, old)) ? 'behind' : 'rewritten';
}

export async function isAncestor(local: Local, old: string, head: string): Promise<boolean> {
  const result = await local(['merge-base', '--is-ancestor', '--end-of-options', old, head]);
  // A question that was not answered is not a no.
  if (result.ended !== undefined) throw new Problem([`EK413 the history cannot be read: ${result.ended}`]);
  return result.ok;
}

/** The commit that an id stands for: itself, or what a tag leads to. Undefined: the mirror does not hold one. */
export async function commitOf(local: Local, id: string): Promise<string | GitResult> {
  const result = await local(['rev-parse', '--verify', '--quiet', '--end-of-options', `${id}^{commit}`]);
  const sha = result.stdout.toString('utf8').trim();
  return result.ok && /^[0-9a-f]{40,64}$/.test(sha) ? sha : result;
}

export interface Approval {
  readonly commit: string;
  readonly names: readonly string[];
}

/**
 * The `Allow-Delete` trailers, by git's own rules of what a trailer is, of the commits after `old`; without one, of the
 * head, and of what it merged. Newest first.
 */
export async function approvalsOf(
  local: Local,
  old: string | undefined,
  head: string,
  most: number,
): Promise<readonly Approval[] | GitResult> {
  const format = '--format=%H%x09%(trailers:key=Allow-Delete,valueonly,unfold,separator=%x2C)';
  // Not reachable from the first parent: the head itself, and what a merge brought in.
  const range = [head, `^${old ?? `${head}^1`}`];
  const ask = (revisions: readonly string[]) =>
    local(
      ['rev-list', '--no-commit-header', `--max-count=${most}`, format, '--end-of-options', ...revisions],
      {
        maxBytes: 16 * 1024 * 1024,
      },
    );
  let result = await ask(range);
  // The very first commit has no parent.
  if (!result.ok && old === undefined) result = await ask([head]);
  if (!result.ok) return result;
  return [...result.stdout.toString('utf8').matchAll(/^([0-9a-f]{40,64})\t(.+)$/gm)].map(
    ([, commit = '', names = '']) => ({
      commit,
      names: names.split(/[\s,]+/).filter((name) => /^[A-Za-z0-9][\w.-]{0,252}$/.test(name)),
    }),
  );
}

/** Also what it looks like when git could not check: its words for that are many. */
export const BROKEN_SIGNATURE = 'its signature does not hold';

/**
 * Undefined = signed by one of the allowed signers, with a signature that holds; else why not. Throws a Problem where it
 * could not be checked.
 */
export async function signatureProblem(
  mirror: Mirror,
  commit: string,
  allowedSigners: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const result = await mirror.local(['verify-commit', '--raw', '--end-of-options', commit], signal, {
    config: [
      ['gpg.format', 'ssh'],
      ['gpg.ssh.program', 'ssh-keygen'],
      ['gpg.ssh.allowedSignersFile', allowedSigners],
      // A sound signature of a key that is not in the file is "undefined" trust.
      ['gpg.minTrustLevel', 'fully'],
    ],
  });
  if (result.ok) return undefined;
  const missing = /cannot run ssh-keygen|ssh-keygen: not found/i.test(result.stderr)
    ? 'no ssh-keygen'
    : undefined;
  const unchecked = result.ended ?? missing;
  if (unchecked !== undefined)
    throw new Problem([`EK411 commit ${commit.slice(0, 12)} could not be checked: ${unchecked}`]);
  if (/No principal matched/i.test(result.stderr)) return 'its signer is not in --git-allowed-signers';
  if (/Good "git" signature/i.test(result.stderr)) return 'its signer is not in --git-allowed-signers';
  return result.stderr.trim() === '' ? 'it is not signed' : BROKEN_SIGNATURE;
}
