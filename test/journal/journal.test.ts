import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fold } from '../../src/journal/fold.ts';
import { openJournal } from '../../src/journal/journal.ts';
import { encode } from '../../src/journal/lines.ts';
import type { Record } from '../../src/service/memory.ts';
import { anyRecord, type MemoryFile, memoryFile } from '../support/journal.ts';

const KEY = Buffer.from('a key of the test');

async function opened(file: MemoryFile) {
  const warnings: string[] = [];
  const aside: Uint8Array[] = [];
  const journal = await openJournal({
    file,
    key: KEY,
    setAside: async (bytes) => `aside-${aside.push(bytes)}`,
    warn: (message) => warnings.push(message),
  });
  return { journal, warnings, aside };
}

const script = fc.sample(anyRecord, { numRuns: 40, seed: 7 });

async function written(records: readonly Record[]) {
  const file = memoryFile();
  const { journal } = await opened(file);
  for (const record of records) await journal.append(record);
  return file;
}

describe('the journal', () => {
  it('gives back what was appended', async () => {
    const file = await written(script);
    expect((await opened(file)).journal.memory()).toEqual(fold(script));
  });

  it('cut at any byte opens as all that had resolved by then, and goes on from there', async () => {
    const { bytes, ends } = await written(script);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const resolved = ends.filter((end) => end <= cut).length;
      const file = memoryFile(bytes.slice(0, cut));
      const { journal, warnings } = await opened(file);
      const all = [fold(script.slice(0, resolved)), fold(script.slice(0, resolved + 1))];
      expect(all).toContainEqual(journal.memory());
      expect(warnings).toEqual([]);
      const seen = fold(
        [
          { type: 'gone', uuid: 'u1' },
          { type: 'token', uuid: 'u8', token: 'new' },
        ],
        journal.memory(),
      );
      await journal.append({ type: 'gone', uuid: 'u1' });
      await journal.append({ type: 'token', uuid: 'u8', token: 'new' });
      expect((await opened(file)).journal.memory()).toEqual(seen);
    }
  });

  it('changed at any byte of the middle loses that line only, sets the file aside and says so', async () => {
    const tokens = Array.from(
      { length: 12 },
      (_, index): Record => ({
        type: 'token',
        uuid: `u${index}`,
        token: 't',
      }),
    );
    const { bytes, ends } = await written(tokens);
    const middle = ends.at(-2) ?? 0;
    for (let at = 0; at < middle - 1; at++) {
      const damaged = Uint8Array.from(bytes);
      damaged[at] = (damaged[at] ?? 0) ^ 0x15;
      const { journal, warnings, aside } = await opened(memoryFile(damaged));
      expect(journal.memory().tokens.size).toBeGreaterThanOrEqual(10);
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toContain('aside-1');
      expect(aside).toEqual([damaged]);
    }
  });

  it('filled with rubbish is said to be damaged or starts anew, and never throws', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        const { journal } = await opened(memoryFile(bytes));
        await journal.append({ type: 'token', uuid: 'u', token: 't' });
        expect(journal.memory().tokens.get('u')).toBe('t');
      }),
    );
  });

  it('of a newer version is refused and left as it is', async () => {
    const bytes = Buffer.from(encode({ type: 'evenkeel-journal', version: 2 }));
    const file = memoryFile(bytes);
    await expect(opened(file)).rejects.toMatchObject({ code: 'EK702' });
    expect(file.bytes).toBe(bytes);
  });

  it('puts appends that come together on disk together, in order', async () => {
    const file = memoryFile();
    const { journal } = await opened(file);
    const done: number[] = [];
    const tokens = Array.from({ length: 50 }, (_, index) => `t${index}`);
    await Promise.all(
      tokens.map((token, index) =>
        journal.append({ type: 'token', uuid: 'u', token }).then(() => void done.push(index)),
      ),
    );
    expect(done).toEqual(tokens.map((_, index) => index));
    expect(journal.memory().tokens.get('u')).toBe('t49');
    expect(file.ends.length).toBeLessThanOrEqual(2);
  });

  it('rejects what cannot be written, does not remember it, and loses nothing else', async () => {
    const file = memoryFile();
    const { journal } = await opened(file);
    await journal.append({ type: 'token', uuid: 'u1', token: 'kept' });
    file.fault = new Error('no space left');
    await expect(journal.append({ type: 'token', uuid: 'u2', token: 'lost' })).rejects.toThrow(
      'no space left',
    );
    expect(journal.memory().tokens.has('u2')).toBe(false);
    file.fault = undefined;
    await journal.append({ type: 'token', uuid: 'u3', token: 'kept' });
    expect([...(await opened(file)).journal.memory().tokens.keys()]).toEqual(['u1', 'u3']);
  });

  it('is rewritten when it is large and mostly history, and a failure of that costs nothing', async () => {
    const file = memoryFile();
    const { journal, warnings } = await opened(file);
    const replace = file.replace;
    const message = 'x'.repeat(20_000);
    file.replace = () => Promise.reject(new Error('no space left'));
    for (let number = 0; number < 60; number++)
      await journal.append({ type: 'failed', name: 'web', attempts: number, notBefore: 0, message });
    expect(warnings).toHaveLength(1);
    expect(file.bytes.length).toBeGreaterThan(1_100_000);
    file.replace = replace;
    for (let number = 60; number < 130; number++)
      await journal.append({ type: 'failed', name: 'web', attempts: number, notBefore: 0, message });
    expect(file.bytes.length).toBeLessThan(700_000);
    expect((await opened(file)).journal.memory().failures.get('web')?.attempts).toBe(129);
  });

  it('hashes with its key, so that equal texts can be told without being stored', async () => {
    const { journal } = await opened(memoryFile());
    const other = await openJournal({
      file: memoryFile(),
      key: Buffer.from('another key'),
      setAside: async () => '',
      warn: () => {},
    });
    expect(journal.hash('secret')).toBe(journal.hash('secret'));
    expect(journal.hash('secret')).not.toBe(journal.hash('secret '));
    expect(journal.hash('secret')).not.toBe(other.hash('secret'));
    expect(journal.hash('secret')).not.toContain('secret');
  });

  it('takes nothing after it was closed', async () => {
    const { journal } = await opened(memoryFile());
    const last = journal.append({ type: 'gone', uuid: 'u' });
    await journal.close();
    await last;
    await expect(journal.append({ type: 'gone', uuid: 'u' })).rejects.toThrow('closed');
  });
});
