/**
 * Runs every case on every engine. At the end the table, case × engine: the whole of it into the file that
 * EVENKEEL_CONTRACT_TABLE names (`.ci/run` prints it), what is not plainly good on the terminal too.
 */
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
import { contractTable } from './table.ts';

const CASES = [
  ...stateCases,
  ...createCases,
  ...updateCases,
  ...operationCases,
  ...listCases,
  ...clientCases,
  ...recordCases,
].toSorted((a, b) => Number(a.alone ?? false) - Number(b.alone ?? false));

const table = contractTable(
  CASES.map(({ name }) => name),
  Object.keys(ENGINES),
);
afterAll(() => table.print());

for (const [engine, start] of Object.entries(ENGINES)) {
  const server = await start();
  if ('skip' in server) {
    table.skipped(engine, server.skip);
    describe.skip(`the contract on ${engine} (${server.skip})`, () => {
      for (const { name } of CASES) it(name, () => {});
    });
    continue;
  }
  describe(`the contract on ${engine}`, () => {
    afterAll(() => server.close());
    for (const { name, alone, run } of CASES) {
      const how = { timeout: server.traits.patienceMs * 6, concurrent: alone !== true };
      // Every case has a user of its own, so they need not wait for each other.
      it(name, how, async () => {
        const api = caseApi(server);
        try {
          await run(api);
          await api.cleanUp();
          table.ended(engine, name, true);
        } catch (error) {
          table.ended(engine, name, false);
          await api.cleanUp().catch(() => undefined);
          throw error;
        }
      });
    }
  });
}
