/**
 * What is to be done about one service now: `step`, and everything outside of the service that may hold it back.
 *
 * Asked when a name is woken and again when its place is granted. It changes nothing; `fleet.ts` acts on the answer.
 */

import { gates, isGated, unresolvedLinks } from '../decide/links.ts';
import { type Match, match } from '../decide/match.ts';
import { capabilitiesFrom } from '../decide/plan.ts';
import { step } from '../decide/step.ts';
import { liveUuid, question } from '../decide/survey.ts';
import type { Memory } from '../service/memory.ts';
import type { Block, Wish } from '../service/service.ts';
import { backoffLeft } from './attempts.ts';
import type { Bench, Target, Verdict } from './bench.ts';

import { judgeDelete } from './verdict-delete.ts';
import { blocked, isOld, noteAge, quiet, wait, waitOut } from './verdicts.ts';

export function judge(target: Target, bench: Bench): Verdict {
  return target.kind === 'wish' ? judgeWish(target, bench) : judgeDelete(target, bench);
}

function judgeWish(target: Target, bench: Bench): Verdict {
  const wish = bench.wish(target.name);
  if (wish === undefined) return quiet(undefined, []);
  const { verified, verdict } = look(wish, bench);
  if (verdict.kind !== 'act') return verdict;
  return holdBack(target, wish, verdict, verified, bench, bench.journal.memory()) ?? verdict;
}

/** What `step` says about one manifest now, or why it cannot be asked yet. */
function look(wish: Wish, bench: Bench): { readonly verdict: Verdict; readonly verified: boolean } {
  const { name } = wish;
  const { knowledge } = bench;
  const only = (verdict: Verdict) => ({ verdict, verified: false });
  if (wish.frozen === true) return only(quiet(undefined, [{ code: 'frozen' }]));
  if (knowledge.lists === 0) return only(wait({ code: 'list' }, undefined));
  const memory = bench.journal.memory();
  const seen = matchNow(wish, bench, memory);
  const live = seen.kind === 'matched' || seen.kind === 'foreign' ? seen.live : undefined;
  noteAge(live, bench);
  const twice = bench.duplicates(name);
  if (twice !== undefined) return only(blocked({ code: 'duplicate-create', uuids: twice }, live));
  const unread = knowledge
    .named(name)
    .find((one) => (one.state !== 'Terminated' || wish.runOnce) && knowledge.needsDetail(one.uuid));
  if (unread !== undefined) return only(wait({ code: 'look', uuid: unread.uuid, name }, live));
  const capabilities = capabilitiesFrom(knowledge.offered, memory);
  const asked = question(wish, seen, capabilities, (other) => uuidNow(other, bench));
  if (asked.kind === 'blocked') return only(blocked(asked.block, live));
  if (live === undefined && !memory.intents.has(name)) {
    const unsure = bench.claims(name).find((claim) => !claim.gone && knowledge.get(claim.uuid) === undefined);
    if (unsure !== undefined) return only(wait({ code: 'look', uuid: unsure.uuid, name }, live));
  }
  if (live !== undefined && knowledge.isUnsure(live.uuid)) {
    return only(wait({ code: 'look', uuid: live.uuid, name }, live));
  }
  if (!knowledge.isFresh(name, live?.uuid)) return only(wait({ code: 'list' }, live));
  const { verified, observed } = asked;
  const decision = step(asked.desired, observed, asked.policy);
  switch (decision.kind) {
    case 'in-sync':
      return only({ ...decision, live });
    case 'blocked':
      return only({ ...decision, live });
    case 'wait':
      return only(waitOut(decision.state, live, bench));
    case 'act':
      return { verified, verdict: { ...decision, observed, live, priority: 'write' } };
  }
}

type Act = Extract<Verdict, { kind: 'act' }>;

/** The first thing that stands against an operation which `step` asks for; undefined lets it go. */
function holdBack(
  target: Target,
  wish: Wish,
  act: Act,
  verified: boolean,
  bench: Bench,
  memory: Memory,
): Verdict | undefined {
  const { operation, why, observed, live } = act;
  const { name } = wish;
  if (live !== undefined && bench.knowledge.doubts(live.uuid)) {
    return wait({ code: 'look', uuid: live.uuid, name }, live);
  }
  const intent = memory.intents.get(name);
  if (intent !== undefined && !(operation.verb === 'create' && bench.canResend(wish, operation))) {
    return wait({ code: 'uncertain' }, live);
  }
  if (wish.unknowns.length > 0) return blocked({ code: 'unset', unknowns: wish.unknowns }, live);
  if (operation.verb === 'terminate' && !verified) {
    return blocked({ code: 'unverified', uuid: operation.uuid }, live);
  }
  const held = bench.held(wish, { kind: 'act', operation, why }, observed);
  if (held !== undefined) return blocked(held, live);
  const gate = isGated(operation, why, observed) ? closedGate(wish, bench) : undefined;
  if (gate !== undefined)
    return gate.block !== undefined ? blocked(gate.block, live) : wait({ code: 'gate', on: gate.on }, live);
  const unlinked = unresolvedLinks(operation)[0];
  if (unlinked !== undefined) {
    const block = neverLinked(unlinked, bench);
    return block === undefined ? wait({ code: 'gate', on: unlinked }, live) : blocked(block, live);
  }
  const permit = bench.permits(target, operation);
  if (typeof permit === 'object') return blocked(permit, live);
  if (permit === 'no') return { kind: 'off-plan', operation, why, live };
  const { monotonic, wall } = bench.now();
  const failure = memory.failures.get(name);
  const rest = Math.max(backoffLeft(failure, wall), bench.pause(target.id));
  if (rest > 0) {
    const { attempts, message } = failure ?? { attempts: 0, message: '' };
    return wait({ code: 'backoff', attempts, message }, live, rest);
  }
  if (why.code === 'state' && why.state === 'Partly running' && live !== undefined) {
    const left = bench.ages.see(live.uuid, why.state, monotonic) + bench.settings.healAfterMs - monotonic;
    if (left > 0) return wait({ code: 'heal' }, live, left);
  }
  if (permit === 'later') return wait({ code: 'turn' }, live);
  return isOld(live?.uuid, bench) ? wait({ code: 'list' }, live) : undefined;
}

/** The first dependency that has not reached its own wish (design §6). */
function closedGate(wish: Wish, bench: Bench): { readonly on: string; readonly block?: Block } | undefined {
  for (const name of wish.dependsOn) {
    const dependency = bench.wish(name);
    if (dependency === undefined || !gates(dependency)) continue;
    const end = bench.suspended(name) === undefined ? bench.ended(name) : undefined;
    if (end === 'failed') return { on: name, block: { code: 'dependency', name, why: 'failed' } };
    const verdict = reach(dependency, bench);
    if (verdict === 'blocked' || verdict === 'stalled') {
      return { on: name, block: { code: 'dependency', name, why: verdict } };
    }
    if (verdict === 'no') return { on: name };
  }
  return undefined;
}

/** Why a link to `name`, which has no uuid now, can never be made; undefined: it will have one. */
function neverLinked(name: string, bench: Bench): Block | undefined {
  const target = bench.wish(name);
  const reached = target === undefined || bench.ended(name) === 'failed' ? 'missing' : reach(target, bench);
  if (reached === 'no') return undefined;
  return { code: 'dependency', name, why: reached === 'yes' ? 'missing' : reached };
}

/** Whether a dependency is where it wishes to be; a `run_once` one is when it has ended. */
function reach(dependency: Wish, bench: Bench): 'yes' | 'no' | 'blocked' | 'stalled' {
  // Nothing is done about it now, so that it could never reach its wish: what runs is enough.
  if (dependency.frozen === true || bench.suspended(dependency.name) !== undefined) {
    const [live, ...others] = bench.knowledge
      .named(dependency.name)
      .filter((one) => one.state !== 'Terminated');
    const ended = live === undefined || live.state === 'Stopped' || live.state === 'Not running';
    return others.length === 0 && (dependency.runOnce ? ended : live?.state === 'Running') ? 'yes' : 'no';
  }
  const { verdict } = look(dependency, bench);
  if (verdict.kind === 'blocked' || verdict.kind === 'stalled') return verdict.kind;
  if (verdict.kind === 'act' && bench.isBlocked(dependency.name)) return 'blocked';
  if (verdict.kind !== 'in-sync') return 'no';
  const up = verdict.live?.state === 'Running' || verdict.live?.state === 'Partly running';
  return dependency.runOnce && up ? 'no' : 'yes';
}

export function matchNow(wish: Wish, bench: Bench, memory: Memory): Match {
  const { name } = wish;
  return match(wish, bench.knowledge.named(name), memory, bench.settings.owner, bench.claims(name));
}

/** The uuid that a link to `name` means now. */
function uuidNow(name: string, bench: Bench): string | undefined {
  const wish = bench.wish(name);
  if (wish === undefined || bench.isLeaving(name)) return undefined;
  return liveUuid(matchNow(wish, bench, bench.journal.memory()));
}
