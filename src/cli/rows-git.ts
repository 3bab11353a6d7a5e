/**
 * The settings of a repository as the source of manifests; rows like those of rows.ts. Tokens and keys are named by
 * file, never given.
 */
import { parseBranch, parseGitUrl, parseRef, parseTreePath } from '../source/git/address.ts';
import { duration, path, unusable, wholeNumber } from './values.ts';

export const GIT_ROWS = {
  git: {
    flag: '--git <url>',
    help: 'read the manifests from this repository (https, ssh, file) instead of paths',
    parse: parseGitUrl,
  },
  branch: {
    flag: '--branch <name>',
    help: 'the branch to read (default: main)',
    parse: parseBranch,
  },
  ref: {
    flag: '--ref <name>',
    help: 'instead of --branch: a branch, a tag or a whole commit id',
    parse: parseRef,
  },
  base: {
    flag: '--base <ref>',
    help: 'also show what this checkout changes against that branch, such as origin/main',
    parse: parseRef,
    flagOnly: true as const,
  },
  path: {
    flag: '--path <dir>',
    help: 'the directory in the repository that holds the manifests',
    parse: parseTreePath,
    default: '.',
  },
  gitUser: {
    flag: '--git-user <name>',
    help: 'the name that goes with the token',
    parse: userName,
    default: 'x-access-token',
  },
  gitTokenFile: {
    flag: '--git-token-file <file>',
    help: 'file with the token for https, mode 0600',
    parse: path,
  },
  gitKeyFile: {
    flag: '--git-key-file <file>',
    help: 'file with the private key for ssh, mode 0600 (default: the ssh agent)',
    parse: path,
  },
  gitKnownHosts: {
    flag: '--git-known-hosts <file>',
    help: 'file with the host keys for ssh (default: ~/.ssh/known_hosts)',
    parse: path,
  },
  gitCaFile: {
    flag: '--git-ca-file <file>',
    help: "certificates to trust for https, instead of the system's",
    parse: path,
  },
  gitAllowedSigners: {
    flag: '--git-allowed-signers <file>',
    help: 'take only commits that one of these signed (ssh allowed signers)',
    parse: path,
  },
  gitHold: {
    flag: '--git-hold <duration|always>',
    help: 'how long run holds a branch that went back or was rewritten',
    parse: holdTime,
    default: '10m',
  },
  gitTimeout: {
    flag: '--git-timeout <duration>',
    help: 'how long one exchange with the git server may take',
    parse: duration,
    default: '2m',
  },
  gitMaxSize: {
    flag: '--git-max-size <MiB>',
    help: 'how large the repository may be',
    parse: wholeNumber(1, 1_000_000),
    default: '512',
  },
  cacheDir: {
    flag: '--cache-dir <dir>',
    help: 'where the mirror is kept (default: run: the state directory; else: a temporary one)',
    parse: path,
  },
};

function userName(text: string): string {
  if (/^[\x21-\x39\x3b-\x7e]{1,100}$/.test(text)) return text;
  throw unusable(text, 'a user name without spaces and colons');
}

/** Milliseconds; undefined = always. */
function holdTime(text: string): { readonly ms: number | undefined } {
  return { ms: text.trim() === 'always' ? undefined : duration(text) };
}
