/**
 * How much manifest text is read at all. Sources keep to the sizes, the parser to the counts; above is an error with
 * its place, never a stall (`research/reliability.md` D13–D15: the YAML library is quadratic in the keys of one map
 * and recursive in depth).
 */
export interface Limits {
  /** Bytes of one file. */
  readonly fileBytes: number;
  /** Bytes that may come through standard input: an export of a whole fleet fits. */
  readonly streamBytes: number;
  readonly files: number;
  /** Bytes of all files together. */
  readonly totalBytes: number;
  /** Documents in one file; twenty times as many in standard input. */
  readonly documents: number;
  /** Keys of one map, items of one list. */
  readonly entries: number;
  /** Collections inside collections. */
  readonly depth: number;
  /** Characters of one scalar, key or comment. */
  readonly scalar: number;
  /** Messages about one file. */
  readonly messages: number;
}

export const LIMITS: Limits = {
  fileBytes: 256 * 1024,
  streamBytes: 16 * 1024 * 1024,
  files: 20_000,
  totalBytes: 100 * 1024 * 1024,
  documents: 1_000,
  entries: 1_000,
  depth: 20,
  scalar: 64 * 1024,
  messages: 50,
};

/** The path that stands for standard input in places and messages. */
export const STDIN_PATH = '<stdin>';
