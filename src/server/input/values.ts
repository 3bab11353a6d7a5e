/**
 * Reading single values out of a request's JSON. Tolerant of what real clients send (numbers and booleans as text),
 * never of what would change meaning: null is not 0, a typo is not ignored.
 *
 * Messages never show a value: it may be a secret.
 */
export type Json = Readonly<Record<string, unknown>>;

/** Why a value is refused; becomes the field's message in a 400. */
export class Invalid extends Error {
  override readonly name = 'Invalid';
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function wrong(expected: string, value: unknown): Invalid {
  return new Invalid(`expected ${expected}, got ${kindOf(value)}`);
}

/** A whole number from `least` to `most`, also as text of digits. */
export function integer(value: unknown, least: number, most: number): number {
  const number = typeof value === 'string' && /^\s*-?\d{1,15}\s*$/.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isInteger(number)) throw wrong('a whole number', value);
  if (number < least || number > most) {
    throw new Invalid(`expected a whole number from ${least} to ${most}, got ${number}`);
  }
  return number;
}

export function flag(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  const word = typeof value === 'string' ? value.toLowerCase() : '';
  if (word === 'true' || word === 'false') return word === 'true';
  throw wrong('true or false', value);
}

const LONGEST_TEXT = 64 * 1024;

export function text(value: unknown, longest = LONGEST_TEXT): string {
  if (typeof value !== 'string') throw wrong('a string', value);
  if (value.length > longest) throw new Invalid(`longer than ${longest} characters`);
  if (value.includes('\u0000')) throw new Invalid('holds a NUL character');
  return value;
}

export function oneOf<const T extends string>(value: unknown, words: readonly T[]): T {
  const given = text(value);
  const found = words.find((word) => word === given);
  if (found === undefined) throw new Invalid(`expected one of ${words.join(', ')}`);
  return found;
}

const MOST_ENTRIES = 1_000;

export function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw wrong('a list', value);
  if (value.length > MOST_ENTRIES) throw new Invalid(`more than ${MOST_ENTRIES} entries`);
  return value;
}

export function object(value: unknown): Json {
  if (!isObject(value)) throw wrong('an object', value);
  return value;
}

/** Reads each entry of a list; a refusal says which one. */
export function each<T>(value: unknown, read: (entry: unknown) => T): readonly T[] {
  return list(value).map((entry, index) => {
    try {
      return read(entry);
    } catch (error) {
      if (error instanceof Invalid) throw new Invalid(`entry ${index + 1}: ${error.message}`);
      throw error;
    }
  });
}

/** The value of a key that must be there. */
export function required<T>(source: Json, key: string, read: (value: unknown) => T): T {
  const value = Object.hasOwn(source, key) ? source[key] : undefined;
  if (value === undefined || value === null) throw new Invalid(`${key} is missing`);
  try {
    return read(value);
  } catch (error) {
    if (error instanceof Invalid) throw new Invalid(`${key}: ${error.message}`);
    throw error;
  }
}

/** The value of a key that may be missing, null or empty text. */
export function optional<T>(source: Json, key: string, read: (value: unknown) => T, otherwise: T): T {
  const value = Object.hasOwn(source, key) ? source[key] : undefined;
  return value === undefined || value === null || value === '' ? otherwise : required(source, key, read);
}

/** Throws naming the first key that occurs twice. */
export function distinct<T>(
  entries: readonly T[],
  key: (entry: T) => string | undefined,
  what: string,
): readonly T[] {
  const seen = new Set<string>();
  for (const entry of entries) {
    const name = key(entry);
    if (name === undefined) continue;
    if (seen.has(name)) throw new Invalid(`${what} '${name}' is given twice`);
    seen.add(name);
  }
  return entries;
}
