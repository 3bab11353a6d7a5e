/**
 * A document's variables and `value_from` → values. What cannot be resolved is listed and left as written.
 */
import type { Data, Path } from './data.ts';
import type { Resolver } from './resolver.ts';
import { schemaAt } from './schema.ts';
import { valueAt } from './validate.ts';
import { expand } from './variables.ts';

export interface Unset {
  readonly path: Path;
  /** A variable's name, or a file's path as written. */
  readonly variable: string;
  /** Why, where there is more to say than that it is not set. */
  readonly why: string | undefined;
}

export interface Resolved {
  readonly value: unknown;
  readonly unset: readonly Unset[];
  /** Paths (joined by `/`) whose text came from elsewhere and is not to be quoted. */
  readonly replaced: ReadonlySet<string>;
}

/** Whether the same text can mean something else tomorrow. */
export function isDynamic({ value, uses }: Pick<Data, 'value' | 'uses'>): boolean {
  return uses.length > 0 || envItems(value).some((item) => Object.hasOwn(item, 'value_from'));
}

export function resolve({ value, uses }: Pick<Data, 'value' | 'uses'>, resolver: Resolver): Resolved {
  const unset: Unset[] = [];
  const replaced = new Set<string>();
  const copy: unknown = structuredClone(value);
  for (const { path, text, plain } of uses) {
    const expansion = expand(text, resolver.env);
    if (expansion.kind === 'malformed') continue;
    if (expansion.kind === 'unset') {
      unset.push({ path, variable: expansion.variable, why: resolver.denies(expansion.variable) });
    } else {
      set(copy, path, typed(expansion.text, plain, path));
      replaced.add(path.join('/'));
    }
  }
  const known = (path: string) => !unset.some((one) => one.path.join('/').startsWith(path));
  for (const [index, item] of envItems(copy).entries()) {
    const from = valueAt(item, ['value_from']);
    if (Object.hasOwn(item, 'value') || !known(`container_envvars/${index}/value_from`)) continue;
    const path = ['container_envvars', index, 'value_from'];
    const name = valueAt(from, ['env']);
    const file = valueAt(from, ['file']);
    if (typeof name === 'string') {
      const text = resolver.env(name);
      if (text === undefined)
        unset.push({ path, variable: asWritten(value, [...path, 'env']), why: resolver.denies(name) });
      else fill(item, text);
    } else if (typeof file === 'string') {
      const secret = resolver.file(file);
      if (!secret.ok) unset.push({ path, variable: asWritten(value, [...path, 'file']), why: secret.error });
      else fill(item, secret.text);
    }
  }
  return { value: copy, unset, replaced };
}

/** A name that itself came from a variable is shown as the manifest has it. */
function asWritten(value: unknown, path: Path): string {
  return String(valueAt(value, path));
}

/** Only a `value_from` of the right shape is replaced; any other stays for the schema to complain of. */
function fill(item: Record<string, unknown>, text: string): void {
  const from = item['value_from'];
  if (typeof from !== 'object' || from === null || Object.keys(from).length !== 1) return;
  delete item['value_from'];
  item['value'] = text;
}

function envItems(value: unknown): Record<string, unknown>[] {
  const items = valueAt(value, ['container_envvars']);
  if (!Array.isArray(items)) return [];
  return items.map((item: unknown) =>
    typeof item === 'object' && item !== null ? (item as Record<string, unknown>) : {},
  );
}

/** An unquoted variable in a field for numbers or booleans is read as YAML would read it there. */
function typed(text: string, plain: boolean, path: Path): unknown {
  if (!plain) return text;
  const type = schemaAt(path)?.type;
  if (type === 'integer' && /^-?(?:0|[1-9][0-9]{0,14})$/.test(text)) return Number(text);
  if (type === 'boolean' && /^(?:true|True|TRUE|false|False|FALSE)$/.test(text))
    return text.toLowerCase() === 'true';
  return text;
}

function set(root: unknown, path: Path, value: unknown): void {
  const parent = valueAt(root, path.slice(0, -1));
  const last = path.at(-1);
  if (typeof parent === 'object' && parent !== null && last !== undefined)
    Object.defineProperty(parent, last, { value, writable: true, enumerable: true, configurable: true });
}
