/**
 * One look at the fleet: every manifest matched with what is live, and what is ours but wanted by nobody.
 *
 * Both `plan` and the drive stand on this value, so what was shown and what is done start from the same reading.
 */
import type { Capabilities } from '../service/extensions.ts';
import type { Memory } from '../service/memory.ts';
import type { Block, Desired, Live, Observed, Policy, Wish } from '../service/service.ts';
import { type Dependants, dependantsByTarget, linkedByUri } from './dependants.ts';
import { toDesired } from './links.ts';
import { claimsByName, isOwned, type Match, match } from './match.ts';

export interface SurveyInput {
  readonly wishes: readonly Wish[];
  /** From one trusted list, details merged in; Terminated ones included. */
  readonly services: readonly Live[];
  readonly memory: Memory;
  readonly owner: string;
  readonly capabilities: Capabilities;
}

export interface Survey {
  readonly wishes: ReadonlyMap<string, Wish>;
  readonly matches: ReadonlyMap<string, Match>;
  /** Live services, Terminated ones left out; by name, then uuid, so that equal lists give equal plans. */
  readonly present: readonly Live[];
  readonly dependants: Dependants;
  /** Manifests that link by resource URI, by the uuid they name. */
  readonly linkedByUri: ReadonlyMap<string, readonly string[]>;
  /** Owned and staying, but named by no manifest; by name. */
  readonly orphans: readonly Live[];
  /** How many owned services stay: what the delete limit is counted from. */
  readonly owned: number;
  /** Services no manifest names and whose lists were not shown, so nobody can say whose they are. */
  readonly notExamined: number;
  readonly capabilities: Capabilities;
}

export function survey(input: SurveyInput): Survey {
  const { memory, owner } = input;
  const wishes = new Map(input.wishes.map((wish) => [wish.name, wish]));
  const services = input.services.toSorted(byNameThenUuid);
  const byName = new Map<string, Live[]>();
  for (const live of services) {
    const same = byName.get(live.name);
    if (same === undefined) byName.set(live.name, [live]);
    else same.push(live);
  }
  const claims = claimsByName(memory);
  const matches = new Map(
    input.wishes.map((wish) => {
      const { name } = wish;
      return [name, match(wish, byName.get(name) ?? [], memory, owner, claims.get(name) ?? [])];
    }),
  );
  const present = services.filter((live) => live.state !== 'Terminated');
  const staying = present.filter((live) => live.state !== 'Terminating');
  const owned = staying.filter((live) => isOwned(live, memory, owner));
  const unnamed = staying.filter((live) => !wishes.has(live.name));
  return {
    wishes,
    matches,
    present,
    dependants: dependantsByTarget(present),
    linkedByUri: linkedByUri(input.wishes),
    orphans: owned.filter((live) => !wishes.has(live.name)),
    owned: owned.length,
    notExamined: unnamed.filter((live) => live.mark === undefined && !memory.claims.has(live.uuid)).length,
    capabilities: input.capabilities,
  };
}

/** What `step` is asked about one manifest, or why it may not be asked at all. */
export type Question =
  | {
      readonly kind: 'ask';
      readonly desired: Extract<Desired, { want: 'running' | 'stopped' }>;
      readonly observed: Observed;
      readonly policy: Policy;
      /** Ours by mark, journal or adoption: what a replace needs (design §6). */
      readonly verified: boolean;
    }
  | { readonly kind: 'blocked'; readonly block: Block };

export function question(
  wish: Wish,
  seen: Match,
  capabilities: Capabilities,
  uuidOf: (name: string) => string | undefined,
): Question {
  if (seen.kind === 'foreign') {
    return { kind: 'blocked', block: { code: 'foreign', uuid: seen.live.uuid, owner: seen.owner } };
  }
  if (seen.kind === 'namesakes') return { kind: 'blocked', block: { code: 'namesakes', uuids: seen.uuids } };
  return {
    kind: 'ask',
    desired: toDesired(wish, uuidOf),
    observed: toObserved(seen),
    policy: { allowReplace: wish.allowReplace, protect: wish.protect, capabilities },
    verified: seen.kind === 'none' || seen.ownership !== 'unverified',
  };
}

export function toObserved(seen: Extract<Match, { kind: 'none' | 'matched' }>): Observed {
  if (seen.kind === 'none') return { exists: false, ...seen.remembered };
  const { uuid, state, fields } = seen.live;
  return typeof state === 'string'
    ? { exists: true, uuid, state, fields, ...seen.remembered }
    : { exists: 'unclear', uuid, state: state.unknown, ...seen.remembered };
}

/** The uuid that a link to this name means now; none while it does not exist or is not one service. */
export function liveUuid(seen: Match | undefined): string | undefined {
  if (seen === undefined || seen.kind === 'none' || seen.kind === 'namesakes') return undefined;
  return seen.live.state === 'Terminating' ? undefined : seen.live.uuid;
}

function byNameThenUuid(a: Live, b: Live): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : a.uuid < b.uuid ? -1 : 1;
}
