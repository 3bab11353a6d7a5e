/**
 * `npm run sim:crash`: every start × a kill before every port edge × {last fsync, torn tail, kept tail}.
 * `npm run sim:crash -- 12:28:torn` runs one again.
 */

import { crashAt, crashes, tally } from '../../test/sim/crash.ts';
import type { Tear } from '../../test/sim/disk.ts';
import { STARTS } from '../../test/sim/starts.ts';
import { sharded } from './shards.ts';
import { slice } from './slice.ts';

const isIn = slice(process.argv);
const again = process.argv[2];
if (again !== undefined && again !== '--slice') {
  const [id, edge, tear] = again.split(':');
  const start = STARTS[Number(id)];
  if (start === undefined) throw new Error(`no start ${id}`);
  const into = tally();
  await crashAt(start, Number(edge), (tear ?? 'lost') as Tear, into);
  console.log(JSON.stringify(into.findings, null, 2));
} else {
  await sharded('sim:crash', async (share, into) => {
    const mine = STARTS.filter(({ id }) => isIn(id)).filter((_, place) => share.takes(place));
    for (const start of mine) await crashes(start, into);
    return { starts: mine.length };
  });
}
