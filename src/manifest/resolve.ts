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
  /** A variable inside the text at `path`, which is left as written, so what the schema says of it means nothing. */
  readonly leftOpen: boolean;
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
      unset.push({
        path,
        variable: expansion.variable,
        why: resolver.denies(expansion.variable),
        leftOpen: true,
      });
    } else {
      set(copy, path, typed(expansion.text, plain, path));
      replaced.add(path.join('/'));
    }
  }
  for (const [index, item] of envItems(copy).entries()) {
    const path = ['container_envvars', index, 'value_from'];
    const found = unset.some((one) => one.path[1] === index && one.path[2] === 'value_from')
      ? undefined
      : valueFrom(item, resolver);
    if (found === undefined) continue;
    if (found.text !== undefined) {
      delete item['value_from'];
      item['value'] = found.text;
    } else {
      const variable = String(valueAt(value, [...path, found.kind]));
      unset.push({ path, variable, why: found.why, leftOpen: false });
    }
  }
  return { value: copy, unset, replaced };
}

interface Found {
  readonly kind: 'env' | 'file';
  readonly text: string | undefined;
  readonly why: string | undefined;
}

/** Only a `value_from` of the right shape is looked up; any other stays for the schema to complain of. */
function valueFrom(item: Readonly<Record<string, unknown>>, resolver: Resolver): Found | undefined {
  const from = item['value_from'];
  if (Object.hasOwn(item, 'value') || typeof from !== 'object' || from === null) return undefined;
  const [[kind, name] = [], ...more] = Object.entries(from);
  if (more.length > 0 || typeof name !== 'string') return undefined;
  if (kind === 'env') return { kind, text: resolver.env(name), why: resolver.denies(name) };
  if (kind !== 'file') return undefined;
  const secret = resolver.file(name);
  return secret.ok
    ? { kind, text: secret.text, why: undefined }
    : { kind, text: undefined, why: secret.error };
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
