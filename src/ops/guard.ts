/**
 * Who may ask for what. On loopback reading needs a token only where one is set; elsewhere always (the operator's will do).
 * Doing needs the operator's token everywhere: a browser on this machine may be made to send a request, but not to know it.
 *
 * `Host` must be an address or a name that is ours, or a page of another origin could read us through a name of its own
 * that it points here (DNS rebinding).
 */
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import type { Clock } from '../service/ports.ts';
import { Bucket } from './bucket.ts';
import { bearerToken, isOneOf } from './proof.ts';
import { Refusal } from './refusal.ts';
import type { SecretFile } from './secret-file.ts';

export interface GuardOptions {
  readonly clock: Clock;
  /** Names by which we may be asked, beside addresses and localhost. */
  readonly hosts: readonly string[];
  /** Reading needs a token although none was set for it. */
  readonly isPublic: boolean;
  readonly operator: SecretFile | undefined;
  readonly viewer: SecretFile | undefined;
}

/** Wrong tokens that are answered at once, and how long until there may be one more. */
const WRONG_AT_ONCE = 10;
const WRONG_EVERY_MS = 6_000;

export interface Guard {
  /** Throws a Refusal unless the request may see what goes on. */
  mayRead(headers: IncomingHttpHeaders): void;
  /** Throws a Refusal unless the request is the operator's. */
  mayOperate(headers: IncomingHttpHeaders): void;
  /** The refusal for a wrong proof: 401, or 429 when there were too many. */
  wrong(message: string): Refusal;
}

export function createGuard({ clock, hosts, isPublic, operator, viewer }: GuardOptions): Guard {
  const guesses = new Bucket(clock, WRONG_AT_ONCE, WRONG_EVERY_MS);
  const names = new Set(['localhost', ...hosts.map((host) => host.toLowerCase())]);

  const wrong = (message: string) => {
    const wait = guesses.take();
    if (wait === 0) return new Refusal(401, message);
    return new Refusal(429, 'too many wrong tokens', Math.ceil(wait / 1_000));
  };
  const checkHost = (headers: IncomingHttpHeaders) => {
    const host = hostName(headers.host);
    if (host === undefined || !(isIP(host) > 0 || names.has(host)))
      throw new Refusal(421, 'this host name is not ours; give it with --ops-hosts if it is');
    const from = headers.origin;
    if (from !== undefined && from !== `http://${headers.host}` && from !== `https://${headers.host}`)
      throw new Refusal(403, 'a page of another origin may not ask');
  };
  const check = (headers: IncomingHttpHeaders, files: readonly (SecretFile | undefined)[]) => {
    const token = bearerToken(headers.authorization);
    if (token === undefined) throw new Refusal(401, 'unauthorized: give "Authorization: Bearer <token>"');
    const secrets = files.flatMap((file) => file?.values() ?? []);
    if (!isOneOf(token, secrets)) throw wrong('unauthorized: the token is wrong');
  };

  return {
    wrong,
    mayRead(headers) {
      checkHost(headers);
      if (isPublic || viewer !== undefined) check(headers, [viewer, operator]);
    },
    mayOperate(headers) {
      checkHost(headers);
      if (operator === undefined)
        throw new Refusal(403, 'no operator token is set: start with --ops-token-file');
      // Who may look only is told so: that token is no guess, and counts as none.
      const token = bearerToken(headers.authorization);
      if (token !== undefined && isOneOf(token, viewer?.values() ?? []) && !isOneOf(token, operator.values()))
        throw new Refusal(403, "forbidden: a viewer's token may only read; this needs an operator's token");
      check(headers, [operator]);
    },
  };
}

/** Without port and brackets, in small letters. */
function hostName(header: string | undefined): string | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:/\s]+))(?::\d+)?$/.exec(header ?? '');
  return (match?.[1] ?? match?.[2])?.toLowerCase().replace(/\.$/, '');
}

/** Whether only this machine can reach it. */
export function isLoopback(host: string): boolean {
  return /^(?:127\.\d+\.\d+\.\d+|::1|localhost)$/i.test(host);
}
