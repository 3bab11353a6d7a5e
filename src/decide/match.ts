/**
 * Which live service is which manifest's, and whether it is ours to write to (design §6).
 *
 * Identity is the uuid; names are not unique. Our mark, or a uuid the journal claims, makes a service ours. Another
 * owner's mark makes it foreign whatever the journal says. An adopting manifest makes it ours to write, never to prune.
 */
import type { Claim, Memory } from '../service/memory.ts';
import type { Live, Remembered, Wish } from '../service/service.ts';

/** `leaving`: only a Terminating one is left of this name; it is waited out whoever owns it. */
export type Ownership = 'mark' | 'journal' | 'adopted' | 'unverified' | 'leaving';

export type Match =
  | { readonly kind: 'none'; readonly remembered: Remembered; readonly twin: string | undefined }
  | {
      readonly kind: 'matched';
      readonly live: Live;
      readonly ownership: Ownership;
      readonly remembered: Remembered;
    }
  | { readonly kind: 'foreign'; readonly live: Live; readonly owner: string | undefined }
  | { readonly kind: 'namesakes'; readonly uuids: readonly string[] };

/** Matches one manifest with the listed services of its name, Terminated ones included; `claims` are ours of that name. */
export function match(
  wish: Wish,
  namesakes: readonly Live[],
  memory: Memory,
  owner: string,
  claims: readonly Claim[],
): Match {
  const sorted = namesakes.toSorted(byDeployment);
  const twins = sorted.filter((one) => one.state === 'Terminated');
  const present = sorted.filter((one) => one.state !== 'Terminated');
  const staying = present.filter((one) => one.state !== 'Terminating');
  if (staying.length > 1) return { kind: 'namesakes', uuids: staying.map((one) => one.uuid).sort() };
  const live = staying[0] ?? present[0];
  if (live === undefined) {
    return { kind: 'none', remembered: recallGone(claims, twins, memory, owner), twin: twins.at(-1)?.uuid };
  }
  if (live.state === 'Terminating') {
    const remembered = recallGone(claims, sorted, memory, owner);
    return { kind: 'matched', live, ownership: 'leaving', remembered };
  }
  const ownership = ownershipOf(live, memory, owner, wish.adopt);
  if (ownership === 'foreign') return { kind: 'foreign', live, owner: live.mark?.owner };
  // What is terminated to be replaced is gone then, and remembered as such: a job that ran once must know it before.
  const { deployedBefore } = recallGone(claims, twins, memory, owner);
  return { kind: 'matched', live, ownership, remembered: recallLive(live, memory, deployedBefore) };
}

function ownershipOf(live: Live, memory: Memory, owner: string, adopt: boolean): Ownership | 'foreign' {
  if (live.mark) return live.mark.owner === owner ? 'mark' : 'foreign';
  if (claimed(memory, live)) return 'journal';
  if (adopt) return 'adopted';
  const noJournal = memory.claims.size === 0;
  return live.mark === undefined && noJournal ? 'unverified' : 'foreign';
}

/** Whether a live service is owned: what `prune` may delete and what the delete limit is counted from. */
export function isOwned(live: Live, memory: Memory, owner: string): boolean {
  if (live.mark) return live.mark.owner === owner;
  return claimed(memory, live);
}

function claimed(memory: Memory, live: Live): boolean {
  const claim = memory.claims.get(live.uuid);
  return claim !== undefined && claim.name === live.name;
}

/** The service's own record comes first, then our claim, then what was noted about a service we do not claim. */
function recallLive(live: Live, memory: Memory, before: boolean): Remembered {
  const claim = memory.claims.get(live.uuid);
  const noted = claim === undefined ? memory.tokens.get(live.uuid) : claim.redeployToken;
  return {
    deployedBefore: before || claim?.started === true || (live.deployedAt ?? null) !== null,
    redeployToken: live.redeployToken === undefined ? noted : live.redeployToken,
  };
}

/** A Terminated record with our mark, or the journal's accepted start, is the memory of a service that is gone. */
function recallGone(
  claims: readonly Claim[],
  twins: readonly Live[],
  memory: Memory,
  owner: string,
): Remembered {
  const ours = twins.filter((twin) => isOwned(twin, memory, owner));
  const shown = ours.map((twin) => twin.redeployToken).filter((token) => token !== undefined);
  return {
    deployedBefore: claims.some((claim) => claim.started) || ours.some((twin) => wasDeployed(twin, memory)),
    redeployToken: shown.length > 0 ? shown.at(-1) : claims.at(-1)?.redeployToken,
  };
}

/** Where no date is reported, a claim of ours without an accepted start knows better than the bare record. */
function wasDeployed(twin: Live, memory: Memory): boolean {
  if (twin.deployedAt !== undefined) return twin.deployedAt !== null;
  return memory.claims.get(twin.uuid)?.started !== false;
}

/** The latest deployed one last; a list's own order says nothing. */
function byDeployment(a: Live, b: Live): number {
  const [one, other] = [a.deployedAt ?? -1, b.deployedAt ?? -1];
  return one !== other ? one - other : a.uuid < b.uuid ? -1 : 1;
}

/** Our claims by name, the oldest first; gone services included. */
export function claimsByName(memory: Memory): ReadonlyMap<string, readonly Claim[]> {
  const result = new Map<string, Claim[]>();
  for (const claim of memory.claims.values()) {
    const same = result.get(claim.name);
    if (same === undefined) result.set(claim.name, [claim]);
    else same.push(claim);
  }
  return result;
}
