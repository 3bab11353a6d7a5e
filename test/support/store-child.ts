/** Writes to a store for ever and says which write was confirmed; made to be killed. */
import { openStore } from '../../src/server/store/lmdb.ts';
import type { Definition } from '../../src/service/definition.ts';

const store = await openStore(process.argv[2] ?? '');
const before = (await store.definition('a'))?.version ?? 0;
for (let version = before + 1; ; version++) {
  await store.write([
    { table: 'definitions', put: { uuid: 'a', version } as Definition },
    { table: 'engine', key: 'twin', put: version },
  ]);
  process.stdout.write(`${version}\n`);
}
