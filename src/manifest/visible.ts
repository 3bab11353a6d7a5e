/**
 * Text from manifests made harmless for a terminal or a log: control characters and Unicode that reorders or hides
 * text are written out (`\x1b`, `\u202e`), so that a file cannot colour, retitle or forge a line.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (character === '\t') return '\\t';
  if (character === '\n') return '\\n';
  if (character === '\r') return '\\r';
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, '0')}`
    : `\\u${code.toString(16).padStart(4, '0')}`;
}

/** One line in which everything can be seen. */
export function visible(text: string): string {
  return text.replace(UNSAFE, escaped);
}

/** Columns a terminal needs for `text`: most East Asian characters and emoji take two, combining marks none. */
export function width(text: string): number {
  let columns = 0;
  for (const character of text) columns += WIDE.test(character) ? 2 : /\p{Mn}/u.test(character) ? 0 : 1;
  return columns;
}

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

const PLAIN_KEY = /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/;

/** Whether `text` looks like a key somebody wrote on purpose, so that naming it gives nothing away. */
export function looksLikeKey(text: string): boolean {
  return PLAIN_KEY.test(text);
}
