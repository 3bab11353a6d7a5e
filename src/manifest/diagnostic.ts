/**
 * What is said about a manifest: a code of docs/errors.md, a sentence, a place, and where the file parses a code
 * frame. No field of it ever holds a value that stands under `container_envvars`.
 */
import type { Code } from '../service/codes.ts';
import type { Place } from '../service/service.ts';
import { visible } from './visible.ts';

export interface Diagnostic {
  readonly code: Code;
  readonly message: string;
  readonly place: Place;
  /** Masked lines of the file around the place; undefined where the file does not parse. */
  readonly frame: string | undefined;
  /** What to do. */
  readonly hint: string | undefined;
}

/** A finding before its offset has become a place and its lines a frame. */
export interface Fault {
  readonly code: Code;
  readonly message: string;
  readonly offset: number;
  readonly hint?: string | undefined;
}

/** `file:line:col`, safe to print. */
export function showPlace(place: Place): string {
  return `${visible(place.file)}:${place.line}:${place.col}`;
}

/** `file:line:col code message` on one line. */
export function oneLine(diagnostic: Diagnostic): string {
  return `${showPlace(diagnostic.place)} ${diagnostic.code} ${visible(diagnostic.message)}`;
}

/** The line, its hint and its frame, each ending in a newline. Frames are made safe where they are made. */
export function renderDiagnostic(diagnostic: Diagnostic): string {
  const hint = diagnostic.hint === undefined ? '' : `  hint: ${visible(diagnostic.hint)}\n`;
  const frame = diagnostic.frame === undefined ? '' : `${diagnostic.frame}\n`;
  return `${oneLine(diagnostic)}\n${hint}${frame}`;
}

/** By line, then column, then code: the order in which a file is read. */
export function byPlace(a: Diagnostic, b: Diagnostic): number {
  return (
    a.place.line - b.place.line ||
    a.place.col - b.place.col ||
    (a.code < b.code ? -1 : a.code > b.code ? 1 : 0)
  );
}
