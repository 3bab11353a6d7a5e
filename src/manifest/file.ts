/**
 * One file → its documents, found sound or broken. Depends on nothing but the text, so equal bytes need it once
 * (`load.ts` keeps the result); values of variables and secrets come later.
 */
import { type Document, isScalar, type LineCounter } from 'yaml';
import { LIMITS, type Limits, STDIN_PATH } from '../service/limits.ts';
import type { SourceFile } from '../service/ports.ts';
import type { Place } from '../service/service.ts';
import { toData, type VariableUse } from './data.ts';
import type { Diagnostic, Fault } from './diagnostic.ts';
import { framer } from './frame.ts';
import { offsetsOf } from './locate.ts';
import { parse } from './parse.ts';
import { ROOT, schemaUnder } from './schema.ts';
import { withoutMark } from './text.ts';

export interface ManifestDocument {
  /** Which document of the file it is. */
  readonly index: number;
  /** As written: variables not replaced, nothing validated. */
  readonly value: unknown;
  readonly uses: readonly VariableUse[];
  readonly place: Place;
  /** `image`, `container_ports/0`, `reconcile/depends_on/1`, … → where it stands. */
  readonly places: Readonly<Record<string, Place>>;
}

export interface ManifestFile {
  readonly documents: readonly ManifestDocument[];
  /** Not empty = nothing of the file may be used. */
  readonly diagnostics: readonly Diagnostic[];
  /** Documents that are not empty, broken ones included. */
  readonly count: number;
  /** Shows lines of it; undefined where the syntax is not sound and a secret could not be told from the rest. */
  readonly frame: ((place: Place) => string) | undefined;
}

const DEFECTS: Readonly<Record<NonNullable<SourceFile['defect']>, Fault>> = {
  'not-utf8': {
    code: 'EK102',
    offset: 0,
    message: 'the file is not UTF-8 text',
    hint: 'save it as UTF-8; it may be UTF-16, or no text at all',
  },
  'too-large': {
    code: 'EK101',
    offset: 0,
    message: `the file is larger than ${LIMITS.fileBytes / 1024} KiB`,
    hint: 'split it into several files; a whole export can be read through standard input: evenkeel plan - < FILE',
  },
};

export function limitsFor(path: string): Limits {
  return path === STDIN_PATH ? { ...LIMITS, documents: LIMITS.documents * 20 } : LIMITS;
}

export function placeAt(file: string, lines: LineCounter, offset: number): Place {
  const { line, col } = lines.linePos(offset);
  return { file, line: Math.max(1, line), col: Math.max(1, col) };
}

export function readManifestFile(file: SourceFile): ManifestFile {
  if (file.defect !== undefined) {
    const fault = DEFECTS[file.defect];
    const place = { file: file.path, line: 1, col: 1 };
    const diagnostic = {
      code: fault.code,
      message: fault.message,
      place,
      frame: undefined,
      hint: fault.hint,
    };
    return { documents: [], diagnostics: [diagnostic], count: 1, frame: undefined };
  }
  const text = withoutMark(file.text);
  const found: Fault[] = [];
  const documents: ManifestDocument[] = [];
  let count = 0;
  const { lines, faults, sound } = parse(text, limitsFor(file.path), (document, index, usable, soFar) => {
    if (usable && isEmpty(document)) return;
    count++;
    if (!usable) return;
    const { value, uses, faults: own } = toData(document, text);
    found.push(...own);
    const at = (offset: number) => placeAt(file.path, soFar, offset);
    const places: Record<string, Place> = {};
    for (const [key, offset] of offsetsOf(document)) places[key] = at(offset);
    documents.push({
      index,
      value,
      uses,
      place: at(document.contents?.range[0] ?? document.range[0]),
      places,
    });
  });
  const frame = sound ? framer(text) : undefined;
  const broken = sound ? faults : faults.map((fault) => underField(text, fault));
  const diagnostics = [...broken, ...found].map(({ code, message, offset, hint }): Diagnostic => {
    const place = placeAt(file.path, lines, offset);
    return { code, message, place, hint, frame: frame?.(place) };
  });
  return { documents, diagnostics, count: Math.max(count, diagnostics.length > 0 ? 1 : 0), frame };
}

/** Names the field that the fault is in, which is all of the text that is shown where no frame can be. */
function underField(text: string, fault: Fault): Fault {
  if (fault.code === 'EK104' || fault.code === 'EK105') return fault;
  const before = text.slice(0, fault.offset + 1).matchAll(/^([a-z_]+)[ \t]*:/gm);
  const field = [...before]
    .map(([, name = '']) => name)
    .findLast((name) => schemaUnder(ROOT, name) !== undefined);
  return field === undefined ? fault : { ...fault, message: `${fault.message} (in ${field})` };
}

function isEmpty(document: Document.Parsed): boolean {
  return document.contents === null || (isScalar(document.contents) && document.contents.value === null);
}
