/**
 * Where the manifests of a call come from: paths on this machine, or a repository. Builds the source, and knows how it
 * is named to people.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { UserError } from '../service/failure.ts';
import { LIMITS } from '../service/limits.ts';
import type { Source } from '../service/ports.ts';
import { parseBranch } from '../source/git/address.ts';
import { gitRunner } from '../source/git/command.ts';
import { GIT_LIMITS } from '../source/git/limits.ts';
import { gitSource } from '../source/git/source.ts';
import { openSource } from './compose.ts';
import type { Io } from './io.ts';
import type { GIT_KEYS } from './keys.ts';
import type { Call } from './program.ts';
import type { Values } from './rows.ts';

export interface Manifests {
  readonly source: Source;
  /** What to watch on disk; empty for a repository. */
  readonly watched: readonly string[];
  /** Calls back when there is news of its own. Returns how to end it. */
  watch(hint: () => void): () => void;
  /** As the call named them: paths, or flags. */
  readonly named: readonly string[];
  /** Set for a repository: only names of --env-allow may be used by its manifests (design §5). */
  readonly git: { readonly url: string; readonly ref: string } | undefined;
  close(): Promise<void>;
}

export type GitValues = Values<(typeof GIT_KEYS)[number]>;

type Asked = Pick<Call, 'args' | 'flags' | 'io'>;

/** Of one command. A repository is read into a directory that is gone afterwards, unless one was named. */
export function openManifests(call: Asked, all: GitValues, whileGitWorks: boolean): Manifests {
  const values = checkManifests(call, all);
  const { args, io } = call;
  if (values.git === undefined) return onDisk(args, openSource(args, io, whileGitWorks));
  const temporary = values.cacheDir === undefined ? mkdtempSync(join(tmpdir(), 'evenkeel-git-')) : undefined;
  const manifests = fromGit(values, io, { mirrors: values.cacheDir ?? temporary ?? '' });
  return {
    ...manifests,
    async close() {
      await manifests.close();
      if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true });
    },
  };
}

/** Of the daemon, whose state directory `dir` keeps the mirror and what was taken from it. */
export function followManifests(
  call: Asked,
  all: GitValues & Values<'gitHold' | 'allowEmpty' | 'interval'>,
  dir: string,
): Manifests {
  const values = checkManifests(call, all);
  const { args, io } = call;
  if (values.git === undefined) return onDisk(args, openSource(args, io, false, true));
  return fromGit(values, io, {
    mirrors: values.cacheDir ?? join(dir, 'git'),
    memoryFile: join(dir, 'git.json'),
    holdMs: values.gitHold.ms,
    allowEmpty: values.allowEmpty,
    // Hints do not make it ask more often than that, an interval that somebody chose may.
    spacingMs: Math.min(GIT_LIMITS.spacingMs, 2 * values.interval),
  });
}

/**
 * The values that hold: paths that were given go before a repository of the environment or the settings file, and of
 * branch and ref the one on the command line. Throws UserError EK512 where it is not clear what is meant.
 */
export function checkManifests<V extends GitValues>({ args, flags }: Asked, values: V): V {
  const say = (message: string) => new UserError('EK512', message, 3);
  const { git, branch, ref } = values;
  if (git === undefined && args.length === 0) throw say('where are the manifests? Name PATH… or --git URL');
  if (flags.git !== undefined && args.length > 0)
    throw say('manifests come from PATH… or from --git, not from both; --path names a directory in it');
  if (args.length > 0 || git === undefined) {
    const given = (['branch', 'ref'] as const).find((key) => flags[key] !== undefined);
    if (given !== undefined) throw say(`--${given} needs --git URL`);
    return { ...values, git: undefined };
  }
  if (branch === undefined || ref === undefined) return values;
  if ((flags.branch === undefined) === (flags.ref === undefined))
    throw say('--branch and --ref name the same thing: give one');
  return flags.ref === undefined ? { ...values, ref: undefined } : { ...values, branch: undefined };
}

function onDisk(args: readonly string[], source: Source): Manifests {
  return {
    source,
    watched: args,
    watch: () => () => {},
    named: args,
    git: undefined,
    close: () => Promise.resolve(),
  };
}

interface Following {
  readonly mirrors: string;
  readonly memoryFile?: string;
  readonly holdMs?: number | undefined;
  readonly allowEmpty?: boolean;
  readonly spacingMs?: number;
}

function fromGit(values: GitValues, io: Io, following: Following): Manifests {
  const { git: url, branch, path } = values;
  if (url === undefined) throw new Error('no repository');
  const ref = values.ref ?? branch ?? parseBranch('main');
  const run = gitRunner(io.clock);
  const source = gitSource({
    url,
    ref,
    path,
    access: {
      user: values.gitUser,
      tokenFile: values.gitTokenFile,
      keyFile: absolute(values.gitKeyFile),
      knownHosts: absolute(values.gitKnownHosts) ?? ownKnownHosts(io),
      caFile: absolute(values.gitCaFile),
      agent: io.env['SSH_AUTH_SOCK'],
    },
    inherited: inherited(io.env),
    mirrors: resolve(following.mirrors),
    memoryFile: following.memoryFile,
    allowedSigners: absolute(values.gitAllowedSigners),
    holdMs: following.holdMs,
    allowEmpty: following.allowEmpty ?? true,
    clock: io.clock,
    run,
    limits: {
      ...GIT_LIMITS,
      exchangeMs: values.gitTimeout,
      spacingMs: following.spacingMs ?? 0,
      mirrorBytes: values.gitMaxSize * 1024 * 1024,
    },
    manifestLimits: LIMITS,
  });
  const flag = values.ref === undefined ? '--branch' : '--ref';
  return {
    source,
    watched: [],
    watch: (hint) => source.watch(hint),
    named: ['--git', url.text, flag, ref.text, ...(path === '' ? [] : ['--path', path])],
    git: { url: url.text, ref: ref.text },
    close: () => source.close(),
  };
}

/** git and ssh run elsewhere. */
const absolute = (file: string | undefined) => (file === undefined ? undefined : resolve(file));

function ownKnownHosts({ home }: Io): string | undefined {
  const file = join(home, '.ssh', 'known_hosts');
  return existsSync(file) ? file : undefined;
}

/** What git may see of our environment: where programs are, and the proxy for https. */
const INHERITED = ['PATH', 'HTTPS_PROXY', 'https_proxy', 'NO_PROXY', 'no_proxy'] as const;

export function inherited(env: Io['env']): Readonly<Record<string, string>> {
  return Object.fromEntries(
    INHERITED.flatMap((name) => {
      const value = env[name];
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}
