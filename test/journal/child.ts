/**
 * Run by crash.test.ts in a process of its own: appends numbered records for ever and prints each number once its
 * record is said to be on disk. When one rejects, a small one is
 * appended, which still fits.
 */
import { randomUUID } from 'node:crypto';
import { writeSync } from 'node:fs';
import { openState } from '../../src/journal/statedir.ts';

const [base = '', from = '0', together = '3'] = process.argv.slice(2);
const state = await openState({
  base,
  origin: 'http://127.0.0.1:1',
  owner: 'default',
  warn: (message) => writeSync(1, `warned ${message}\n`),
  clock: { monotonic: () => 0, wall: () => Date.now(), sleep: async () => {} },
  random: { next: () => 0, uuid: () => randomUUID() },
});
writeSync(1, 'open\n');
let full = false;
const append = async (number: number) => {
  try {
    await state.journal.append({ type: 'token', uuid: `u${number}`, token: 'x'.repeat(200) });
    writeSync(1, `${number}\n`);
  } catch (error) {
    writeSync(1, `rejected ${error instanceof Error && 'code' in error ? error.code : error}\n`);
    full = true;
  }
};
const batch = Number(together);
for (let number = Number(from); !full; number += batch)
  await Promise.all(Array.from({ length: batch }, (_, index) => append(number + index)));
await state.journal.append({ type: 'protected', name: 'small', on: true });
writeSync(1, 'small\n');
