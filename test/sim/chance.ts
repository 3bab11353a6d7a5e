/** Chance by what is asked: equal words give an equal number, whatever else went on in between. */
export function chance(...words: readonly (string | number)[]): number {
  let hash = 0x811c9dc5;
  for (const char of words.join('\u0000')) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35) >>> 0;
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/** One of `items`, by chance. */
export function pick<T>(items: readonly T[], ...words: readonly (string | number)[]): T {
  return items[Math.floor(chance(...words) * items.length)] as T;
}

/** A v4 uuid from words. */
export function uuidFrom(...words: readonly (string | number)[]): string {
  const hex = Array.from({ length: 32 }, (_, index) => Math.floor(chance(...words, index) * 16));
  hex[12] = 4;
  hex[16] = 8 + ((hex[16] ?? 0) % 4);
  const text = hex.map((digit) => digit.toString(16)).join('');
  return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join(
    '-',
  );
}
