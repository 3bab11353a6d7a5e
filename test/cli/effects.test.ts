/** What `npm start` tells: an effect after its cause, whichever was known first. */
import { expect, it } from 'vitest';
import { inOrder } from '../../src/cli/effects.ts';
import { progressLine } from '../../src/render/progress.ts';
import type { Event } from '../../src/service/event.ts';
import { virtualClock } from '../support/clock.ts';

const patch: Event = {
  type: 'operation:accepted',
  name: 'web',
  uuid: 'u',
  operation: { verb: 'update', uuid: 'u', patch: { target_num_containers: 7 } },
  why: { code: 'missing' },
  before: { state: 'Running', target: 2 },
  state: 'Scaling',
};
const scaling: Event = { type: 'service:decided', name: 'web', decision: 'wait', state: 'Scaling' };
const inSync: Event = { type: 'service:in-sync', name: 'web', state: 'Running' };
const PATCH = 'web PATCH target_num_containers 2→7';

function teller() {
  const clock = virtualClock();
  const lines: string[] = [];
  const tell = inOrder((event) => lines.push(progressLine(event) ?? ''), {
    clock,
    stop: new AbortController().signal,
  });
  return { clock, lines, tell };
}

it.each([
  ['the request', [patch, scaling, inSync]],
  ['the state', [scaling, patch, inSync]],
] as const)('tells the request before the state, where %s is known first', async (_, events) => {
  const { clock, lines, tell } = teller();
  for (const event of events) tell(event);
  await clock.advance(5_000);
  expect(lines).toEqual([PATCH, 'web → Scaling', 'web in sync (Running)']);
});

it('tells a state at once when its request was told, and again what the next request leads to', () => {
  const { lines, tell } = teller();
  for (const event of [patch, scaling]) tell(event);
  expect(lines).toEqual([PATCH, 'web → Scaling']);
  for (const event of [inSync, scaling, patch]) tell(event);
  expect(lines.slice(2)).toEqual(['web in sync (Running)', PATCH, 'web → Scaling']);
});

it('tells a state that nobody here asked for a second later, or before other news of its service', async () => {
  const { clock, lines, tell } = teller();
  tell(scaling);
  tell({ ...inSync, name: 'db' });
  expect(lines).toEqual(['db in sync (Running)']);
  await clock.advance(1_000);
  expect(lines).toEqual(['db in sync (Running)', 'web → Scaling']);
  tell(scaling);
  tell(inSync);
  await clock.advance(5_000);
  expect(lines.slice(2)).toEqual(['web → Scaling', 'web in sync (Running)']);
});
