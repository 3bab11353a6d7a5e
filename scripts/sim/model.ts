/**
 * `npm run sim:model`: every node of `step` with every answer of a server, and the create protocol from every state that
 * a crash or a fault can leave. Prints how many there are, and ends with 0 only if nothing is wrong with any.
 */
import { explore, wanted } from '../../test/sim/model.ts';
import { protocol, SCENES, type Scene } from '../../test/sim/protocol.ts';
import { sharded } from './shards.ts';
import { slice } from './slice.ts';

const SCENES_IN_ORDER = Object.keys(SCENES) as readonly Scene[];

const isIn = slice(process.argv);
const isWhole = !process.argv.includes('--slice');

await sharded(
  'sim:model',
  async (share, into) => {
    const numbers: Record<string, number> = {};
    const add = (what: string, more: number) => {
      numbers[what] = (numbers[what] ?? 0) + more;
    };
    for (const [place, one] of [...wanted()].filter((_, at) => isIn(at)).entries()) {
      if (!share.takes(place)) continue;
      const { nodes, edges, circles, mostWrites, decisions, ends, wrong } = explore(one);
      add('wishes and policies', 1);
      add('nodes of step', nodes);
      add('answers', edges);
      add('circles of writes, each with a way out', circles);
      numbers['most writes until the end'] = Math.max(numbers['most writes until the end'] ?? 0, mostWrites);
      for (const [what, times] of Object.entries(decisions)) add(`nodes that decide ${what}`, times);
      for (const [how, times] of Object.entries(ends)) add(`nodes that end ${how}`, times);
      if (wrong.length > 0)
        into.findings.push({
          seed: `wish ${place}`,
          text: JSON.stringify(one),
          wrong: wrong.slice(0, 5),
        });
    }
    for (const [at, scene] of SCENES_IN_ORDER.entries()) {
      if (!share.takes(at)) continue;
      const { states, lives, longest } = await protocol(scene, into, isWhole ? undefined : 4);
      add(`${scene}: states of journal and server`, states);
      add(`${scene}: lives that lead there`, lives);
      add(`${scene}: deaths and faults in a row`, longest);
    }
    return numbers;
  },
  (numbers) => {
    const nodes = numbers['nodes of step'] ?? 0;
    return nodes > 1_000_000 || !isWhole ? [] : [`only ${nodes} nodes`];
  },
);
