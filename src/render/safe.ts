/**
 * Data from manifests, from the API and from file names made harmless for where it is shown. Nothing that came from
 * outside reaches an output except through one of these functions.
 *
 * Neutralised are: control characters (a newline would forge a line, an escape sequence a colour or a title), Unicode
 * that reorders or hides text, and the prefixes that CI systems read as commands out of a log.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escaped(character: string): string {
  const hex = (character.codePointAt(0) ?? 0).toString(16);
  return NAMED[character] ?? (hex.length <= 2 ? `\\x${hex.padStart(2, '0')}` : `\\u${hex.padStart(4, '0')}`);
}

/** One line of text in which everything can be seen: what is unsafe is written as `\n`, `\x1b`, `\u202e`. */
export function visible(text: string): string {
  return text
    .replace(UNSAFE, escaped)
    .replace(/##(?=\w*\[)/g, '#\\#')
    .replace(/^(\s*):(?=:)/, '$1\\:');
}

/** `visible`, cut after `limit` characters; never in the middle of a character. */
export function short(text: string, limit = 120): string {
  const line = visible(text);
  if (line.length <= limit) return line;
  const kept = [...line].slice(0, limit).join('');
  return `${kept}… (${text.length} characters)`;
}

/**
 * A Markdown code span: inside one there is no HTML, mention, link, image, reference or table, as long as the fence
 * is longer than every run of backticks in it.
 */
export function codeSpan(text: string): string {
  const line = short(text, 200);
  const runs = line.match(/`+/g) ?? [];
  const fence = '`'.repeat(Math.max(0, ...runs.map((run) => run.length)) + 1);
  const pad = line === '' || /^[` ]|[` ]$/.test(line) ? ' ' : '';
  return `${fence}${pad}${line}${pad}${fence}`;
}

/** JSON whose unsafe characters are escaped too; equal value, to the byte, for equal input: keys are sorted. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sorted(value), undefined, 2)
    .replace(UNSAFE_IN_LINE, jsonEscape)
    .replace(/##(?=\w*\[)/g, '#\\u0023');
}

/** A plan's JSON has as many newlines as values: they are passed over, not looked at one by one. */
const UNSAFE_IN_LINE = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

function jsonEscape(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}

/** A copy with sorted keys; what JSON leaves out or writes in its own way (`toJSON`) is left to `JSON.stringify`. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const all: Readonly<Record<string, unknown>> = value as Record<string, unknown>;
  const keys = Object.keys(all).sort();
  if (keys.includes('__proto__')) return Object.fromEntries(keys.map((key) => [key, sorted(all[key])]));
  const copy: Record<string, unknown> = {};
  for (const key of keys) copy[key] = sorted(all[key]);
  return copy;
}
