/** The pieces that verdicts about wishes and about deletes are made of. */
import type { Block, Live, Note } from '../service/service.ts';
import type { MovingState } from '../service/states.ts';
import type { Bench, Verdict, Waiting } from './bench.ts';

/** Every state is noted, or a second *Starting* would be as old as the first. */
export function noteAge(live: Live | undefined, bench: Bench): void {
  if (typeof live?.state === 'string') bench.ages.see(live.uuid, live.state, bench.now().monotonic);
}

export function waitOut(state: MovingState, live: Live | undefined, bench: Bench): Verdict {
  if (live === undefined) return wait({ code: 'list' }, live);
  const now = bench.now().monotonic;
  const since = bench.ages.see(live.uuid, state, now);
  const until = since + bench.settings.deadlines[state];
  if (now >= until) return { kind: 'stalled', state, forMs: now - since, live };
  return wait({ code: 'state', state, until }, live, until - now);
}

/** What was seen long ago is looked at again before anything is done about it. */
export function isOld(uuid: string | undefined, bench: Bench): boolean {
  return bench.now().monotonic - bench.knowledge.seenAt(uuid) > bench.maxAge();
}

export function wait(code: Waiting, live: Live | undefined, ms?: number): Verdict {
  return ms === undefined ? { kind: 'wait', for: code, live } : { kind: 'wait', for: code, live, ms };
}

export function blocked(block: Block, live: Live | undefined): Verdict {
  return { kind: 'blocked', block, live };
}

export function quiet(live: Live | undefined, notes: readonly Note[]): Verdict {
  return { kind: 'in-sync', notes, remember: undefined, live };
}
