/** Runs every case on every engine. The reporter's output is the table: case × engine. */
import { afterAll, describe, it } from 'vitest';
import { caseApi } from './case.ts';
import { clientCases } from './cases/clients.ts';
import { createCases } from './cases/create.ts';
import { listCases } from './cases/list.ts';
import { operationCases } from './cases/operations.ts';
import { recordCases } from './cases/records.ts';
import { stateCases } from './cases/states.ts';
import { updateCases } from './cases/update.ts';
import { ENGINES } from './engines.ts';

const CASES = [
  ...stateCases,
  ...createCases,
  ...updateCases,
  ...operationCases,
  ...listCases,
  ...clientCases,
  ...recordCases,
];

for (const [engine, start] of Object.entries(ENGINES)) {
  const server = await start();
  if ('skip' in server) {
    describe.skip(`the contract on ${engine} (${server.skip})`, () => {
      for (const { name } of CASES) it(name, () => {});
    });
    continue;
  }
  describe(`the contract on ${engine}`, () => {
    afterAll(() => server.close());
    // Every case has a user of its own, so they need not wait for each other.
    for (const { name, run } of CASES)
      it.concurrent(name, { timeout: server.traits.patienceMs * 6 }, async () => {
        const api = caseApi(server);
        try {
          await run(api);
        } finally {
          await api.cleanUp();
        }
      });
  });
}
