/**
 * `npm run sim:pairs`: sixty starts × every two kills, every fault and a later kill, every kill and a later fault.
 * `npm run sim:pairs -- 12:4:reset-after:33` runs one again, `-- 12:-:-:5+9` two kills.
 */
import { tally } from '../../test/sim/crash.ts';
import { PAIR_STARTS, pairs, troubled } from '../../test/sim/pairs.ts';
import { STARTS } from '../../test/sim/starts.ts';
import { sharded } from './shards.ts';
import { slice } from './slice.ts';

const isIn = slice(process.argv);
const again = process.argv[2];
if (again !== undefined && again !== '--slice') {
  const [id, request, name = '', kills = ''] = again.split(':');
  const start = STARTS[Number(id)];
  if (start === undefined) throw new Error(`no start ${id}`);
  const into = tally();
  const { world } = await troubled(
    start,
    {
      kills: kills.split('+').filter(Boolean).map(Number),
      ...(request === '-' ? {} : { fault: [Number(request), name] as const }),
    },
    into,
    (await troubled(start, { kills: [] }, tally(), undefined)).world,
  );
  for (const { number, at, process: life, verb, name: of, answer, fault } of world.network.log) {
    console.log(number, at, life, verb, of, answer?.status, fault?.name ?? '');
  }
  console.log(JSON.stringify(into.findings, null, 2));
} else {
  await sharded('sim:pairs', async (share, into) => {
    const mine = PAIR_STARTS.filter((_, place) => isIn(place)).filter((_, place) => share.takes(place));
    const sum = { starts: mine.length, 'two kills': 0, 'a fault, then a kill': 0, 'a kill, then a fault': 0 };
    for (const start of mine) {
      const numbers = await pairs(start, into);
      sum['two kills'] += numbers['two kills'];
      sum['a fault, then a kill'] += numbers['a fault, then a kill'];
      sum['a kill, then a fault'] += numbers['a kill, then a fault'];
    }
    return sum;
  });
}
