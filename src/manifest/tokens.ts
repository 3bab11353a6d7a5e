/**
 * Text → YAML syntax trees, one document at a time, refusing what would hurt before it is built.
 *
 * The YAML library's lexer and parser are iterative, its composer is recursive (a few thousand `[` can end the whole
 * process) and quadratic here and there. So the limits are held against every lexical token as it arrives, and a
 * document that breaks one never reaches the composer (`research/reliability.md` D13–D16).
 */
import { type CST, Lexer, Parser } from 'yaml';
import type { Limits } from '../service/limits.ts';
import type { Fault } from './diagnostic.ts';

/** Brackets and commas, or quoted texts, in a row with nothing between them; far above anything meant. */
const MAX_RUN = 64;
const MAX_REFUSALS = 20;

type Kind = 'punctuation' | 'quoted' | 'space' | 'unsupported' | 'other';

/** By the first character, which tells for all but scalars. Runs for every lexeme, so it makes no string. */
function kindOf(lexeme: string): Kind {
  switch (lexeme.charCodeAt(0)) {
    case 0x22: // "
    case 0x27: // '
      return 'quoted';
    case 0x20:
      return 'space';
    case 0x2c: // ,
    case 0x5b: // [
    case 0x5d: // ]
    case 0x7b: // {
    case 0x7d: // }
      return 'punctuation';
    case 0x21: // !
    case 0x25: // %
    case 0x26: // &
    case 0x2a: // *
      return 'unsupported';
    default:
      return 'other';
  }
}

/** Marks, in the lexer's stream, that the next lexeme is a scalar's text. */
const SCALAR = '\u001f';

export interface TokenSink {
  document(token: CST.Token): void;
  /** Goes on afterwards, so that more can be found. */
  refuse(fault: Fault): void;
}

/** Returns the fault that ended reading early, if one did. */
export function readTokens(
  text: string,
  limits: Limits,
  onNewLine: (offset: number) => void,
  sink: TokenSink,
): Fault | undefined {
  const parser = new Parser(onNewLine);
  const state = { documents: 0, run: 0, refusals: 0, errors: 0 };
  let before: Kind = 'other';
  let scalarNext = false;
  onNewLine(0);
  for (const lexeme of new Lexer().lex(text)) {
    const offset = parser.offset;
    if (lexeme.length > limits.scalar)
      return tooMuch('EK111', offset, `longer than ${limits.scalar} characters`);
    const kind = scalarNext ? 'other' : kindOf(lexeme);
    if (kind === 'unsupported') {
      const fault = indicator(lexeme, offset);
      if (fault !== undefined) sink.refuse(fault);
      if (fault !== undefined && ++state.refusals >= MAX_REFUSALS)
        return tooMuch('EK111', offset, 'too many of these to go on');
    }
    scalarNext = !scalarNext && lexeme.length === 1 && lexeme === SCALAR;
    if (kind !== 'space') {
      state.run = kind === before ? state.run + 1 : 1;
      before = kind;
      if (state.run > MAX_RUN && (kind === 'punctuation' || kind === 'quoted'))
        return tooMuch('EK111', offset, `more than ${MAX_RUN} of the same with nothing between them`);
    }
    for (const token of parser.next(lexeme)) {
      if (token.type === 'document' && ++state.documents > limits.documents)
        return tooMuch('EK111', token.offset, `more than ${limits.documents} documents in one file`);
      if (token.type === 'error' && ++state.errors > MAX_REFUSALS)
        return tooMuch('EK106', offset, 'too many syntax errors to go on');
      sink.document(token);
    }
    const fault = tooBig(parser, limits, offset);
    if (fault !== undefined) return fault;
  }
  for (const token of parser.end()) {
    if (token.type === 'document' && ++state.documents > limits.documents)
      return tooMuch('EK111', token.offset, `more than ${limits.documents} documents in one file`);
    sink.document(token);
  }
  return undefined;
}

/** The stack holds the document, the collections that are open, and at most one scalar. */
function tooBig({ stack }: Parser, limits: Limits, offset: number): Fault | undefined {
  const top = stack[stack.length - 1];
  if (top === undefined || !('items' in top)) return undefined;
  if (stack.length - 1 > limits.depth)
    return tooMuch('EK110', offset, `nested deeper than ${limits.depth} levels`);
  if (top.items.length > limits.entries)
    return tooMuch('EK111', offset, `more than ${limits.entries} entries in one map or list`);
  return undefined;
}

function tooMuch(code: Fault['code'], offset: number, message: string): Fault {
  return { code, offset, message };
}

/** What the lexeme's first character says is being used, when it is something manifests may not use. */
function indicator(lexeme: string, offset: number): Fault | undefined {
  switch (lexeme[0]) {
    case '&':
      return {
        code: 'EK107',
        offset,
        message: 'anchors are not supported',
        hint: 'write the value out where it is needed',
      };
    case '*':
      return {
        code: 'EK107',
        offset,
        message: 'aliases are not supported',
        hint: 'write the value out; a text that starts with * needs quotes',
      };
    case '!':
      return {
        code: 'EK108',
        offset,
        message: 'tags are not supported',
        hint: 'quote a value to make it text; a text that starts with ! needs quotes',
      };
    case '%':
      return /^%YAML\s+1\.2\s*$/.test(lexeme)
        ? undefined
        : { code: 'EK109', offset, message: 'directives are not supported; manifests are YAML 1.2' };
    default:
      return undefined;
  }
}
