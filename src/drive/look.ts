/**
 * Looking at a fleet once, before it is planned: one trusted list, then the single looks that the wishes need. What could
 * not be seen is told: a plan made from it would show another course than the one that is there.
 */
import type { Claim } from '../service/memory.ts';
import type { Wish } from '../service/service.ts';
import type { Knowledge } from './knowledge.ts';
import type { Observer } from './observer.ts';

interface Looker {
  readonly knowledge: Knowledge;
  readonly observer: Observer;
  claimsOf(name: string): readonly Claim[];
}

/** Details of what manifests name (where the list lacks them), and ours that the list does not show. False = not all. */
export async function lookAtWished(
  wishes: Iterable<Wish>,
  with_: Looker,
  signal: AbortSignal,
): Promise<boolean> {
  const { knowledge, observer } = with_;
  const looks: Promise<boolean>[] = [];
  for (const { name, runOnce } of wishes) {
    const named = knowledge.named(name).filter((live) => live.state !== 'Terminated');
    // Of a job, a terminated record with our mark says that it ran.
    for (const live of runOnce ? knowledge.named(name) : named) {
      if (knowledge.needsDetail(live.uuid)) looks.push(observer.look(live.uuid, name, signal));
    }
    if (named.length > 0) continue;
    for (const claim of with_.claimsOf(name)) {
      if (!claim.gone) looks.push(observer.look(claim.uuid, name, signal));
    }
  }
  return (await Promise.all(looks)).every((answered) => answered);
}

/** Details that only a prune needs: of services that no manifest names. False = not all. */
export async function lookAtOthers(
  isWished: (name: string) => boolean,
  with_: Looker,
  signal: AbortSignal,
): Promise<boolean> {
  const others = with_.knowledge
    .all()
    .filter((live) => live.state !== 'Terminated' && !isWished(live.name))
    .filter((live) => with_.knowledge.needsDetail(live.uuid));
  const looks = others.map((live) => with_.observer.look(live.uuid, live.name, signal));
  return (await Promise.all(looks)).every((answered) => answered);
}
