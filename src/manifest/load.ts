/**
 * A snapshot of files → the wishes in it, with everything that is wrong said at once.
 *
 * Guarantees: never throws, whatever the bytes; a file with an error gives no wish at all; `complete` is true only
 * when the snapshot was and nothing in it is wrong. Wishes of sound files are there even when others are broken, for
 * a daemon that goes on with them. Synchronous: the snapshot is in memory.
 */
import { createHash } from 'node:crypto';
import type { Load, Snapshot, SourceFile } from '../service/ports.ts';
import { byPlace, type Diagnostic, oneLine } from './diagnostic.ts';
import type { Outcome } from './interpret.ts';
import { type ReadFile, readFile } from './read.ts';
import type { Resolver } from './resolver.ts';
import { checkTogether, type Finding, type Valid } from './together.ts';

export interface LoadOptions {
  readonly resolver: Resolver;
  /** Names that references may also lead to: those of the last good version, while a file is broken. */
  readonly known?: ReadonlySet<string>;
  /** Files whose id has not changed are not parsed again. Give the same one to every load of a source. */
  readonly cache?: LoadCache;
}

export interface Loaded {
  readonly load: Load;
  /** Files in the snapshot's order, each from top to bottom. Not empty = the load is not complete. */
  readonly diagnostics: readonly Diagnostic[];
  readonly warnings: readonly Diagnostic[];
}

export type LoadCache = Map<string, ReadFile>;

export function createLoadCache(): LoadCache {
  return new Map();
}

export function load(snapshot: Snapshot, { resolver, known = new Set(), cache }: LoadOptions): Loaded {
  const files = snapshot.files.map((source) => {
    const key = cacheKey(source);
    const file = readFile(source, resolver, cache?.get(key));
    cache?.set(key, file);
    return file;
  });
  forget(cache, snapshot.files);
  const outcomes = files.flatMap((file) => file.outcomes);
  const isValid = (outcome: Outcome): outcome is Valid => outcome.wish !== undefined;
  const together = checkTogether(outcomes.filter(isValid), {
    declared: new Set(outcomes.flatMap(({ name }) => (name === undefined ? [] : [name]))),
    known,
    open: outcomes.some(({ nameUnknown }) => nameUnknown),
  });
  const unusable = new Set(together.errors.flatMap(({ names }) => names));
  const sound = files.filter((file) => file.diagnostics.length === 0);
  const wishes = sound.flatMap((file) => file.outcomes.filter(isValid).map(({ wish }) => wish));
  const diagnostics = merge(files, together.errors, 'diagnostics');
  return {
    load: {
      wishes: wishes.filter(({ name }) => !unusable.has(name)),
      complete: snapshot.kind === 'complete' && diagnostics.length === 0,
      documents: files.reduce((sum, { file }) => sum + file.count, 0),
      problems: [...(snapshot.kind === 'unreadable' ? snapshot.problems : []), ...diagnostics.map(oneLine)],
      revision: snapshot.revision ?? revisionOf(snapshot.files),
      ...(snapshot.kind === 'complete' && snapshot.commit !== undefined ? { commit: snapshot.commit } : {}),
    },
    diagnostics,
    warnings: merge(files, together.warnings, 'warnings'),
  };
}

function cacheKey({ path, id, defect }: SourceFile): string {
  return `${path}\0${defect ?? ''}\0${id}`;
}

function forget(cache: LoadCache | undefined, files: readonly SourceFile[]): void {
  if (cache === undefined || cache.size <= files.length) return;
  const present = new Set(files.map(cacheKey));
  for (const key of cache.keys()) if (!present.has(key)) cache.delete(key);
}

function revisionOf(files: readonly SourceFile[]): string {
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${cacheKey(file)}\0`);
  return `unreadable-${hash.digest('hex').slice(0, 16)}`;
}

function merge(
  files: readonly ReadFile[],
  findings: readonly Finding[],
  which: 'diagnostics' | 'warnings',
): readonly Diagnostic[] {
  const byFile = new Map<string, Diagnostic[]>(files.map((file) => [file.path, [...file[which]]]));
  const frames = new Map(files.map((each) => [each.path, each.file.frame]));
  for (const { code, message, hint, place } of findings) {
    byFile.get(place.file)?.push({ code, message, hint, place, frame: frames.get(place.file)?.(place) });
  }
  return [...byFile.values()].flatMap((found) => found.sort(byPlace));
}
