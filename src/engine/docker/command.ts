/**
 * `run_command` and `entrypoint`: one string, split into words as a POSIX shell would, without running one. Quotes and
 * backslashes mean what they mean there; nothing is expanded, so `$VAR`, `*` and `&&` are plain text.
 */

/** The text is no command: a quote or a backslash has no end. */
export class Unfinished extends Error {
  override readonly name = 'Unfinished';
}

/** Throws `Unfinished`. An empty text has no words. */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (/[ \t\r\n]/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (char === "'") {
      const end = text.indexOf("'", at + 1);
      if (end === -1) throw new Unfinished("a ' has no end");
      word = (word ?? '') + text.slice(at + 1, end);
      at = end;
    } else if (char === '"') {
      const [inside, end] = doubleQuoted(text, at + 1);
      word = (word ?? '') + inside;
      at = end;
    } else if (char === '\\') {
      at += 1;
      if (at === text.length) throw new Unfinished('nothing follows the last \\');
      if (text.charAt(at) !== '\n') word = (word ?? '') + text.charAt(at);
    } else {
      word = (word ?? '') + char;
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}

/** The text up to the closing quote, and where that is. */
function doubleQuoted(text: string, from: number): [string, number] {
  let inside = '';
  for (let at = from; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === '"') return [inside, at];
    const next = text.charAt(at + 1);
    if (char === '\\' && /[$`"\\\n]/.test(next)) {
      if (next !== '\n') inside += next;
      at += 1;
    } else {
      inside += char;
    }
  }
  throw new Unfinished('a " has no end');
}

/** The inverse: a text that splits into exactly these words. */
export function joinWords(words: readonly string[]): string {
  return words
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(' ');
}
