/**
 * Which parts of a manifest's text must never be shown: everything under `container_envvars`, wherever it stands and
 * whatever its shape, and everything under a field the schema does not know (a misspelt `container_envvars`).
 *
 * Works by what is allowed, not by what is forbidden: inside such a part only indentation, punctuation and keys are
 * kept; values, block texts, comments and whatever else is there are not.
 */
import { CST, Parser } from 'yaml';
import { ROOT, type SchemaNode, schemaUnder } from './schema.ts';
import { looksLikeKey } from './visible.ts';

/** Start and end offsets. */
export type Span = readonly [number, number];

type Item = CST.CollectionItem;

/** Sorted spans to hide. `text` must have parsed without a syntax error. */
export function secretSpans(text: string): readonly Span[] {
  const spans: Span[] = [];
  let last: CST.Document | undefined;
  const close = (end: number) => {
    if (last?.value !== undefined) walk(text, last.value, ROOT, end, spans);
  };
  for (const token of new Parser().parse(text)) {
    if (token.type !== 'document') continue;
    close(token.offset);
    last = token;
  }
  close(text.length);
  return spans;
}

function walk(text: string, token: CST.Token, schema: SchemaNode, end: number, spans: Span[]): void {
  if (!CST.isCollection(token)) {
    if (schema.type === 'object') spans.push(...hide(text, token.offset, end, []));
    return;
  }
  if (isSequence(token) !== (schema.type === 'array')) {
    spans.push(...hide(text, token.offset, end, allowed(token, false)));
    return;
  }
  const close = 'start' in token ? (token.end[0]?.offset ?? end) : end;
  const items: readonly Item[] = token.items;
  for (const [index, item] of items.entries()) {
    const following = items[index + 1];
    const itemEnd = following === undefined ? close : startOf(following, close);
    const key = CST.isScalar(item.key) ? keyText(item.key) : undefined;
    const under = item.key === undefined ? schemaUnder(schema, 0) : schemaUnder(schema, key ?? '');
    if (under === undefined || key === 'container_envvars') {
      const shown = CST.isScalar(item.key) && looksLikeKey(keyText(item.key)) ? item.key : undefined;
      const from = shown === undefined ? startOf(item, close) : shown.offset + CST.stringify(shown).length;
      spans.push(...hide(text, from, itemEnd, allowedInItem(item, shown === undefined)));
    } else if (item.value !== undefined) walk(text, item.value, under, itemEnd, spans);
  }
}

function isSequence(token: CST.BlockMap | CST.BlockSequence | CST.FlowCollection): boolean {
  return (
    token.type === 'block-seq' || (token.type === 'flow-collection' && token.start.type === 'flow-seq-start')
  );
}

function startOf(item: Item, otherwise: number): number {
  return (
    item.start[0]?.offset ?? item.key?.offset ?? item.sep?.[0]?.offset ?? item.value?.offset ?? otherwise
  );
}

function keyText(key: CST.FlowScalar | CST.BlockScalar): string {
  return CST.resolveAsScalar(key)?.value ?? '';
}

const PUNCTUATION: ReadonlySet<string> = new Set([
  'seq-item-ind',
  'explicit-key-ind',
  'map-value-ind',
  'flow-map-start',
  'flow-map-end',
  'flow-seq-start',
  'flow-seq-end',
  'comma',
]);

function spanOf(token: CST.Token): Span {
  return [token.offset, token.offset + ('source' in token ? token.source.length : 0)];
}

function punctuation(tokens: readonly CST.SourceToken[] | undefined): Span[] {
  return (tokens ?? []).filter(({ type }) => PUNCTUATION.has(type)).map(spanOf);
}

/** What may be shown of a hidden part: punctuation, keys, and the name after `key:`. */
function allowed(token: CST.Token | null | undefined, isName: boolean): Span[] {
  if (!token) return [];
  if (CST.isScalar(token)) {
    return isName && token.type !== 'block-scalar' && looksLikeKey(keyText(token)) ? [spanOf(token)] : [];
  }
  if (!CST.isCollection(token)) return [];
  const start = 'start' in token ? punctuation([token.start]) : [];
  const end = 'start' in token ? punctuation(token.end) : [];
  return [...start, ...token.items.flatMap((item: Item) => allowedInItem(item, true)), ...end];
}

function allowedInItem(item: Item, keyToo: boolean): Span[] {
  const isKey = CST.isScalar(item.key) && item.sep?.some(({ type }) => type === 'map-value-ind') === true;
  const name = isKey && CST.isScalar(item.key) ? keyText(item.key) : '';
  const key = keyToo
    ? isKey && item.value
      ? allowed(item.key, true)
      : CST.isScalar(item.key)
        ? []
        : allowed(item.key, false)
    : [];
  return [
    ...punctuation(item.start),
    ...key,
    ...punctuation(item.sep),
    ...allowed(item.value, name === 'key'),
  ];
}

/** The gaps between allowed spans in [from, to), without the white space around them. */
function hide(text: string, from: number, to: number, shown: readonly Span[]): Span[] {
  const hidden: Span[] = [];
  let at = from;
  for (const [start, end] of [...shown, [to, to] as const]) {
    if (start < at) continue;
    const gap = text.slice(at, start);
    const rest = gap.trimStart();
    if (rest !== '') hidden.push([start - rest.length, at + gap.trimEnd().length]);
    at = end;
  }
  return hidden;
}
