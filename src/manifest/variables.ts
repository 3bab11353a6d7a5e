/**
 * `${VAR}` and `${VAR:-default}` inside a scalar, `$$` for a dollar sign; any other `$` stands for itself.
 *
 * Expansion happens after parsing, scalar by scalar, so a value can never bring YAML of its own. As in a shell the
 * default is taken when the variable is unset or empty.
 */
export type Expansion =
  | { readonly kind: 'text'; readonly text: string }
  /** The first variable that is not set. */
  | { readonly kind: 'unset'; readonly variable: string }
  | { readonly kind: 'malformed'; readonly message: string };

const OPEN = `\${`;
const TOKEN = /\$\$|\$\{([^}]*)(\})?/g;
const VARIABLE = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;

/** Whether `text` has anything to expand, so that most scalars cost one search. */
export function hasVariables(text: string): boolean {
  return text.includes('$$') || text.includes(OPEN);
}

export function expand(text: string, lookup: (name: string) => string | undefined): Expansion {
  let problem: Expansion | undefined;
  const expanded = text.replace(
    TOKEN,
    (whole: string, inside: string | undefined, closed: string | undefined) => {
      if (whole === '$$') return '$';
      if (problem !== undefined) return '';
      const match = VARIABLE.exec(inside ?? '');
      if (closed === undefined || match === null || match[2]?.includes(OPEN) === true) {
        problem = {
          kind: 'malformed',
          message:
            closed === undefined
              ? 'a variable without its closing brace'
              : `not of the form \${VAR} or \${VAR:-default}`,
        };
        return '';
      }
      const [, name = '', fallback] = match;
      const value = lookup(name);
      if (value !== undefined && (value !== '' || fallback === undefined)) return value;
      if (fallback !== undefined) return fallback;
      problem = { kind: 'unset', variable: name };
      return '';
    },
  );
  return problem ?? { kind: 'text', text: expanded };
}

/** The message for a malformed use in `text`; undefined = well formed, whatever is set. */
export function malformed(text: string): string | undefined {
  const result = expand(text, () => 'x');
  return result.kind === 'malformed' ? result.message : undefined;
}

/** `text` written so that expanding gives it back. */
export function escapeDollars(text: string): string {
  return text.replaceAll('$', '$$$$');
}
