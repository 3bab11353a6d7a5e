/** Chance from a seed, and texts that are damaged by it: equal seeds give equal inputs on every machine. */

export class Rng {
  #state: number;

  constructor(...seeds: readonly number[]) {
    this.#state = seeds.reduce((state, seed) => Math.imul(state ^ seed, 0x9e3779b1) >>> 0, 0x2545f491);
    this.next();
  }

  /** In [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number below `most`. */
  below(most: number): number {
    return Math.floor(this.next() * most);
  }

  chance(of: number): boolean {
    return this.next() < of;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  some<T>(most: number, make: () => T): T[] {
    return Array.from({ length: this.below(most + 1) }, make);
  }
}

/** What breaks parsers, of every kind of text we read. */
export const NASTY: readonly string[] = [
  '',
  '\0',
  '\n',
  '\r\n',
  '\t',
  '\u001b[2J',
  '\u202e',
  '\u200b',
  '\ufeff',
  '\ud800',
  '\u2028',
  '"',
  "'",
  '`',
  '{',
  '}',
  '[',
  ']',
  ':',
  ': ',
  '- ',
  ',',
  '#',
  '&a',
  '*a',
  '!',
  '!!binary ',
  '%YAML 1.1\n',
  '---\n',
  '...\n',
  '|',
  '>-\n',
  '? ',
  '<<: ',
  '~',
  'null',
  'true',
  'no',
  '__proto__',
  'constructor',
  'toString',
  '${',
  '${HOME}',
  '${TUTUM_APIKEY}',
  '$$',
  '../',
  '/etc/passwd',
  '%00',
  '%2e%2e/',
  '%',
  'http://elsewhere/',
  '//elsewhere/',
  '<script>',
  '-1',
  '0',
  '1e999',
  '9007199254740993',
  '2147483648',
  '0x10',
  '0o17',
  '1.10',
  'NaN',
  '12:34:56',
  '2026-01-01',
  'é',
  '𝒳',
  '\\u0000',
  '\\',
];

/** A few edits of a text: pieces taken out, put in, doubled, moved, cut off. */
export function damage(text: string, rng: Rng, dictionary: readonly string[] = NASTY): string {
  let damaged = text;
  for (let edits = 1 + rng.below(4); edits > 0; edits--) {
    const at = rng.below(damaged.length + 1);
    const length = rng.chance(0.8) ? rng.below(8) : rng.below(damaged.length + 1);
    const piece = damaged.slice(at, at + length);
    switch (rng.below(7)) {
      case 0:
        damaged = damaged.slice(0, at) + damaged.slice(at + length);
        break;
      case 1:
      case 2:
        damaged = damaged.slice(0, at) + rng.pick(dictionary) + damaged.slice(at);
        break;
      case 3:
        damaged = damaged.slice(0, at) + rng.pick(dictionary) + damaged.slice(at + length);
        break;
      case 4:
        damaged =
          damaged.slice(0, at) + piece.repeat(1 + rng.below(rng.chance(0.05) ? 200 : 4)) + damaged.slice(at);
        break;
      case 5: {
        const to = rng.below(damaged.length + 1);
        damaged = damaged.slice(0, to) + piece + damaged.slice(to);
        break;
      }
      default:
        damaged = rng.chance(0.3)
          ? damaged.slice(0, at)
          : damaged.slice(0, at) +
            String.fromCharCode(rng.below(rng.chance(0.7) ? 128 : 0x10000)) +
            damaged.slice(at + 1);
    }
    if (damaged.length > LONGEST) damaged = damaged.slice(0, LONGEST);
  }
  return damaged;
}

const LONGEST = 64 * 1024;

/** Bytes that may be no text at all. */
export function damageBytes(bytes: Uint8Array, rng: Rng): Uint8Array {
  const damaged = Buffer.from(bytes);
  for (let edits = 1 + rng.below(4); edits > 0 && damaged.length > 0; edits--)
    damaged[rng.below(damaged.length)] = rng.below(256);
  return rng.chance(0.2) ? damaged.subarray(0, rng.below(damaged.length + 1)) : damaged;
}

/** Any JSON value, hostile ones above all. */
export function anyValue(rng: Rng, depth = 3): unknown {
  const kind = rng.below(depth <= 0 ? 6 : 9);
  switch (kind) {
    case 0:
      return null;
    case 1:
      return rng.chance(0.5);
    case 2:
      return rng.pick([0, -1, 1, 1.5, 2 ** 31, 2 ** 53, -(2 ** 53), 1e308, 25, 100]);
    case 3:
    case 4:
    case 5:
      return rng.pick(NASTY).repeat(rng.chance(0.02) ? 500 : 1);
    case 6:
      return rng.some(4, () => anyValue(rng, depth - 1));
    default:
      return Object.fromEntries(rng.some(4, () => [rng.pick(NASTY), anyValue(rng, depth - 1)] as const));
  }
}

/** A value somewhere inside `value` exchanged, taken away or renamed. */
export function warp(value: unknown, rng: Rng): unknown {
  if (typeof value !== 'object' || value === null || rng.chance(0.15)) return anyValue(rng);
  if (Array.isArray(value)) {
    if (value.length === 0 || rng.chance(0.2)) return [...value, rng.chance(0.5) ? value[0] : anyValue(rng)];
    const at = rng.below(value.length);
    return rng.chance(0.2) ? value.toSpliced(at, 1) : value.with(at, warp(value[at], rng));
  }
  const entries = Object.entries(value);
  if (entries.length === 0 || rng.chance(0.1))
    return Object.fromEntries([...entries, [rng.pick(NASTY), anyValue(rng)]]);
  const at = rng.below(entries.length);
  const [key, inner] = entries[at] as [string, unknown];
  if (rng.chance(0.15)) return Object.fromEntries(entries.toSpliced(at, 1));
  if (rng.chance(0.1)) return Object.fromEntries(entries.with(at, [rng.pick(NASTY), inner]));
  return Object.fromEntries(entries.with(at, [key, warp(inner, rng)]));
}
