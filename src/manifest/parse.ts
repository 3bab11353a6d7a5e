/**
 * A file's text → its documents, each handed over and let go: keeping them costs ten times the text.
 *
 * Guarantees: returns for any text; no alias is expanded, no tag resolved, no key merged. Duplicate keys are left for
 * `data.ts`, because the library's own check compares every pair.
 */
import { Composer, type Document, LineCounter, type YAMLError } from 'yaml';
import type { Limits } from '../service/limits.ts';
import type { Fault } from './diagnostic.ts';
import { refuseText } from './text.ts';
import { readTokens } from './tokens.ts';
import { syntaxFault } from './yaml-words.ts';

/** Errors of one document that are worth reading; more are mostly echoes. */
const SYNTAX_ERRORS = 5;

export interface Parse {
  readonly lines: LineCounter;
  readonly faults: readonly Fault[];
  /** Whether the syntax is sound throughout, so that what is secret in the text can be told. */
  readonly sound: boolean;
}

export type Visit = (document: Document.Parsed, index: number, usable: boolean, lines: LineCounter) => void;

/** Calls `visit` for every document; `usable: false` = faults were found in it, do not trust its data. */
export function parse(text: string, limits: Limits, visit: Visit): Parse {
  const lines = new LineCounter();
  const refused = refuseText(text);
  if (refused !== undefined) {
    for (let at = 0; at !== -1; at = next(text, at)) lines.addNewLine(at);
    return { lines, faults: [refused], sound: false };
  }
  const composer = new Composer({ version: '1.2', schema: 'core', uniqueKeys: false, logLevel: 'silent' });
  const faults: Fault[] = [];
  let refusals: Fault[] = [];
  let index = 0;
  let sound = true;
  const receive = (documents: Iterable<Document.Parsed>) => {
    for (const document of documents) {
      const errors = document.errors.filter(atNewPlace).slice(0, SYNTAX_ERRORS);
      if (errors.length > 0) sound = false;
      faults.push(...errors.map(syntaxFault));
      const [, , end] = document.range;
      const own = refusals.some((fault) => fault.offset <= end);
      refusals = refusals.filter((fault) => fault.offset > end);
      visit(document, index++, errors.length === 0 && !own, lines);
    }
  };
  const fatal = readTokens(text, limits, lines.addNewLine, {
    document: (token) => receive(composer.next(token)),
    refuse: (fault) => {
      faults.push(fault);
      refusals.push(fault);
    },
  });
  if (fatal !== undefined) faults.push(fatal);
  receive(composer.end());
  return { lines, faults, sound: sound && fatal === undefined };
}

function next(text: string, from: number): number {
  const at = text.indexOf('\n', from);
  return at === -1 ? -1 : at + 1;
}

/** Several errors at one place are echoes of the first. */
function atNewPlace(error: YAMLError, index: number, all: readonly YAMLError[]): boolean {
  return index === 0 || all[index - 1]?.pos[0] !== error.pos[0];
}
