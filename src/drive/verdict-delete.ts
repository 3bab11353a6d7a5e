/** What is to be done now about a service that no manifest names: `step` towards its absence, and what may hold that back. */
import { suspensionBlock } from '../decide/held.ts';
import { step } from '../decide/step.ts';
import type { Observed } from '../service/service.ts';
import { backoffLeft } from './attempts.ts';
import type { Bench, Target, Verdict } from './bench.ts';
import { blocked, isOld, noteAge, quiet, wait, waitOut } from './verdicts.ts';

export function judgeDelete(target: Extract<Target, { kind: 'delete' }>, bench: Bench): Verdict {
  const { uuid, name } = target;
  const { knowledge } = bench;
  const live = knowledge.get(uuid);
  noteAge(live, bench);
  if (live === undefined || live.state === 'Terminated') return quiet(live, []);
  if (knowledge.isUnsure(uuid)) return wait({ code: 'look', uuid, name }, live);
  if (!knowledge.isFresh(name, uuid)) return wait({ code: 'list' }, live);
  const seen: Observed =
    typeof live.state === 'string'
      ? {
          exists: true,
          uuid,
          state: live.state,
          fields: live.fields,
          deployedBefore: true,
          redeployToken: undefined,
        }
      : {
          exists: 'unclear',
          uuid,
          state: live.state.unknown,
          deployedBefore: true,
          redeployToken: undefined,
        };
  const policy = {
    allowReplace: false,
    protect: false,
    capabilities: { offered: knowledge.offered, lost: [] },
  };
  const decision = step({ want: 'absent', name }, seen, policy);
  if (decision.kind === 'wait') return waitOut(decision.state, live, bench);
  if (decision.kind === 'blocked') return blocked(decision.block, live);
  if (decision.kind === 'in-sync') return quiet(live, []);
  if (knowledge.doubts(uuid)) return wait({ code: 'look', uuid, name }, live);
  const why = bench.whyUnwanted(name);
  const permit = bench.permits(target, decision.operation);
  if (typeof permit === 'object') return blocked(permit, live);
  if (permit === 'no') return { kind: 'off-plan', operation: decision.operation, why, live };
  const suspension = suspensionBlock(bench.suspended(name));
  if (suspension !== undefined) return blocked(suspension, live);
  for (const id of bench.before(target)) {
    const end = bench.ended(id);
    if (end === 'failed') return blocked({ code: 'dependency', name: id, why: 'failed' }, live);
    if (end === undefined) return wait({ code: 'gate', on: id }, live);
  }
  const failure = bench.journal.memory().failures.get(name);
  const rest = Math.max(backoffLeft(failure, bench.now().wall), bench.pause(target.id));
  if (rest > 0)
    return wait(
      { code: 'backoff', attempts: failure?.attempts ?? 0, message: failure?.message ?? '' },
      live,
      rest,
    );
  if (permit === 'later') return wait({ code: 'turn' }, live);
  if (isOld(uuid, bench)) return wait({ code: 'list' }, live);
  return { ...decision, why, observed: seen, live, priority: 'delete' };
}
