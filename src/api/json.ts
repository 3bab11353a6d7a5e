/**
 * JSON of a server that is not trusted: what does not parse is undefined, and so is an object that says a top-level
 * key twice, as the last one would silently win (`{"objects":[a],"objects":[]}` is no empty fleet).
 */
export function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return saysKeyTwice(text) ? undefined : value;
  } catch {
    return undefined;
  }
}

const QUOTE = 34;
const BACKSLASH = 92;

/** `text` is valid JSON. */
function saysKeyTwice(text: string): boolean {
  const plain = !text.includes('\\u') && ['"objects"', '"meta"'].every((key) => occursOnce(text, key));
  return !plain && repeats(topLevelKeys(text));
}

const occursOnce = (text: string, part: string) => text.indexOf(part) === text.lastIndexOf(part);
const repeats = (keys: readonly string[]) => new Set(keys).size < keys.length;

function topLevelKeys(text: string): readonly string[] {
  const keys: string[] = [];
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '{' || char === '[') depth += 1;
    else if (char === '}' || char === ']') depth -= 1;
    else if (char === '"') {
      const end = endOfString(text, at);
      if (depth === 1 && /^\s*:/.test(text.slice(end + 1, end + 20)))
        keys.push(JSON.parse(text.slice(at, end + 1)));
      at = end;
    }
  }
  return keys;
}

function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0 && text.charCodeAt(end) === QUOTE) return end;
  }
  return text.length;
}
