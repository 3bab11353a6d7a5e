/** Looking at a fleet once, before it is planned: one trusted list, then the single looks that the wishes need. */
import type { Claim } from '../service/memory.ts';
import type { Wish } from '../service/service.ts';
import type { Knowledge } from './knowledge.ts';
import type { Observer } from './observer.ts';

interface Looker {
  readonly knowledge: Knowledge;
  readonly observer: Observer;
  claimsOf(name: string): readonly Claim[];
}

/** Details of what manifests name (where the list lacks them), and ours that the list does not show. */
export async function lookAtWished(
  wishes: Iterable<Wish>,
  with_: Looker,
  signal: AbortSignal,
): Promise<void> {
  const { knowledge, observer } = with_;
  const looks: Promise<void>[] = [];
  for (const { name } of wishes) {
    const named = knowledge.named(name).filter((live) => live.state !== 'Terminated');
    for (const live of named) {
      if (knowledge.needsDetail(live.uuid)) looks.push(observer.look(live.uuid, name, signal));
    }
    if (named.length > 0) continue;
    for (const claim of with_.claimsOf(name)) {
      if (!claim.gone) looks.push(observer.look(claim.uuid, name, signal));
    }
  }
  await Promise.all(looks);
}

/** Details that only a prune needs: of services that no manifest names. */
export async function lookAtOthers(
  isWished: (name: string) => boolean,
  with_: Looker,
  signal: AbortSignal,
): Promise<void> {
  const others = with_.knowledge
    .all()
    .filter((live) => live.state !== 'Terminated' && !isWished(live.name))
    .filter((live) => with_.knowledge.needsDetail(live.uuid));
  await Promise.all(others.map((live) => with_.observer.look(live.uuid, live.name, signal)));
}
