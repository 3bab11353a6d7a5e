/**
 * The two exchanges with the server: which commit a name stands for, and fetching it. Nothing of the answer is used as
 * an argument before it has the form of a commit id or of the name that was asked for.
 */
import type { GitRef, GitUrl } from './address.ts';
import type { GitResult, RunGit } from './command.ts';
import { type GitAccess, readAccess } from './credentials.ts';
import { type Config, environment, transports } from './environment.ts';
import { explain, type GitFailure } from './failure.ts';
import type { GitLimits } from './limits.ts';

export interface Remote {
  readonly url: GitUrl;
  readonly access: GitAccess;
  readonly inherited: Readonly<Record<string, string>>;
  readonly run: RunGit;
  readonly limits: GitLimits;
  /** A directory that is in no repository. */
  readonly cwd: string;
}

export interface Head {
  /** The full name that was found, or the commit id that was asked for. */
  readonly name: string;
  /** A commit, or a tag that leads to one. */
  readonly id: string;
}

export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: GitFailure | 'gone' };

const MOST_NAMED = 5;

/** Some of the branches that are there, for a message that says that one is not; none where they cannot be had. */
export async function branchesOf(remote: Remote, signal: AbortSignal): Promise<readonly string[]> {
  const asked = await exchange(remote, signal, {
    args: ['ls-remote', '--quiet', '--heads', '--end-of-options', remote.url.text],
    cwd: remote.cwd,
    maxBytes: 1024 * 1024,
    env: { GIT_CEILING_DIRECTORIES: remote.cwd },
  });
  if (!asked.ok) return [];
  const heads = asked.value.stdout.toString('utf8').matchAll(/^[0-9a-f]+\trefs\/heads\/([!-~]{1,100})$/gm);
  return [...heads].map(([, name = '']) => name).slice(0, MOST_NAMED);
}

/** `gone`: the server answered, and has none of the names. */
export async function askHead(remote: Remote, ref: GitRef, signal: AbortSignal): Promise<Answer<Head>> {
  if (ref.kind === 'commit') return { ok: true, value: { name: ref.text, id: ref.text } };
  const asked = await exchange(remote, signal, {
    args: ['ls-remote', '--quiet', '--end-of-options', remote.url.text, ...ref.candidates],
    cwd: remote.cwd,
    maxBytes: 1024 * 1024,
    env: { GIT_CEILING_DIRECTORIES: remote.cwd },
  });
  if (!asked.ok) return asked;
  const heads = new Map(
    [...asked.value.stdout.toString('utf8').matchAll(/^([0-9a-f]{40}|[0-9a-f]{64})\t(.+)$/gm)].map(
      ([, id = '', name = '']) => [name, id] as const,
    ),
  );
  for (const name of ref.candidates) {
    const id = heads.get(name);
    if (id !== undefined) return { ok: true, value: { name, id } };
  }
  return { ok: false, failure: 'gone' };
}

/** Brings the head and its history into the mirror `gitDir`, under the name `as`. `tooMuch` ends it. */
export async function fetchHead(
  remote: Remote,
  head: Head,
  gitDir: string,
  as: string,
  tooMuch: () => boolean,
  signal: AbortSignal,
): Promise<Answer<undefined>> {
  const fetched = await exchange(remote, signal, {
    args: [
      'fetch',
      '--quiet',
      '--force',
      '--no-tags',
      '--no-auto-maintenance',
      '--no-write-fetch-head',
      '--no-recurse-submodules',
      '--end-of-options',
      remote.url.text,
      `+${head.name}:${as}`,
    ],
    cwd: gitDir,
    maxBytes: 1024 * 1024,
    env: { GIT_DIR: gitDir },
    tooMuch,
  });
  return fetched.ok ? { ok: true, value: undefined } : fetched;
}

async function exchange(
  { url, access, inherited, run, limits }: Remote,
  signal: AbortSignal,
  command: Pick<Parameters<RunGit>[0], 'args' | 'cwd' | 'maxBytes' | 'env' | 'tooMuch'>,
): Promise<Answer<GitResult>> {
  const who = readAccess(url, access);
  if (!who.ok) return { ok: false, failure: { fault: 'remote', message: who.problem } };
  const config: Config = [
    ['protocol.allow', 'never'],
    [`protocol.${url.scheme}.allow`, 'always'],
    ...who.config,
  ];
  const env = environment(inherited, config, { ...transports(url), ...who.env, ...command.env });
  const result = await run({ ...command, env, timeoutMs: limits.exchangeMs, signal });
  if (result.ok) return { ok: true, value: result };
  return { ok: false, failure: explain(result, who.secrets, limits.exchangeMs) };
}
