/**
 * The loop breaker: the same accepted PATCH or replace twice, and the difference is still the same, stops (design §8).
 *
 * It counts what the server accepted, never attempts, and is lifted when the manifest or the difference changes, or by
 * `retry NAME`.
 */
import type { Memory } from '../service/memory.ts';
import type { Block, Move, Observed, Operation, Reason } from '../service/service.ts';
import type { Spec } from '../service/spec.ts';

const MOST = 2;

type Act = Extract<Move, { kind: 'act' }>;

export type Quarantine = (name: string, move: Act, observed: Observed, wanted?: Spec) => Block | undefined;

/**
 * What the operation is to change, and from what, in one line; undefined for operations that are not counted. It
 * holds values: only its keyed hash may be kept. `wanted`: what the manifest says, for a replace.
 */
export function differenceKey(
  operation: Operation,
  why: Reason,
  observed: Observed,
  wanted?: Spec,
): string | undefined {
  if (observed.exists !== true) return undefined;
  if (operation.verb === 'update') {
    const fields = Object.keys(operation.patch).sort();
    const live: Readonly<Record<string, unknown>> = { ...observed.fields };
    const patch: Readonly<Record<string, unknown>> = { ...operation.patch };
    return JSON.stringify(['update', fields.map((field) => [field, live[field], patch[field]])]);
  }
  if (operation.verb !== 'terminate') return undefined;
  if (why.code === 'no-way-out') return JSON.stringify(['replace', why.state, wanted]);
  if (why.code !== 'cannot-patch') return undefined;
  const live: Readonly<Record<string, unknown>> = { ...observed.fields };
  return JSON.stringify(['replace', why.fields.map((field) => [field, live[field], wanted?.[field]])]);
}

export function quarantineOf(memory: Memory, hash: (text: string) => string): Quarantine {
  return (name, move, observed, wanted) => {
    const repeat = memory.repeats.get(name);
    if (repeat === undefined || repeat.times < MOST || repeat.verb !== move.operation.verb) return undefined;
    const key = differenceKey(move.operation, move.why, observed, wanted);
    if (key === undefined || hash(key) !== repeat.difference) return undefined;
    return { code: 'quarantined', verb: repeat.verb, times: repeat.times };
  };
}
