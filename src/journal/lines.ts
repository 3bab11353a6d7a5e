/**
 * The journal as bytes: one line an entry, `<crc32> <json>\n`, the first one a header with the version.
 *
 * A record's line is written once and never changed. A compacted journal holds the folded memory instead, one line an
 * entry, so that damage to one line costs one entry. Reading never gives up at a bad line: what can be read is read,
 * and what cannot is told.
 */
import { crc32 } from 'node:zlib';
import { UserError } from '../service/failure.ts';
import type { Memory, Record } from '../service/memory.ts';
import { Folding, TABLES, type Table } from './fold.ts';
import { isWellMade } from './shape.ts';

export const VERSION = 1;

/** An entry of a compacted journal. */
type Kept =
  | { readonly type: 'kept'; readonly table: Table; readonly key: string; readonly value: unknown }
  | { readonly type: 'deletes'; readonly deletes: Memory['deletes'] };

type Header = { readonly type: 'evenkeel-journal'; readonly version: number };
type Entry = Record | Kept | Header;

const checksum = (json: string) => crc32(json).toString(16).padStart(8, '0');

export function encode(entry: Entry): string {
  const json = JSON.stringify(entry);
  return `${checksum(json)} ${json}\n`;
}

export const HEADER = encode({ type: 'evenkeel-journal', version: VERSION });

export interface Reading {
  readonly folding: Folding;
  /** The file ends in bytes that are no whole line: a write that was cut off. Nothing that resolved is in them. */
  readonly torn: boolean;
  /** Lines that cannot be read though good ones follow: damage. */
  readonly damaged: number;
  /** Good lines that this version does not know. */
  readonly unknown: number;
}

/** Reads what can be read. UserError EK702 for a journal of a newer version. */
export function decode(bytes: Uint8Array): Reading {
  const lines = Buffer.from(bytes).toString('utf8').split('\n');
  const entries = lines.map(parseLine);
  const lastGood = entries.findLastIndex((entry) => entry !== undefined);
  const folding = new Folding();
  let damaged = 0;
  let unknown = 0;
  for (const entry of entries.slice(0, lastGood + 1)) {
    if (entry === undefined || !isWellMade({ ...entry })) damaged += 1;
    else if (!put(folding, entry)) unknown += 1;
  }
  const rest = lines.slice(lastGood + 1);
  const whole = rest.length === 1 && rest[0] === '';
  return { folding, torn: !whole && bytes.length > 0, damaged, unknown };
}

function parseLine(line: string): Entry | undefined {
  const json = line.slice(9);
  if (line[8] !== ' ' || line.slice(0, 8) !== checksum(json)) return undefined;
  try {
    const entry: unknown = JSON.parse(json);
    return typeof entry === 'object' && entry !== null && 'type' in entry ? (entry as Entry) : undefined;
  } catch {
    return undefined;
  }
}

/** False when the entry is of a kind this version does not know. */
function put(folding: Folding, entry: Entry): boolean {
  switch (entry.type) {
    case 'evenkeel-journal':
      if (entry.version > VERSION)
        throw new UserError(
          'EK702',
          `the journal is of version ${entry.version}, and this evenkeel reads up to ${VERSION}: use the newer evenkeel, or another --state-dir`,
        );
      return true;
    case 'kept':
      if (!TABLES.includes(entry.table)) return false;
      folding.restore(entry.table, entry.key, entry.value);
      return true;
    case 'deletes':
      folding.restoreDeletes(entry.deletes);
      return true;
    default:
      return folding.apply(entry);
  }
}

/** The bytes of a journal that holds exactly what still matters of `memory`. */
export function compact(memory: Memory): Uint8Array {
  const superseded = supersededClaims(memory);
  const kept = TABLES.flatMap((table) =>
    [...memory[table]]
      .filter(([key]) => table !== 'claims' || !superseded.has(key))
      .map(([key, value]) => encode({ type: 'kept', table, key, value })),
  );
  const rest = [
    ...(memory.deletes.length > 0 ? [encode({ type: 'deletes', deletes: memory.deletes })] : []),
    ...(memory.capabilities.length > 0
      ? [encode({ type: 'capabilities', offered: memory.capabilities })]
      : []),
    ...[...memory.protectedNames].map((name) => encode({ type: 'protected', name, on: true })),
  ];
  return Buffer.from([HEADER, ...kept, ...rest].join(''));
}

/** Claims on services that are gone, where a later claim of the same name remembers as much. */
function supersededClaims(memory: Memory): ReadonlySet<string> {
  const remembered = new Map<string, boolean>();
  const superseded = new Set<string>();
  for (const claim of [...memory.claims.values()].reverse()) {
    const started = remembered.get(claim.name);
    if (claim.gone && started !== undefined && (started || !claim.started)) superseded.add(claim.uuid);
    remembered.set(claim.name, claim.started || started === true);
  }
  return superseded;
}
