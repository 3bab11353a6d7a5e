/**
 * Who we are to the git server, and who it must be: a token or a key from a file, and strict host keys. Files are read
 * before each exchange, so that a rotated one is used at once. A token is in the environment of git only.
 */
import { readFileSync, statSync } from 'node:fs';
import { reason } from '../files.ts';
import type { GitUrl } from './address.ts';
import type { Config } from './environment.ts';

export interface GitAccess {
  /** The name that goes with the token. */
  readonly user: string;
  readonly tokenFile?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly knownHosts?: string | undefined;
  /** Certificates of the authorities to be trusted, instead of the system's. */
  readonly caFile?: string | undefined;
  /** Where a running ssh agent listens; asked only when there is no key file. */
  readonly agent?: string | undefined;
}

export type Access =
  | {
      readonly ok: true;
      readonly config: Config;
      readonly env: Readonly<Record<string, string>>;
      /** To be masked in whatever git and the server say. */
      readonly secrets: readonly string[];
    }
  | { readonly ok: false; readonly problem: string };

/** Never throws. */
export function readAccess(url: GitUrl, access: GitAccess): Access {
  try {
    return url.scheme === 'ssh' ? ssh(access) : http(url, access);
  } catch (error) {
    return { ok: false, problem: `EK534 ${error instanceof Unusable ? error.message : reason(error)}` };
  }
}

class Unusable extends Error {}

function http(url: GitUrl, { user, tokenFile, caFile }: GitAccess): Access {
  const config: [string, string][] = caFile === undefined ? [] : [['http.sslCAInfo', caFile]];
  if (tokenFile === undefined || url.scheme === 'file') return { ok: true, config, env: {}, secrets: [] };
  const token = secretText('--git-token-file', tokenFile).trim();
  if (token === '') throw new Unusable(`--git-token-file: ${tokenFile} is empty`);
  // A control character would end the header and begin another.
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new Unusable(`--git-token-file: ${tokenFile} is expected to hold one word of printable ASCII`);
  const basic = Buffer.from(`${user}:${token}`).toString('base64');
  config.push([`http.${url.text}.extraHeader`, `Authorization: Basic ${basic}`]);
  return { ok: true, config, env: {}, secrets: [token, basic] };
}

function ssh({ keyFile, knownHosts, agent }: GitAccess): Access {
  if (knownHosts === undefined)
    throw new Unusable(
      'ssh needs --git-known-hosts: a file with the host key of the server; the default, ~/.ssh/known_hosts, is not there',
    );
  readable('--git-known-hosts', knownHosts);
  if (keyFile !== undefined) secretText('--git-key-file', keyFile);
  const identity =
    keyFile === undefined
      ? agent === undefined
        ? ['IdentityFile=none']
        : ['IdentityFile=none', `IdentityAgent=${word(agent)}`]
      : [`IdentityFile=${word(keyFile)}`, 'IdentitiesOnly=yes', 'IdentityAgent=none'];
  const options = [
    ...identity,
    `UserKnownHostsFile=${word(knownHosts)}`,
    'GlobalKnownHostsFile=/dev/null',
    'StrictHostKeyChecking=yes',
    'UpdateHostKeys=no',
    'BatchMode=yes',
    'PasswordAuthentication=no',
    'KbdInteractiveAuthentication=no',
    'ForwardAgent=no',
    'ClearAllForwardings=yes',
    'PermitLocalCommand=no',
    'ConnectTimeout=20',
    'ServerAliveInterval=15',
    'ServerAliveCountMax=3',
    'LogLevel=ERROR',
  ];
  const command = ['ssh', '-F', '/dev/null', ...options.flatMap((option) => ['-o', shellWord(option)])];
  return {
    ok: true,
    config: [],
    env: { GIT_SSH_COMMAND: command.join(' '), GIT_SSH_VARIANT: 'ssh' },
    secrets: [],
  };
}

/** A path as ssh's options take it: in quotes, `%` doubled. */
function word(path: string): string {
  if (/["\n\r]/.test(path)) throw new Unusable('a path for ssh must not hold a quote or a line break');
  return `"${path.replaceAll('%', '%%')}"`;
}

/** git hands this one command to a shell. */
function shellWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function secretText(setting: string, path: string): string {
  const text = readable(setting, path);
  const { mode } = statSync(path);
  if ((mode & 0o077) !== 0)
    throw new Unusable(
      `${setting}: ${path} has mode 0${(mode & 0o777).toString(8)}, so others can read it; run chmod 600 ${path}`,
    );
  return text;
}

function readable(setting: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Unusable(`${setting}: ${path}: ${reason(error)}`);
  }
}
