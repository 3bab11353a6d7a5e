/**
 * What an operator may name as a repository, a ref and a directory in it. Everything here ends up among git's arguments
 * or on its standard input, so it is held to forms that cannot be read as an option, a command or another transport
 * (`research/reliability.md` G10, G12, G13, G16). None of it ever comes from a manifest or a webhook.
 */
import { UserError } from '../../service/failure.ts';

export interface GitUrl {
  /** As git is given it; it holds no secret. */
  readonly text: string;
  readonly scheme: 'https' | 'http' | 'ssh' | 'file';
}

/**
 * `https://…`, `ssh://[user@]host/…`, `[user@]host:path`; `http://` on loopback only; `file:///…`. Throws UserError
 * EK531, which never quotes what could be a secret.
 */
export function parseGitUrl(text: string): GitUrl {
  const url = text.trim();
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(url)?.[1]?.toLowerCase();
  if (!/^[\x21-\x7e]+$/.test(url) || /["'`\\<>]/.test(url))
    throw refused('a URL of printable ASCII without spaces and quotes; write others as %XX');
  if (scheme === undefined) return scpLike(url);
  if (scheme !== 'https' && scheme !== 'http' && scheme !== 'ssh' && scheme !== 'file')
    throw refused(`https, ssh or file, not ${scheme}`);
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw refused('a URL that can be read');
  }
  if (parsed.password !== '' || (scheme !== 'ssh' && parsed.username !== ''))
    throw refused(
      'a URL without credentials: everybody who sees a process list would see them; use --git-token-file, and --git-user for the name',
    );
  if (parsed.search !== '' || parsed.hash !== '') throw refused('a URL without ? and #');
  if (scheme === 'file') {
    if (parsed.host !== '' || parsed.pathname === '/') throw refused('file:///absolute/path');
  } else {
    if (!/^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9][A-Za-z0-9.-]*)$/.test(parsed.hostname))
      throw refused('a host name that begins with a letter or digit');
    if (scheme === 'ssh') checkUser(parsed.username);
    if (scheme === 'http' && !isLoopback(parsed.hostname))
      throw refused('https: plain http is taken on loopback only');
    if (parsed.pathname === '/' || parsed.pathname.startsWith('/-')) throw refused('a path to a repository');
  }
  // git takes another case for another transport.
  return { text: scheme + url.slice(scheme.length), scheme };
}

function scpLike(url: string): GitUrl {
  const match = /^(?:([^@:/]*)@)?([A-Za-z0-9][A-Za-z0-9.-]*):([^:-][^:]*)$/.exec(url);
  if (match === null)
    throw refused('https://host/path, ssh://user@host/path, user@host:path or file:///path');
  if (match[1] !== undefined) checkUser(match[1]);
  return { text: url, scheme: 'ssh' };
}

function checkUser(user: string): void {
  if (user !== '' && !/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(user))
    throw refused('a user name of letters, digits, _ . and -');
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

function refused(expected: string): UserError {
  return new UserError('EK531', `--git: expected ${expected}`, 3);
}

export interface GitRef {
  /** As the user said it. */
  readonly text: string;
  /** A commit id, or full names in the order in which they are looked for. */
  readonly kind: 'commit' | 'name';
  readonly candidates: readonly string[];
}

/** A branch: `main`, `team/x`. Throws UserError EK532. */
export function parseBranch(text: string): GitRef {
  const name = checkName(text.trim());
  return { text: name, kind: 'name', candidates: [`refs/heads/${name.replace(/^refs\/heads\//, '')}`] };
}

/** A branch, a tag, a full name (`refs/…`) or a whole commit id. Throws UserError EK532. */
export function parseRef(text: string): GitRef {
  const name = checkName(text.trim());
  if (/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(name)) return { text: name, kind: 'commit', candidates: [name] };
  const candidates = name.startsWith('refs/') ? [name] : [`refs/heads/${name}`, `refs/tags/${name}`];
  return { text: name, kind: 'name', candidates };
}

/** The rules of `git check-ref-format`, and a letter or digit at the beginning. */
function checkName(name: string): string {
  const parts = name.split('/');
  const bad =
    !/^[A-Za-z0-9]/.test(name) ||
    name.length > 250 ||
    /[\p{Cc} ~^:?*[\\]|\.\.|@\{/u.test(name) ||
    name.endsWith('.') ||
    name === '@' ||
    parts.some((part) => part === '' || part.startsWith('.') || part.endsWith('.lock'));
  if (!bad) return name;
  throw new UserError(
    'EK532',
    `expected a branch, tag or commit id as git takes it, beginning with a letter or digit, got ${JSON.stringify(name.slice(0, 100))}`,
    3,
  );
}

/** A directory in the repository: `services/`, `a/b`; `.` is its root. Given back without slashes at its ends, '' = root. */
export function parseTreePath(text: string): string {
  const path = text
    .trim()
    .replace(/^(?:\.\/+)+/, '')
    .replace(/\/+$/, '');
  if (path === '.' || path === '') {
    if (text.trim().startsWith('/') || text.trim() === '') throw notInside(text);
    return '';
  }
  const parts = path.split('/');
  const outside = parts.some((part) => ['', '.', '..'].includes(part));
  if (outside || path.length > 1_000 || /\p{Cc}/u.test(path)) throw notInside(text);
  return path;
}

function notInside(text: string): UserError {
  return new UserError(
    'EK533',
    `expected a directory inside the repository, without .. and without / at its beginning, got ${JSON.stringify(text.slice(0, 100))}`,
    3,
  );
}
