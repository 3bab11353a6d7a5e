import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fold } from '../../src/journal/fold.ts';
import { compact, decode } from '../../src/journal/lines.ts';
import { NO_MEMORY, type Record } from '../../src/service/memory.ts';
import { anyRecord } from '../support/journal.ts';

const intent: Record = { type: 'intent', name: 'web', attempt: 'a1', bodyHash: 'h', at: 5, before: ['u0'] };
const created: Record = { type: 'created', name: 'web', uuid: 'u1', attempt: 'a1', redeployToken: null };
const accepted = (more: Partial<Extract<Record, { type: 'accepted' }>>): Record => ({
  type: 'accepted',
  name: 'web',
  uuid: 'u1',
  verb: 'update',
  state: 'Scaling',
  at: 7,
  ...more,
});

describe('what the records mean', () => {
  it('nothing at all is no memory', () => expect(fold([])).toBe(NO_MEMORY));

  it('an intent stands until its own attempt is resolved', () => {
    expect(fold([intent]).intents.get('web')).toEqual({
      name: 'web',
      attempt: 'a1',
      bodyHash: 'h',
      at: 5,
      before: ['u0'],
    });
    const other: Record = { type: 'abandoned', name: 'web', attempt: 'a0', why: 'late' };
    expect(fold([intent, other]).intents.size).toBe(1);
    expect(fold([intent, { ...other, attempt: 'a1' }]).intents.size).toBe(0);
    expect(fold([intent, created]).intents.size).toBe(0);
  });

  it('a created service is claimed, and is started by an accepted start or redeploy', () => {
    const claim = { uuid: 'u1', name: 'web', redeployToken: null, started: false, gone: false };
    expect(fold([created]).claims.get('u1')).toEqual(claim);
    expect(fold([created, accepted({})]).claims.get('u1')).toEqual(claim);
    for (const verb of ['start', 'redeploy'] as const)
      expect(fold([created, accepted({ verb })]).claims.get('u1')?.started).toBe(true);
    expect(fold([created, accepted({ verb: 'start' }), created]).claims.get('u1')?.started).toBe(true);
  });

  it('the last accepted operation of a uuid is kept until it is gone', () => {
    const memory = fold([accepted({}), accepted({ verb: 'terminate', state: 'Terminating', at: 9 })]);
    expect(memory.accepted.get('u1')).toEqual({ uuid: 'u1', verb: 'terminate', state: 'Terminating', at: 9 });
    const gone = fold([created, { type: 'gone', uuid: 'u1' }], memory);
    expect(gone.accepted.size).toBe(0);
    expect(gone.claims.get('u1')?.gone).toBe(true);
  });

  it('a redeploy token belongs to the claim, or is noted where there is none', () => {
    expect(fold([created, accepted({ token: 't' })]).claims.get('u1')?.redeployToken).toBe('t');
    expect(fold([created, { type: 'token', uuid: 'u1', token: 't' }]).claims.get('u1')?.redeployToken).toBe(
      't',
    );
    expect(fold([{ type: 'token', uuid: 'u9', token: 't' }]).tokens.get('u9')).toBe('t');
  });

  it('the same accepted operation on the same difference is counted, any other begins anew', () => {
    const times = (records: readonly Record[]) => fold(records).repeats.get('web')?.times;
    const same = accepted({ difference: 'd1' });
    expect(times([same, same, same])).toBe(3);
    expect(times([same, same, accepted({ difference: 'd2' })])).toBe(1);
    expect(times([same, same, accepted({ difference: 'd1', verb: 'terminate' })])).toBe(1);
    expect(times([same, accepted({ verb: 'start' }), same])).toBe(2);
    expect(times([same, { type: 'cleared', name: 'web' }])).toBeUndefined();
  });

  it('failures are forgotten when the name is well again', () => {
    const failed: Record = { type: 'failed', name: 'web', attempts: 2, notBefore: 9, message: 'm' };
    expect(fold([failed]).failures.get('web')).toEqual({ attempts: 2, notBefore: 9, message: 'm' });
    expect(fold([failed, { type: 'cleared', name: 'web' }]).failures.size).toBe(0);
  });

  it('deletes are kept for two hours from the newest', () => {
    const deletes = [0, 1, 2, 3.5].map(
      (hours): Record => ({ type: 'deleted', name: 'x', at: hours * 3_600_000 }),
    );
    expect(fold(deletes).deletes.map((one) => one.at / 3_600_000)).toEqual([2, 3.5]);
  });

  it('an extension once offered stays known', () => {
    const memory = fold([
      { type: 'capabilities', offered: ['labels'] },
      { type: 'capabilities', offered: ['patch=all'] },
      { type: 'capabilities', offered: [] },
    ]);
    expect(memory.capabilities).toEqual(['patch=all', 'labels']);
  });

  it('never changes a memory that was handed out', () => {
    fc.assert(
      fc.property(
        fc.array(anyRecord, { maxLength: 20 }),
        fc.array(anyRecord, { maxLength: 20 }),
        (first, more) => {
          const before = fold(first);
          const copy = structuredClone(before);
          fold(more, before);
          expect(before).toEqual(copy);
        },
      ),
    );
  });

  it('survives a compaction: the same memory, but for claims on what is gone and known otherwise', () => {
    fc.assert(
      fc.property(fc.array(anyRecord, { maxLength: 40 }), (records) => {
        const memory = fold(records);
        const again = decode(compact(memory));
        const { claims, ...rest } = again.folding.memory();
        const { claims: all, ...before } = memory;
        expect(again).toMatchObject({ torn: false, damaged: 0, unknown: 0 });
        expect(rest).toEqual(before);
        expect([...claims.keys()]).toEqual([...all.keys()].filter((uuid) => claims.has(uuid)));
        for (const [uuid, claim] of all) {
          if (!claim.gone) expect(claims.get(uuid)).toEqual(claim);
          const kept = [...claims.values()].filter((one) => one.name === claim.name);
          expect(kept.some((one) => one.started)).toBe(
            [...all.values()].some((one) => one.name === claim.name && one.started),
          );
        }
        const last = (map: typeof all) => [...map.values()].at(-1);
        expect(last(claims)).toEqual(last(all));
        expect(compact(again.folding.memory())).toEqual(compact(memory));
      }),
    );
  });
});
