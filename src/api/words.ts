/**
 * Text of the server made fit to be shown: secrets masked in every spelling a server may send them back in, one line,
 * no control characters, at most 300 characters.
 */
import { scrubber } from '../service/secrets.ts';

export type Scrub = (text: string) => string;

const LONGEST = 300;

/** Base64 of the secret inside a longer text, for each of the three ways it can be aligned. */
function base64Spellings(secret: string): readonly string[] {
  return [0, 1, 2].flatMap((shift) => {
    const bytes = Buffer.concat([Buffer.alloc(shift), Buffer.from(secret)]);
    const whole = bytes.toString('base64').replace(/=+$/, '');
    const inner = whole.slice(shift === 0 ? 0 : shift + 1, bytes.length % 3 === 0 ? undefined : -1);
    return inner.length < 6 ? [] : [inner, inner.replace(/\+/g, '-').replace(/\//g, '_')];
  });
}

/** `keys` are masked in their base64 and hex forms too; `values` (of environment variables) as they are. */
export function createScrub(keys: readonly string[], values: readonly string[] = []): Scrub {
  /** Built at the first text: most answers say nothing that is shown. */
  let mask: Scrub | undefined;
  return (text) => {
    mask ??= scrubber([
      ...keys.flatMap((key) => [key, ...base64Spellings(key), Buffer.from(key).toString('hex')]),
      ...values,
    ]);
    const line = mask(text)
      .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\s]+/gu, ' ')
      .trim();
    // A character of two halves is not cut in the middle.
    return line.length > LONGEST ? `${line.slice(0, LONGEST - 1).replace(/\p{Cs}$/u, '')}…` : line;
  };
}
