/**
 * How the text of a setting becomes its value. A parser throws a UserError that says what was expected and what came;
 * no setting holds a secret, so what came may be shown.
 */
import { UserError } from '../service/failure.ts';
import { OWNER_PATTERN } from '../service/mark.ts';

/** Shown in place of what was expected; `what` reads "a positive whole number". */
export function unusable(text: string, what: string): UserError {
  return new UserError('EK507', `expected ${what}, got ${JSON.stringify(text)}`, 3);
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of `90s`, `1h30m`, `500ms`; a number without a unit is refused, because nobody agrees what it means. */
export function duration(text: string): number {
  const parts = [...text.trim().matchAll(/(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)/g)];
  const ms = parts.reduce((sum, [, count, unit]) => sum + Number(count) * (UNITS[unit ?? ''] ?? 0), 0);
  if (parts.map(([part]) => part).join('') !== text.trim() || !(ms > 0))
    throw unusable(text, 'a duration above zero, such as 30s, 5m or 1h30m');
  return ms;
}

export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d{1,15}$/.test(text.trim()) || value < least || value > most)
      throw unusable(text, `a whole number from ${least} to ${most}`);
    return value;
  };
}

export function oneOf<const Word extends string>(...words: readonly Word[]): (text: string) => Word {
  return (text) => {
    const found = words.find((word) => word === text.trim());
    if (found === undefined) throw unusable(text, words.join(' or '));
    return found;
  };
}

export function owner(text: string): string {
  if (!OWNER_PATTERN.test(text)) throw unusable(text, '1 to 63 of a-z, 0-9 and -');
  return text;
}

export function path(text: string): string {
  if (text.trim() === '' || text.includes('\0')) throw unusable(text, 'a path');
  return text;
}

/** `A,B_*`: names of environment variables, `*` for any characters. */
export function patterns(text: string): readonly string[] {
  const all = text.split(',').map((pattern) => pattern.trim());
  const wrong = all.find((pattern) => !/^[A-Za-z_*][\w*]*$/.test(pattern));
  if (wrong !== undefined) throw unusable(wrong, 'names of environment variables, with * for any characters');
  return all;
}

/** `host:port`; the host may be a bracketed IPv6 address, the port 0 for any free one. */
export function listenAddress(text: string): { readonly host: string; readonly port: number } {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:\s/]+):(\d{1,5})$/.exec(text.trim());
  const port = Number(match?.[2]);
  if (match?.[1] === undefined || port > 65_535)
    throw unusable(text, 'an address and port, such as 127.0.0.1:8800');
  return { host: match[1].replace(/^\[|\]$/g, ''), port };
}

/** `a.example,b`: names of hosts. */
export function hostNames(text: string): readonly string[] {
  const all = text.split(',').map((name) => name.trim().toLowerCase());
  const wrong = all.find((name) => !/^[a-z0-9](?:[a-z0-9._-]{0,252})$/.test(name));
  if (wrong !== undefined) throw unusable(wrong, 'names of hosts without ports, such as ops.example.com');
  return all;
}

export function flag(text: string): boolean {
  return oneOf('true', 'false')(text) === 'true';
}

export function instance(text: string): string {
  if (!/^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/.test(text))
    throw unusable(text, "1 to 32 of a-z, 0-9 and '-'");
  return text;
}

/** An address without credentials, query or fragment; the slash at its end is taken off. */
export function httpUrl(text: string): string {
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : undefined;
  if (
    url === undefined ||
    !/^https?:$/.test(url.protocol) ||
    url.username + url.password + url.search + url.hash !== ''
  )
    throw unusable(text, 'an http(s) URL without user, password and query, such as http://10.0.0.5:8800');
  return url.href.replace(/\/+$/, '');
}
