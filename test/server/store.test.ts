import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '../../src/server/store/lmdb.ts';
import { memoryStore } from '../../src/server/store/memory.ts';
import type { Definition } from '../../src/service/definition.ts';
import { type Store, StoreConflict } from '../../src/service/store.ts';

const at = (version: number, more: Partial<Definition> = {}) =>
  ({ uuid: 'a', user: 'alice', name: 'web', version, ...more }) as Definition;
const put = (definition: Definition) => ({ table: 'definitions', put: definition }) as const;

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'evenkeel-store-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const KINDS: readonly [string, () => Promise<Store>][] = [
  ['memory', async () => memoryStore()],
  ['lmdb', () => openStore(directory)],
];

for (const [kind, open] of KINDS) {
  describe(`the ${kind} store`, () => {
    it('stores a definition only over its predecessor', async () => {
      const store = await open();
      await expect(store.write([put(at(2))])).rejects.toBeInstanceOf(StoreConflict);
      await store.write([put(at(1))]);
      await expect(store.write([put(at(1))])).rejects.toBeInstanceOf(StoreConflict);
      await store.write([put(at(2, { name: 'api' }))]);
      expect(await store.definition('a')).toMatchObject({ version: 2, name: 'api' });
      await store.close();
    });

    it('stores all of a write or none', async () => {
      const store = await open();
      const other = { table: 'engine', key: 'x', put: 1 } as const;
      await expect(store.write([other, put(at(7))])).rejects.toBeInstanceOf(StoreConflict);
      expect((await store.engine()).size).toBe(0);
      await store.close();
    });

    it('lets one of two writers of the same version win', async () => {
      const store = await open();
      const both = await Promise.allSettled([
        store.write([put(at(1, { name: 'one' }))]),
        store.write([put(at(1, { name: 'two' }))]),
      ]);
      expect(both.map((one) => one.status)).toEqual(['fulfilled', 'rejected']);
      expect(await store.definition('a')).toMatchObject({ name: 'one' });
      await store.close();
    });

    it('is not changed by changing what was given to it', async () => {
      const store = await open();
      const value = { containers: [1] };
      await store.write([{ table: 'engine', key: 'x', put: value }]);
      value.containers.push(2);
      expect((await store.engine()).get('x')).toEqual({ containers: [1] });
      await store.close();
    });
  });
}

describe('the lmdb store', () => {
  it('finds everything again after it was closed', async () => {
    const store = await openStore(directory);
    await store.write([put(at(1)), { table: 'engine', key: 'x', put: [1, null, 'ü'] }]);
    await store.write([{ table: 'engine', key: 'y', put: 1 }]);
    await store.write([{ table: 'engine', remove: 'y' }]);
    await store.close();
    const again = await openStore(directory);
    expect(await again.definitions()).toEqual([at(1)]);
    expect([...(await again.engine())]).toEqual([['x', [1, null, 'ü']]]);
    await again.close();
  });

  it('refuses a second opener while the first lives, and says who has it', async () => {
    const store = await openStore(directory);
    await expect(openStore(directory)).rejects.toThrow(`in use by another server (pid ${process.pid})`);
    await store.close();
    await (await openStore(directory)).close();
    expect((await readdir(directory)).filter((name) => name.endsWith('.sock'))).toEqual([]);
  });

  it('lets exactly one of many in at the same moment, also over a dead one', async () => {
    await killedHolder(directory);
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => openStore(directory)));
    const won = tries.filter((one) => one.status === 'fulfilled');
    expect(won).toHaveLength(1);
    for (const one of won) {
      const next = ((await one.value.definition('a'))?.version ?? 0) + 1;
      await one.value.write([put(at(next))]);
      await one.value.close();
    }
  });

  it('lets exactly one of several processes in over a dead one', async () => {
    await killedHolder(directory);
    const children = Array.from({ length: 4 }, () => writer(directory));
    const outcomes = await Promise.all(
      children.map(async (child) => {
        const [event] = await Promise.race([
          once(child.stdout, 'data').then(() => ['in']),
          once(child, 'exit').then(() => ['out']),
        ]);
        return event;
      }),
    );
    for (const child of children) child.kill('SIGKILL');
    expect(outcomes.toSorted()).toEqual(['in', 'out', 'out', 'out']);
  });

  it("keeps every write that was confirmed before a kill -9, and takes the dead one's place", async () => {
    const confirmed = await killedHolder(directory);
    expect(confirmed).toBeGreaterThan(3);
    const store = await openStore(directory);
    const version = (await store.definition('a'))?.version ?? 0;
    expect(version).toBeGreaterThanOrEqual(confirmed);
    expect((await store.engine()).get('twin')).toBe(version);
    await store.close();
  });

  it('works in a directory with a path longer than a socket address', async () => {
    const deep = join(directory, 'x'.repeat(60), 'y'.repeat(60));
    const before = process.cwd();
    process.chdir(directory);
    try {
      const store = await openStore(deep).catch((error: Error) => error);
      if (store instanceof Error) expect(store.message).toContain('too long for its lock');
      else await store.close();
    } finally {
      process.chdir(before);
    }
  });
});

/** A process that writes without end and is killed in the middle; resolves to the last write it was told of. */
async function killedHolder(path: string): Promise<number> {
  const child = writer(path);
  let confirmed = 0;
  for await (const chunk of child.stdout) {
    const lines = String(chunk).trim().split('\n');
    confirmed = Number(lines.at(-1));
    if (confirmed >= 5) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return confirmed;
}

function writer(path: string) {
  return spawn(process.execPath, ['--import', 'tsx', 'test/support/store-child.ts', path], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}
