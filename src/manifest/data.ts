/**
 * A YAML document → plain data, with what only the source text can tell: keys given twice, numbers that are not
 * written as plain decimals (`0777`, `1e3`, `1.10` would silently change), and where variables stand.
 */
import { type Document, isMap, isScalar, isSeq, type Node, type Pair, type Scalar } from 'yaml';
import type { Fault } from './diagnostic.ts';
import { hasVariables, malformed } from './variables.ts';
import { looksLikeKey } from './visible.ts';

export type Path = readonly (string | number)[];

/** A scalar with `$` in it. The data still holds its text as written. */
export interface VariableUse {
  readonly path: Path;
  readonly text: string;
  /** Unquoted: in a field for numbers or booleans the result is read as one. */
  readonly plain: boolean;
}

export interface Data {
  readonly value: unknown;
  readonly uses: readonly VariableUse[];
  readonly faults: readonly Fault[];
}

const DECIMAL = /^-?(?:0|[1-9][0-9]{0,14})$/;
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype', '<<']);

/** Characters that are not seen, or that change where others are seen: nobody can review what holds one. */
const HIDDEN = /[\p{Cf}\p{Zl}\p{Zp}]/u;

/** `text`: what the document was read from. */
export function toData(document: Document.Parsed, text: string): Data {
  const hides = HIDDEN.test(text);
  const uses: VariableUse[] = [];
  const faults: Fault[] = [];

  /** Of the node being read; copied where it is kept. */
  const path: (string | number)[] = [];

  const scalar = (node: Scalar): unknown => {
    const { value } = node;
    const offset = node.range?.[0] ?? 0;
    if (typeof value === 'string') {
      if (value.includes('\0'))
        faults.push({ code: 'EK103', offset, message: 'a NUL character is not allowed in a value' });
      if (isHidden(node, value)) faults.push(hidden(offset));
      if (hasVariables(value)) {
        const message = malformed(value);
        if (message !== undefined) faults.push({ code: 'EK310', offset, message, hint: DOLLAR });
        else uses.push({ path: [...path], text: value, plain: node.type === 'PLAIN' });
      }
    }
    if (typeof value === 'number' && !DECIMAL.test(node.source ?? '')) faults.push(notDecimal(offset));
    return value;
  };

  /** Spelt as an escape it is seen, and may be meant; in an image it never is. What a variable's value holds is not shown. */
  const isHidden = (node: Node, value: string): boolean => {
    if (path.length === 1 && path[0] === 'image' && HIDDEN.test(value)) return true;
    if (!hides || (path[0] === 'container_envvars' && path.at(-1) === 'value')) return false;
    return HIDDEN.test(text.slice(node.range?.[0], node.range?.[1]));
  };

  const inside = (step: string | number, node: unknown): unknown => {
    path.push(step);
    const value = visit(node);
    path.pop();
    return value;
  };

  const visit = (node: unknown): unknown => {
    if (isScalar(node)) return scalar(node);
    if (isSeq(node)) return node.items.map((item, index) => inside(index, item));
    if (!isMap(node)) return null;
    const object: Record<string, unknown> = {};
    for (const pair of node.items) {
      const key = keyOf(pair, faults);
      if (key === undefined) continue;
      if (hides && HIDDEN.test(key)) faults.push(hidden((pair.key as Node).range?.[0] ?? 0));
      if (Object.hasOwn(object, key)) faults.push(twice(pair.key as Node, key));
      object[key] = inside(key, pair.value);
    }
    return object;
  };

  return { value: visit(document.contents), uses, faults };
}

const DOLLAR = 'write $$ for a dollar sign';

function hidden(offset: number): Fault {
  return {
    code: 'EK117',
    offset,
    message: 'a character that is not seen, or that changes the order in which others are seen',
    hint: 'remove it; where it is meant, write it as an escape in double quotes ("\\u200d")',
  };
}

function notDecimal(offset: number): Fault {
  return {
    code: 'EK116',
    offset,
    message: 'a number that is not a plain decimal one (YAML would read it as another than it looks)',
    hint: 'write it in plain digits, or put it in quotes if it is text',
  };
}

/** The pair's key if it is one a manifest can have. Only what looks like a key is named: it may be a value that slipped. */
function keyOf(pair: Pair, faults: Fault[]): string | undefined {
  const { key } = pair;
  const offset = (key as Node | null)?.range?.[0] ?? 0;
  if (!isScalar(key) || typeof key.value !== 'string') {
    faults.push({ code: 'EK113', offset, message: 'a key must be text', hint: 'put it in quotes' });
    return undefined;
  }
  if (key.value === '<<') {
    const message = 'merge keys (<<) are not supported';
    faults.push({ code: 'EK113', offset, message, hint: 'write the fields out' });
    return undefined;
  }
  if (FORBIDDEN.has(key.value) || key.value.includes('\0')) {
    faults.push({ code: 'EK113', offset, message: `this key is not allowed${named(key.value)}` });
    return undefined;
  }
  return key.value;
}

function twice(key: Node, name: string): Fault {
  return {
    code: 'EK112',
    offset: key.range?.[0] ?? 0,
    message: `the same key twice in one map${named(name)}`,
  };
}

function named(key: string): string {
  return !looksLikeKey(key) ? '' : `: ${JSON.stringify(key)}`;
}
