/**
 * Every code an error or warning of this program can carry, with its title. docs/errors.md explains each one; a test
 * compares the two both ways.
 *
 * A code is never reused for something else. EK1xx reading YAML, EK2xx shape of a manifest, EK3xx meaning of a load
 * (from EK350: warnings), EK4xx sources, EK5xx settings and command line, EK6xx the service API, EK7xx journal and
 * state directory, EK8xx the server and its engines.
 */
export const CODES = {
  EK101: 'The file is too large',
  EK102: 'The file is not UTF-8 text',
  EK103: 'Control character',
  EK104: 'Merge conflict markers',
  EK105: 'Not a manifest but something in its place',
  EK106: 'YAML syntax',
  EK107: 'Anchor or alias',
  EK108: 'Tag',
  EK109: 'Directive',
  EK110: 'Nested too deep',
  EK111: 'Too many of something',
  EK112: 'The same key twice',
  EK113: 'Key that is not allowed',
  EK114: 'A document is not a map',
  EK115: 'Tab as indentation',
  EK116: 'Number that is not plain decimal',
  EK201: 'Unknown field',
  EK202: 'Missing field',
  EK203: 'Wrong type',
  EK204: 'Value that is not one of the allowed ones',
  EK205: 'Value out of range or form',
  EK206: 'Exactly one of two',
  EK207: 'More errors in this file',
  EK301: 'The same name twice',
  EK302: 'Reference to nothing',
  EK303: 'Dependency cycle',
  EK304: 'The same outer port twice',
  EK305: 'The same environment variable twice',
  EK306: 'The same port twice',
  EK307: 'A service that depends on itself',
  EK308: 'Reserved key',
  EK309: 'Link without a name',
  EK310: 'Malformed variable',
  EK311: 'A value that is needed to plan is not set',
  EK312: 'The same link name or volume path twice',
  EK351: 'Dependency that is not wished to run',
  EK352: 'Ignored field that is not declared',
  EK353: 'Value that could not be resolved',
  EK401: 'Manifests cannot be read',
  EK402: 'A link leads out of the tree',
  EK403: 'Not a regular file',
  EK404: 'Too many manifests',
  EK405: 'Still changing',
  EK406: 'A git operation is under way',
} as const;

export type Code = keyof typeof CODES;
