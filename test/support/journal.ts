/**
 * Records of every kind, and a journal file in memory that can be cut.
 */
import fc from 'fast-check';
import { EXTENSIONS } from '../../src/service/extensions.ts';
import type { Record } from '../../src/service/memory.ts';
import type { JournalFile } from '../../src/service/ports.ts';

const name = fc.constantFrom('web', 'db', 'lb');
const uuid = fc.constantFrom('u1', 'u2', 'u3', 'u4');
const attempt = fc.constantFrom('a1', 'a2');
const token = fc.constantFrom('t1', 't2');
const at = fc.integer({ min: 0, max: 4 * 3_600_000 });

/** Any record, over few names so that they meet. */
export const anyRecord: fc.Arbitrary<Record> = fc.oneof(
  fc.record({
    type: fc.constant('intent' as const),
    name,
    attempt,
    bodyHash: token,
    at,
    before: fc.array(uuid),
  }),
  fc.record({
    type: fc.constant('created' as const),
    name,
    uuid,
    attempt,
    redeployToken: fc.option(token),
  }),
  fc.record({ type: fc.constant('abandoned' as const), name, attempt, why: fc.string() }),
  fc.record(
    {
      type: fc.constant('accepted' as const),
      name,
      uuid,
      verb: fc.constantFrom('start' as const, 'update' as const, 'redeploy' as const, 'terminate' as const),
      state: fc.constantFrom('Starting' as const, 'Scaling' as const, 'Terminating' as const),
      at,
      difference: fc.constantFrom('d1', 'd2'),
      token,
    },
    { requiredKeys: ['type', 'name', 'uuid', 'verb', 'state', 'at'] },
  ),
  fc.record({ type: fc.constant('token' as const), uuid, token }),
  fc.record({ type: fc.constant('gone' as const), uuid }),
  fc.record({ type: fc.constant('deleted' as const), name, at }),
  fc.record({
    type: fc.constant('failed' as const),
    name,
    attempts: fc.nat(9),
    notBefore: at,
    message: fc.string({ unit: 'binary' }),
  }),
  fc.record({ type: fc.constant('cleared' as const), name }),
  fc.record({ type: fc.constant('capabilities' as const), offered: fc.subarray([...EXTENSIONS]) }),
  fc.record({ type: fc.constant('protected' as const), name, on: fc.boolean() }),
);

export interface MemoryFile extends JournalFile {
  bytes: Uint8Array;
  /** Thrown by the next appends and replaces while set. */
  fault: Error | undefined;
  /** Sizes after each finished append. */
  readonly ends: number[];
}

export function memoryFile(bytes: Uint8Array = new Uint8Array()): MemoryFile {
  const file: MemoryFile = {
    bytes,
    fault: undefined,
    ends: [],
    read: async () => file.bytes,
    append: async (more) => {
      if (file.fault !== undefined) throw file.fault;
      await Promise.resolve();
      file.bytes = Buffer.concat([file.bytes, more]);
      file.ends.push(file.bytes.length);
    },
    replace: async (whole) => {
      if (file.fault !== undefined) throw file.fault;
      file.bytes = whole;
    },
    close: async () => {},
  };
  return file;
}
