/** Bytes of a journal damaged, also under a sum that is right → opened, read, written to, read again. */
import { crc32 } from 'node:zlib';
import { openJournal, readJournal } from '../../src/journal/journal.ts';
import { UserError } from '../../src/service/failure.ts';
import type { Memory } from '../../src/service/memory.ts';
import { planOf } from '../support/fleet.ts';
import { memoryFile } from '../support/journal.ts';
import { live, wish } from '../support/services.ts';
import { damage, damageBytes, Rng, warp } from './rng.ts';
import { mustBePristine, mustHold, type Target } from './target.ts';

const RECORDS: readonly object[] = [
  { type: 'evenkeel-journal', version: 1 },
  { type: 'intent', name: 'web', attempt: 'a1', bodyHash: 'h', at: 5, before: ['u9'] },
  { type: 'created', name: 'web', uuid: 'u-web', attempt: 'a1', redeployToken: null },
  { type: 'intent', name: 'db', attempt: 'a2', bodyHash: 'h', at: 6, before: [] },
  { type: 'abandoned', name: 'lb', attempt: 'a3', why: 'no' },
  { type: 'accepted', name: 'web', uuid: 'u-web', verb: 'start', state: 'Starting', at: 7 },
  { type: 'accepted', name: 'web', uuid: 'u-web', verb: 'update', state: 'Scaling', at: 8, difference: 'd' },
  { type: 'token', uuid: 'u-web', token: 't' },
  { type: 'gone', uuid: 'u-old' },
  { type: 'deleted', name: 'old', at: 9 },
  { type: 'failed', name: 'db', attempts: 2, notBefore: 10, message: 'no' },
  { type: 'cleared', name: 'db' },
  { type: 'capabilities', offered: ['patch=all', 'labels'] },
  { type: 'protected', name: 'web', on: true },
  {
    type: 'kept',
    table: 'claims',
    key: 'u-db',
    value: { uuid: 'u-db', name: 'db', redeployToken: null, started: true, gone: false },
  },
  { type: 'kept', table: 'failures', key: 'db', value: { attempts: 1, notBefore: 1, message: 'no' } },
  { type: 'deletes', deletes: [{ name: 'old', at: 3 }] },
];

function line(entry: unknown): string {
  const json = JSON.stringify(entry);
  return `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`;
}

const NOBODY_HEARS = { key: Buffer.from('k'), setAside: async () => 'journal.damaged-1', warn: () => {} };

export function journals(): Target {
  return {
    name: 'journals',
    make(seed) {
      const rng = new Rng(seed, 3);
      const [header, ...rest] = RECORDS;
      const chosen = [header, ...rng.some(12, () => rng.pick(rest))];
      const warped = chosen.map((entry) => (rng.chance(0.15) ? warp(entry, rng) : entry));
      const whole = Buffer.from(warped.map(line).join(''));
      const kind = rng.next();
      if (kind < 0.4) return whole;
      return kind < 0.7 ? damageBytes(whole, rng) : Buffer.from(damage(whole.toString('utf8'), rng));
    },
    async run(input) {
      let memory: Memory;
      try {
        memory = readJournal(input).memory;
      } catch (error) {
        mustHold(error instanceof UserError && error.code === 'EK702', 'reading throws', () => String(error));
        return;
      }
      mustServe(memory);
      const file = memoryFile(input);
      const journal = await openJournal({ ...NOBODY_HEARS, file });
      const tables = JSON.stringify([...memory.claims]);
      mustHold(JSON.stringify([...journal.memory().claims]) === tables, 'opening forgets what reading knew');
      await journal.append({ type: 'intent', name: 'new', attempt: 'a', bodyHash: 'h', at: 1, before: [] });
      const again = readJournal(await file.read());
      mustHold(again.damaged === 0, 'damage is left after opening');
      mustHold(again.memory.intents.get('new')?.attempt === 'a', 'what was written is not there');
      const keeps = (name: 'intents' | 'accepted' | 'protectedNames') =>
        [...memory[name].keys()].every((key) => again.memory[name].has(key));
      mustHold(
        keeps('intents') && keeps('accepted') && keeps('protectedNames'),
        'opening loses what was known',
      );
      mustBePristine();
    },
    close: async () => {},
  };
}

/** Whoever reads the memory can do so. */
function mustServe(memory: Memory): void {
  const services = [live('web', { uuid: 'u-web' }), live('db', { uuid: 'u-db' })];
  planOf({ memory, services, wishes: [wish('web'), wish('new')], safety: { prune: 'owned' } });
}
