/**
 * What git said when an exchange failed → one sentence with what to do. The text is the server's in part, so it is made
 * one line, cut, and cleaned of the token; it never decides anything but words and whether the mirror is suspected.
 */
import { scrubber } from '../../service/secrets.ts';
import type { GitResult } from './command.ts';

export type Fault =
  /** The server, the network, the credentials: the mirror is as it was. */
  | 'remote'
  /** More bytes than the mirror may have. */
  | 'size'
  /** The mirror may be damaged. */
  | 'mirror'
  /** No space, no permission: a new mirror would not help. */
  | 'disk'
  /** Another process is at the same ref just now. */
  | 'contended'
  | 'aborted';

export interface GitFailure {
  readonly fault: Fault;
  readonly message: string;
}

const KNOWN: readonly (readonly [pattern: RegExp, fault: Fault, message: string])[] = [
  [/No space left on device|Disk quota exceeded/i, 'disk', 'there is no space left for the mirror'],
  [
    /cannot lock ref|Unable to create '[^']*\.lock'/i,
    'contended',
    'another process is at work in the mirror',
  ],
  [/could not be started: /, 'disk', 'git could not be started'],
  [
    /Read-only file system|insufficient permission|unable to create temporary/i,
    'disk',
    'the mirror cannot be written',
  ],
  [/dubious ownership/i, 'disk', 'the repository belongs to another user of this machine, so it is not read'],
  [
    /could not read Username|could not read Password|Authentication failed|error: 401|error: 403/i,
    'remote',
    'the server does not let us in; check --git-token-file and what the token may read',
  ],
  [
    /Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED/i,
    'remote',
    'the host key of the server is not the one in --git-known-hosts',
  ],
  [/Permission denied \(/i, 'remote', 'the server does not take the key; check --git-key-file'],
  [
    /unable to update url base from redirection|error: 30\d/i,
    'remote',
    'the server redirects, which is not followed; give its final URL',
  ],
  [/transport '[^']*' not allowed/i, 'remote', 'this kind of URL is not allowed'],
  [
    /couldn't find remote ref|no such ref|Server does not allow request for unadvertised|not our ref/i,
    'remote',
    'it is not there any more',
  ],
  [/Could not resolve host/i, 'remote', 'the name of the server is not known'],
  [/Connection refused|Failed to connect|Couldn't connect/i, 'remote', 'the server cannot be reached'],
  [/Operation too slow|timed out|Timeout/i, 'remote', 'the server is too slow'],
  [/SSL|certificate/i, 'remote', 'the certificate of the server is not trusted; --git-ca-file names others'],
  [
    /error: 404|not found|does not appear to be a git repository|not valid: is this a git repo/i,
    'remote',
    'there is no repository at this URL, or it is hidden from us; a directory inside a repository is named with --path',
  ],
  [
    /error in object|fsck error|bad pack|invalid index-pack|pack has bad/i,
    'remote',
    'what the server sent is not a sound repository',
  ],
  [
    /early EOF|hung up|RPC failed|curl|unable to access|protocol error|bad line length|unexpected disconnect|Could not read from remote|dumb http transport|Connection (?:reset|closed)/i,
    'remote',
    'the exchange broke off',
  ],
];

const MOST_CHARACTERS = 300;

/** `doing`: how the sentence begins, such as "https://… was asked for main". */
export function explain(result: GitResult, secrets: readonly string[], timeoutMs: number): GitFailure {
  switch (result.ended) {
    case 'no-git':
      return { fault: 'disk', message: 'there is no git on this machine: install it (2.34 or newer)' };
    case 'aborted':
      return { fault: 'aborted', message: 'reading was stopped' };
    case 'timeout':
      return {
        fault: 'remote',
        message: `the server did not finish within ${Math.round(timeoutMs / 1000)} s`,
      };
    case 'output':
      return { fault: 'remote', message: 'the server says more than is read' };
    case 'size':
      return { fault: 'size', message: 'the repository is larger than is taken' };
    case undefined: {
      const known = KNOWN.find(([pattern]) => pattern.test(result.stderr));
      const said = quoted(result.stderr, secrets);
      if (known === undefined) return { fault: 'mirror', message: `git failed${said}` };
      return { fault: known[1], message: `${known[2]}${said}` };
    }
  }
}

/** What git said last that is worth reading. */
function quoted(stderr: string, secrets: readonly string[]): string {
  const lines = scrubber(secrets)(stderr)
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('warning:'));
  const telling = lines.filter((line) => /^(?:fatal|error|remote):/.test(line));
  const text = (telling.length > 0 ? telling : lines).slice(-2).join('; ');
  return text === '' ? '' : ` (${text.slice(0, MOST_CHARACTERS)})`;
}
