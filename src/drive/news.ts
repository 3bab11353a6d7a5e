/** What is worth an event when the verdict about a service is another one than before. */
import type { Event } from '../service/event.ts';
import type { Target, Verdict } from './bench.ts';

export function describe(target: Target, before: Verdict | undefined, now: Verdict): Event | undefined {
  if (before !== undefined && sameNews(before, now)) return undefined;
  const { name } = target;
  const live = now.live;
  const state =
    live === undefined ? undefined : typeof live.state === 'string' ? live.state : live.state.unknown;
  switch (now.kind) {
    case 'in-sync':
      return { type: 'service:in-sync', name, state };
    case 'blocked':
      return { type: 'service:blocked', name, block: now.block };
    case 'stalled':
      return {
        type: 'service:stalled',
        name,
        state: now.state,
        forMs: now.forMs,
        evidence: live?.note ?? 'the server gives no reason',
      };
    case 'off-plan':
      return { type: 'service:off-plan', name, verb: now.operation.verb, why: now.why };
    case 'wait':
      return { type: 'service:decided', name, decision: 'wait', state };
    case 'act':
      return undefined;
  }
}

function sameNews(before: Verdict, now: Verdict): boolean {
  if (before.kind !== now.kind) return false;
  if (before.kind === 'blocked' && now.kind === 'blocked') {
    return JSON.stringify(before.block) === JSON.stringify(now.block);
  }
  if (before.kind === 'wait' && now.kind === 'wait') {
    if (now.for.code !== 'state') return true;
    return before.for.code === 'state' && before.for.state === now.for.state;
  }
  return true;
}
