/**
 * The YAML library's errors in our own words. Its messages quote the text they are about, which may be a secret, so
 * only its codes (and the fixed beginnings of its messages) are read.
 */
import type { YAMLError } from 'yaml';
import type { Fault } from './diagnostic.ts';

type Words = Pick<Fault, 'message' | 'hint'>;

const WORDS: Readonly<Partial<Record<YAMLError['code'], Words>>> = {
  BAD_DQ_ESCAPE: {
    message: 'unknown escape sequence in a text in double quotes',
    hint: 'write \\\\ for a backslash, or use single quotes',
  },
  BAD_INDENT: { message: 'wrong indentation', hint: 'entries of one map or list start in the same column' },
  BAD_SCALAR_START: {
    message: 'a text cannot start with this character',
    hint: 'put it in quotes',
  },
  BLOCK_AS_IMPLICIT_KEY: {
    message: 'a key and a map on the same line',
    hint: 'put a text that contains ": " in quotes, or check the indentation of the next line',
  },
  BLOCK_IN_FLOW: { message: 'a block inside { } or [ ]', hint: 'inside brackets use brackets only' },
  KEY_OVER_1024_CHARS: { message: 'a key longer than 1024 characters' },
  MULTILINE_IMPLICIT_KEY: {
    message: 'a key that spans lines',
    hint: 'a colon is missing on the line before, or its indentation is wrong',
  },
  RESOURCE_EXHAUSTION: { message: 'nested too deep' },
  TAB_AS_INDENT: { message: 'a tab is used as indentation', hint: 'indent with spaces' },
  UNEXPECTED_TOKEN: {
    message: 'something unexpected stands here',
    hint: 'check quotes, brackets and indentation',
  },
};

function missing(message: string): Words {
  if (message.startsWith('Missing closing')) return { message: 'a closing quote is missing' };
  if (message.startsWith('Flow map')) return { message: 'a closing } is missing' };
  if (message.startsWith('Flow sequence')) return { message: 'a closing ] is missing' };
  if (message.startsWith('Implicit map keys'))
    return {
      message: 'a key without ": " and a value',
      hint: 'is this a key, or the rest of the line before?',
    };
  return {
    message: 'something is missing here',
    hint: 'a space after "- " or ": ", a comma, a quote or a bracket',
  };
}

/** Position and kind of a syntax error; nothing of the text. */
export function syntaxFault(error: YAMLError): Fault {
  const words = error.code === 'MISSING_CHAR' ? missing(error.message) : WORDS[error.code];
  return {
    code: error.code === 'TAB_AS_INDENT' ? 'EK115' : 'EK106',
    offset: error.pos[0],
    ...(words ?? { message: 'this is not valid YAML' }),
  };
}
