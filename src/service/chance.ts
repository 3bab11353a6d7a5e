/**
 * Chance that depends on what is asked, not on when: equal seed and words give an equal number, whatever else went on
 * in between. So a rehearsal with delays, failures and faults is the same every time although requests interleave.
 */

/** In [0, 1), a pure function of its arguments. */
export function chance(seed: number, ...words: readonly (string | number)[]): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0;
  for (const char of words.join('\u0000')) {
    hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35) >>> 0;
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
