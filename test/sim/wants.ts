/**
 * What no manifest ever asks for, whatever happens: judged from what was sent, what it met and what came of it.
 */
import type { Wish } from '../../src/service/service.ts';
import type { Exchange } from './network.ts';
import type { Known } from './server.ts';
import * as truth from './truth.ts';

/** An oracle's id, whether it is content, and what it says if not. */
export type Opinion = readonly [oracle: string, holds: boolean, text: string];

const AT_REST_DOWN: readonly string[] = ['Init', 'Stopped', 'Not running'];
const COMES_UP: readonly string[] = ['Starting', 'Redeploying', 'Scaling'];

/** Of a write that the server has just carried out. */
export function opinions(exchange: Exchange, known: Known, wish: Wish | undefined): readonly Opinion[] {
  const { verb, name, number, answer, body, fault } = exchange;
  const now = known.versions.at(-1)?.service;
  const before = answer?.before;
  if (now === undefined) return [];
  const what = `#${number} ${verb} ${name}`;
  const said: Opinion[] = [];
  if (verb === 'create') {
    const marked = truth.ownerOf(now.spec) !== undefined;
    said.push(['O28', marked, `${what} without a mark of ownership`]);
  }
  if (before === undefined) return said;
  if (verb === 'update') {
    const kept = truth.ownerOf(before.spec) === truth.ownerOf(now.spec);
    said.push(['O28', kept, `${what} changes whose it is`]);
  }
  const none = wish?.spec.target_num_containers === 0 && !wish.ignore.includes('target_num_containers');
  const down = wish?.want === 'stopped' || none;
  if (down && AT_REST_DOWN.includes(before.state)) {
    // A change of what shapes containers goes through Redeploying also where there are to be none.
    const empty = now.spec['target_num_containers'] === 0;
    said.push([
      'O29',
      empty || !COMES_UP.includes(now.state),
      `${what}, wished to be down, from ${before.state}`,
    ]);
  }
  // What was given up and arrives late may have been asked for again meanwhile: nothing can prevent that.
  const late = typeof fault?.arrives === 'number';
  if (verb === 'redeploy' && before.state === 'Running' && !late) {
    const { token } = JSON.parse(body ?? '{}') as { token?: string };
    const again = token !== undefined && token === before.token;
    said.push(['O30', !again, `${what} for a token that was served`]);
  }
  return said;
}
