import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { thisProcess } from '../../src/journal/holder.ts';
import { takeLock } from '../../src/journal/lock.ts';
import { openState, readState, type State, stateDirFor } from '../../src/journal/statedir.ts';
import { seededRandom, virtualClock } from '../support/clock.ts';

let base: string;
let warnings: string[];
let states: State[];
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'evenkeel-state-'));
  warnings = [];
  states = [];
});
afterEach(async () => {
  for (const state of states) await state.close().catch(() => {});
  rmSync(base, { recursive: true, force: true });
});

const options = (more: { origin?: string; owner?: string; base?: string } = {}) => ({
  base: join(base, 'state'),
  origin: 'http://127.0.0.1:8800',
  owner: 'default',
  warn: (message: string) => void warnings.push(message),
  ...more,
});

async function open(more: Parameters<typeof options>[0] = {}, seed = 1): Promise<State> {
  const state = await openState({ ...options(more), clock: virtualClock(), random: seededRandom(seed) });
  states.push(state);
  return state;
}

const everything = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const { mode, size, mtimeMs } = statSync(join(folder, name));
      return [name, mode, size, mtimeMs];
    });

describe('the state directory', () => {
  it('has one folder for each origin and owner, with a name any file system takes', () => {
    const names = [
      ['http://127.0.0.1:8800', 'default'],
      ['http://127.0.0.1:8800', 'team-a'],
      ['https://127.0.0.1:8800', 'default'],
      ['http://[::1]:8800', 'default'],
      [`https://${'a.'.repeat(120)}example`, 'x'.repeat(63)],
      [`https://${'a.'.repeat(121)}example`, 'x'.repeat(63)],
    ].map(([origin = '', owner = '']) => stateDirFor('/base', origin, owner));
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^\/base\/[\w.-]{1,200}$/);
  });

  it('keeps what was appended, for its owner only', async () => {
    const first = await open();
    const hash = first.journal.hash('x');
    await first.journal.append({ type: 'token', uuid: 'u', token: 't' });
    for (const [name, mode] of everything(join(base, 'state')))
      expect([name, Number(mode) & 0o077]).toEqual([name, 0]);
    expect(statSync(first.directory).mode & 0o777).toBe(0o700);
    await first.close();
    const second = await open({}, 2);
    expect(second.journal.memory().tokens.get('u')).toBe('t');
    expect(second.journal.hash('x')).toBe(hash);
    const other = await open({ owner: 'other' }, 3);
    expect(other.journal.memory().tokens.size).toBe(0);
    expect(other.journal.hash('x')).not.toBe(hash);
  });

  it('is read for a plan without a lock, a file or a touch', async () => {
    const state = await open();
    await state.journal.append({ type: 'token', uuid: 'u', token: 't' });
    const before = everything(base);
    const read = await readState(options());
    expect(read.memory.tokens.get('u')).toBe('t');
    expect(read.hash('x')).toBe(state.journal.hash('x'));
    const none = await readState(options({ base: join(base, 'none') }));
    expect(none.memory.tokens.size).toBe(0);
    expect(none.hash('x')).toHaveLength(32);
    expect(everything(base)).toEqual(before);
  });

  it('cuts off a torn line, and keeps a damaged journal aside', async () => {
    const state = await open();
    for (const uuid of ['u1', 'u2', 'u3']) await state.journal.append({ type: 'token', uuid, token: 't' });
    await state.close();
    const path = join(state.directory, 'journal');
    writeFileSync(path, `${readFileSync(path, 'utf8').replace('u2', 'uX')}half a li`);
    const again = await open();
    expect([...again.journal.memory().tokens.keys()]).toEqual(['u1', 'u3']);
    expect(warnings.join()).toContain('journal.damaged-1');
    expect(existsSync(join(state.directory, 'journal.damaged-1'))).toBe(true);
    await again.close();
    warnings.length = 0;
    expect([...(await open()).journal.memory().tokens.keys()]).toEqual(['u1', 'u3']);
    expect(warnings).toEqual([]);
  });

  it('that cannot be made or read is a clear error', async () => {
    writeFileSync(join(base, 'file'), '');
    await expect(open({ base: join(base, 'file') })).rejects.toMatchObject({ code: 'EK703' });
    const state = await open();
    await state.close();
    rmSync(join(state.directory, 'journal'));
    const { mkdirSync } = await import('node:fs');
    mkdirSync(join(state.directory, 'journal'));
    await expect(open()).rejects.toMatchObject({ code: 'EK703' });
    await expect(readState(options())).rejects.toMatchObject({ code: 'EK703' });
  });
});

describe('the lock', () => {
  const locks = () => readdirSync(base).filter((name) => name.startsWith('lock'));
  const put = (number: number, holder: object | string) =>
    writeFileSync(join(base, `lock.${number}`), typeof holder === 'string' ? holder : JSON.stringify(holder));

  it('is refused while its holder lives, naming it and since when', async () => {
    await open();
    const error = open({}, 2);
    await expect(error).rejects.toMatchObject({ code: 'EK701', exit: 1 });
    await expect(error).rejects.toThrow(`process ${process.pid}, since 2026-01-01T00:00:00.000Z`);
    await expect(error).rejects.toThrow('or stop it');
  });

  it('is free again after it was let go, and leaves one small file', async () => {
    for (let round = 0; round < 3; round++) await (await takeLock(base, 0, `r${round}`)).release();
    expect(locks()).toHaveLength(1);
    await takeLock(base, 0, 'last');
  });

  it('is taken over from a process that ended, started at another time, or ran before the boot', async () => {
    const me = await thisProcess(0);
    const stale = [
      { ...me, pid: 2 ** 22 + 1 },
      { ...me, start: '1' },
      { ...me, boot: 'another' },
      { ...me, pid: -1 },
      { ...me, released: true },
      'not a holder',
      '',
    ];
    for (const [index, holder] of stale.entries()) {
      put(1000 * (index + 1), holder);
      await takeLock(base, 0, `t${index}`);
      expect(locks()).toEqual([`lock.${1000 * (index + 1) + 1}`]);
      await expect(takeLock(base, 0, `again${index}`)).rejects.toMatchObject({ code: 'EK701' });
    }
  });

  it('of a dead process goes to exactly one of many that want it', async () => {
    const me = await thisProcess(0);
    for (let round = 0; round < 20; round++) {
      put(100 * (round + 1), { ...me, pid: 2 ** 22 + 1 });
      const tries = Array.from({ length: 12 }, (_, index) => takeLock(base, 0, `${round}-${index}`));
      const won = (await Promise.allSettled(tries)).filter((one) => one.status === 'fulfilled');
      expect(won).toHaveLength(1);
    }
  });

  it('leaves no draft behind, whoever wins', async () => {
    await takeLock(base, 0, 'a');
    await takeLock(base, 0, 'b').catch(() => {});
    expect(locks()).toEqual(['lock.1']);
    chmodSync(base, 0o700);
  });
});
