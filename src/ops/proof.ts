/**
 * Whether a caller knows a secret. Every comparison is of two digests of equal length in constant time, over all secrets
 * that hold, so that neither length nor position of a wrong guess shows (reliability §4.4).
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

const digest = (text: string) => createHash('sha256').update(text).digest();

/** Whether `given` is one of `secrets`. */
export function isOneOf(given: string, secrets: readonly string[]): boolean {
  const mine = digest(given);
  let found = false;
  for (const secret of secrets) found = timingSafeEqual(mine, digest(secret)) || found;
  return found;
}

/** The token of `Authorization: Bearer …`; undefined = there is none. */
export function bearerToken(header: string | undefined): string | undefined {
  return /^\s*Bearer\s+(\S+)\s*$/i.exec(header ?? '')?.[1];
}

/** The header of each forge, and how it spells the HMAC-SHA256 of the body. SHA-1 is none. */
const SIGNATURES: readonly (readonly [header: string, pattern: RegExp])[] = [
  ['x-hub-signature-256', /^sha256=([0-9a-f]{64})$/i],
  ['x-forgejo-signature', /^([0-9a-f]{64})$/i],
  ['x-gitea-signature', /^([0-9a-f]{64})$/i],
];
const GITLAB = 'x-gitlab-token';

const headerOf = (headers: IncomingHttpHeaders, name: string) => {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
};

/** Whether a request brings anything that could be a proof: without it, its body need not be read. */
export function isSigned(headers: IncomingHttpHeaders): boolean {
  return [...SIGNATURES.map(([name]) => name), GITLAB].some((name) => headerOf(headers, name) !== undefined);
}

/** Whether one of the forges' headers proves that the sender knows one of `secrets`. `body`: the bytes as they came. */
export function isProven(
  headers: IncomingHttpHeaders,
  body: Uint8Array,
  secrets: readonly string[],
): boolean {
  const token = headerOf(headers, GITLAB);
  let proven = token !== undefined && isOneOf(token, secrets);
  const expected = secrets.map((secret) => createHmac('sha256', secret).update(body).digest('hex'));
  for (const [name, pattern] of SIGNATURES) {
    const given = pattern.exec(headerOf(headers, name) ?? '')?.[1]?.toLowerCase();
    proven = (given !== undefined && isOneOf(given, expected)) || proven;
  }
  return proven;
}
