/**
 * `npm run sim:fault`: every start × every request × every fault of the network, before and after it is carried out, and
 * somebody else's hand in between. `npm run sim:fault -- 12:4:reset-after` runs one again.
 */
import { tally } from '../../test/sim/crash.ts';
import { faultAt, faults } from '../../test/sim/fault.ts';
import { FAULTS } from '../../test/sim/faults.ts';
import { STARTS } from '../../test/sim/starts.ts';
import { sharded } from './shards.ts';
import { slice } from './slice.ts';

const isIn = slice(process.argv);
const again = process.argv[2];
if (again !== undefined && again !== '--slice') {
  const [id, request, ...name] = again.split(':');
  const start = STARTS[Number(id)];
  if (start === undefined) throw new Error(`no start ${id}`);
  const into = tally();
  const world = await faultAt(start, Number(request), name.join(':'), into);
  for (const { number, at, process: life, verb, name: of, answer, fault } of world.network.log) {
    console.log(number, at, life, verb, of, answer?.status, fault?.name ?? '');
  }
  console.log(JSON.stringify(into.findings, null, 2));
} else {
  await sharded('sim:fault', async (share, into) => {
    const mine = STARTS.filter(({ id }) => isIn(id)).filter((_, place) => share.takes(place));
    for (const start of mine) await faults(start, into);
    return { starts: mine.length, 'kinds of fault': share.index === 0 ? FAULTS.length : 0 };
  });
}
