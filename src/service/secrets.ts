/**
 * Masking of known secret values in text that came from outside (a server's message, an error of a library).
 *
 * Our own outputs mask by position and never hold a value; this is the second line, for text nobody controls. A very
 * short value is masked only where it stands alone, or it would mask unrelated text.
 */
const MASK = '***';
const SHORT = 4;

const escapeRegExp = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** The spellings in which a value may come back: as it is, inside JSON, inside a URL. */
function spellings(value: string): readonly string[] {
  const inJson = JSON.stringify(value).slice(1, -1);
  const inUrl = encodeURIComponent(value.replace(/\p{Surrogate}/gu, '\ufffd'));
  return [...new Set([value, inJson, inUrl])];
}

/**
 * A function that replaces each of `secrets` by `***`; the longest first, so that a value inside another leaves no
 * rest. Empty values are no secrets.
 */
export function scrubber(secrets: Iterable<string>): (text: string) => string {
  const all = [...new Set([...secrets].flatMap(spellings))].filter((secret) => secret !== '');
  if (all.length === 0) return (text) => text;
  const patterns = all
    .sort((a, b) => b.length - a.length)
    .map((secret) =>
      secret.length < SHORT ? `(?<!\\w)${escapeRegExp(secret)}(?!\\w)` : escapeRegExp(secret),
    );
  const pattern = new RegExp(patterns.join('|'), 'g');
  return (text) => text.replace(pattern, MASK);
}
