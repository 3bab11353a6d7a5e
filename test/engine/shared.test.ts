import { expect, it } from 'vitest';
import { shared } from '../../src/engine/swarm/shared.ts';

/** A read that ends when it is told to, and says what it was asked for. */
function manual() {
  const reads: { readonly asked: readonly string[]; end(): void; fail(): void }[] = [];
  const ask = shared(
    (asked: ReadonlySet<string>) =>
      new Promise<string>((resolve, reject) => {
        const number = reads.length + 1;
        reads.push({
          asked: [...asked],
          end: () => resolve(`read ${number}`),
          fail: () => reject(new Error(`read ${number} failed`)),
        });
      }),
  );
  return { reads, ask };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

it('answers all who ask while a read is under way by one that begins after it, of all that they ask for', async () => {
  const { reads, ask } = manual();
  const first = ask(['a']);
  await turn();
  const others = [ask(['b']), ask(['c', 'b'])];
  await turn();
  expect(reads.map(({ asked }) => asked)).toEqual([['a']]);
  reads[0]?.end();
  expect(await first).toBe('read 1');
  await turn();
  expect(reads.map(({ asked }) => asked)).toEqual([['a'], ['b', 'c']]);
  reads[1]?.end();
  expect(await Promise.all(others)).toEqual(['read 2', 'read 2']);
});

it('tells a failure to those who asked for that read only', async () => {
  const { reads, ask } = manual();
  const first = ask(['a']);
  await turn();
  const second = ask(['b']);
  reads[0]?.fail();
  await expect(first).rejects.toThrow('read 1 failed');
  await turn();
  reads[1]?.end();
  expect(await second).toBe('read 2');
});
