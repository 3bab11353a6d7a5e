/** Where the parts of a document stand in its text. */
import { type Document, isMap, isScalar, isSeq, type Node, type YAMLMap } from 'yaml';
import type { Path } from './data.ts';
import { hasVariables } from './variables.ts';

/**
 * Offset of what `path` leads to: the value, or with `'key'` the key before it. A part that is not there (a missing
 * field, an empty value) is placed at the nearest thing that is.
 */
export function locate(document: Document.Parsed, path: Path, what: 'key' | 'value'): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? document.range[0];
  for (const [depth, step] of path.entries()) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && key.value === step);
      if (pair === undefined) break;
      const last = depth === path.length - 1;
      const empty = isScalar(pair.value) && pair.value.value === null && pair.value.source === '';
      const at = (last && what === 'key') || empty ? startOf(pair.key) : startOf(pair.value);
      offset = at ?? startOf(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      offset = startOf(node) ?? offset;
    } else break;
  }
  return offset;
}

function startOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}

/**
 * Every place worth keeping: fields by key, and the items that other parts point at. Finding a place costs, so items
 * that nothing points at have none; of the environment only those whose value may turn out to be missing.
 */
export function offsetsOf(document: Document.Parsed): ReadonlyMap<string, number> {
  const offsets = new Map<string, number>();
  if (!isMap(document.contents)) return offsets;
  for (const { key, value } of document.contents.items) {
    if (!isScalar(key) || typeof key.value !== 'string') continue;
    offsets.set(key.value, startOf(key) ?? 0);
    if (key.value === 'reconcile' && isMap(value)) addReconcile(offsets, value);
    else if (ITEMS.has(key.value) && isSeq(value)) {
      for (const [index, item] of value.items.entries()) {
        if (key.value !== 'container_envvars' || mayBeUnset(item))
          offsets.set(`${key.value}/${index}`, startOf(item) ?? 0);
      }
    }
  }
  return offsets;
}

const ITEMS = new Set(['container_ports', 'container_envvars', 'linked_to_service']);

function addReconcile(offsets: Map<string, number>, reconcile: YAMLMap): void {
  for (const { key, value } of reconcile.items) {
    if (!isScalar(key)) continue;
    const name = `reconcile/${String(key.value)}`;
    offsets.set(name, startOf(key) ?? 0);
    if (!isSeq(value)) continue;
    for (const [index, item] of value.items.entries()) offsets.set(`${name}/${index}`, startOf(item) ?? 0);
  }
}

function mayBeUnset(item: unknown): boolean {
  if (!isMap(item)) return false;
  return item.items.some(
    ({ key, value }) =>
      (isScalar(key) && key.value === 'value_from') ||
      (isScalar(value) && typeof value.value === 'string' && hasVariables(value.value)),
  );
}
