/**
 * One file, read and interpreted, its findings placed. What cannot have changed since the last time is taken over.
 */
import type { SourceFile } from '../service/ports.ts';
import { byPlace, type Diagnostic } from './diagnostic.ts';
import { limitsFor, type ManifestFile, placeAt, readManifestFile } from './file.ts';
import { interpret, type Outcome } from './interpret.ts';
import { locate } from './locate.ts';
import { parse } from './parse.ts';
import type { Resolver } from './resolver.ts';
import { withoutMark } from './text.ts';
import type { Violation } from './validate.ts';

export interface ReadFile {
  readonly path: string;
  /** Its documents are let go when nothing can change what they mean. */
  readonly file: ManifestFile;
  /** One for each document that could be read. */
  readonly outcomes: readonly Outcome[];
  /** Not empty = no wish of the file may be used. */
  readonly diagnostics: readonly Diagnostic[];
  readonly warnings: readonly Diagnostic[];
}

/** `before` = the result for the same path and bytes. */
export function readFile(source: SourceFile, resolver: Resolver, before: ReadFile | undefined): ReadFile {
  if (before?.outcomes.every(({ fixed }) => fixed) === true) return before;
  const file = before?.file ?? readManifestFile(source);
  const outcomes = file.documents.map((document) => interpret(document, resolver));
  const bad = placed(source, file, outcomes, 'violations');
  const diagnostics = capped(
    distinct([...file.diagnostics, ...bad].sort(byPlace)),
    limitsFor(source.path).messages,
  );
  const warnings = placed(source, file, outcomes, 'warnings');
  const done = outcomes.every(({ fixed }) => fixed);
  return {
    path: source.path,
    file: done ? { ...file, documents: [] } : file,
    outcomes,
    diagnostics,
    warnings,
  };
}

/** Positions of parts are looked up only when something is to be said about them: the text is parsed once more. */
function placed(
  source: SourceFile,
  file: ManifestFile,
  outcomes: readonly Outcome[],
  which: 'violations' | 'warnings',
): readonly Diagnostic[] {
  const wanted = new Map<number, readonly Violation[]>();
  for (const [at, { index }] of file.documents.entries()) {
    const found = outcomes[at]?.[which] ?? [];
    if (found.length > 0) wanted.set(index, found);
  }
  if (wanted.size === 0) return [];
  const diagnostics: Diagnostic[] = [];
  parse(withoutMark(source.text), limitsFor(source.path), (document, index, _usable, lines) => {
    for (const { code, message, hint, path, at } of wanted.get(index) ?? []) {
      const place = placeAt(source.path, lines, locate(document, path, at));
      diagnostics.push({ code, message, hint, place, frame: file.frame?.(place) });
    }
  });
  return diagnostics.sort(byPlace);
}

/** What is wrong with one value is said once, by the first and most telling of its errors. */
function distinct(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const seen = new Set<string>();
  return diagnostics.filter(({ code, place }) => {
    if (code !== 'EK116' && !(code >= 'EK203' && code <= 'EK206')) return true;
    const key = `${place.line}:${place.col}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function capped(diagnostics: readonly Diagnostic[], limit: number): readonly Diagnostic[] {
  const [first] = diagnostics;
  if (diagnostics.length <= limit || first === undefined) return diagnostics;
  const more = diagnostics.length - limit;
  const message = `and ${more} more errors in this file`;
  const place = diagnostics[limit - 1]?.place ?? first.place;
  return [
    ...diagnostics.slice(0, limit),
    { code: 'EK207', message, place, frame: undefined, hint: undefined },
  ];
}
