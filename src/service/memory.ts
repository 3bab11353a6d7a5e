/**
 * What the journal remembers, as a value. `journal/` folds its records into it; `decide/` and `drive/` read it.
 *
 * It is never the only truth: with an empty memory nothing is deleted and nothing is made twice.
 */
import type { Extension } from './extensions.ts';
import type { Verb } from './service.ts';
import type { ServiceState } from './states.ts';

/** A uuid that one of our own POSTs returned (or our attempt's mark identified). */
export interface Claim {
  readonly uuid: string;
  readonly name: string;
  /** The redeploy token last served or recorded; null = none. */
  readonly redeployToken: string | null;
  /** A start or redeploy was accepted: it has been deployed. */
  readonly started: boolean;
  readonly gone: boolean;
}

/** A create whose outcome is not known: no other POST for the name until it is resolved (design §7). */
export interface Intent {
  readonly name: string;
  /** Also the Idempotency-Key and the last part of the mark. */
  readonly attempt: string;
  /** Keyed hash of the request body. */
  readonly bodyHash: string;
  /** Wall-clock milliseconds. */
  readonly at: number;
  /** Live uuids of this name before the POST. */
  readonly before: readonly string[];
  /** The redeploy token the create serves. */
  readonly redeployToken?: string | null;
}

/** The last operation the server accepted for a uuid, and the state its reply showed. */
export interface Accepted {
  readonly uuid: string;
  readonly verb: Verb;
  readonly state: ServiceState;
  /** Wall-clock milliseconds. */
  readonly at: number;
}

/** How often the same accepted operation has met an unchanged difference (design §8, quarantine). */
export interface Repeat {
  readonly verb: Verb;
  /** Keyed hash of the difference. */
  readonly difference: string;
  readonly times: number;
}

export interface Failure {
  readonly attempts: number;
  /** Wall-clock milliseconds; not before then. */
  readonly notBefore: number;
  readonly message: string;
}

/** A name whose removal a commit approves (`Allow-Delete`), until it is deleted or wished again. */
export interface Approval {
  readonly sha: string;
}

/** Nothing is written to the name (or, under `*`, to anything) until then. */
export interface Suspension {
  /** Wall-clock milliseconds. */
  readonly until: number;
  readonly at: number;
  readonly by: string;
  readonly reason: string;
}

/** Accepted writes of one difference after which all was as wished, and how often a hold that came of them is over (see `decide/contention.ts`). */
export interface Fight {
  readonly verb: Verb;
  /** Keyed hash of what was to be changed, and from what. */
  readonly difference: string;
  /** Keyed hash of the wish; with another one the fights of a name are forgotten. */
  readonly wish: string;
  /** Wall-clock milliseconds of the latest that had their effect, at most `MOST_UNDONE`. */
  readonly at: readonly number[];
  /** Of one that was accepted and has not been seen to have its effect. */
  readonly pending: number | undefined;
  readonly holds: number;
}

/** What the server refused for what the manifest says; it stands until the manifest says something else. */
export interface Refusal {
  /** Keyed hash of the wish. */
  readonly wish: string;
  readonly verb: Verb;
  /** The field the server named, if the manifest declares it. */
  readonly field: string | undefined;
  readonly message: string;
}

export interface Hashes {
  readonly [field: string]: string;
}

/** What a service was like when it was last as wished: keyed hashes by field (`container_envvars.KEY` for variables). */
export interface Applied {
  readonly uuid: string;
  readonly want: 'running' | 'stopped';
  readonly wished: Hashes;
  readonly live: Hashes;
}

/** The key under which the suspension of everything is kept; no service can have this name. */
export const EVERYTHING = '*';

export interface Memory {
  readonly claims: ReadonlyMap<string, Claim>;
  readonly intents: ReadonlyMap<string, Intent>;
  readonly accepted: ReadonlyMap<string, Accepted>;
  readonly repeats: ReadonlyMap<string, Repeat>;
  readonly failures: ReadonlyMap<string, Failure>;
  /** Redeploy tokens of services we do not claim (adopted ones), by uuid. */
  readonly tokens: ReadonlyMap<string, string>;
  readonly capabilities: readonly Extension[];
  /** Wall-clock milliseconds of deletes and replaces, for the sliding hour. */
  readonly deletes: readonly { readonly name: string; readonly at: number; readonly approvedBy?: string }[];
  /** Names that were protected when their manifest was last seen. */
  readonly protectedNames: ReadonlySet<string>;
  /** By name. */
  readonly approvals: ReadonlyMap<string, Approval>;
  /** By name, or `EVERYTHING`. */
  readonly suspensions: ReadonlyMap<string, Suspension>;
  /** By name. */
  readonly fights: ReadonlyMap<string, readonly Fight[]>;
  readonly refusals: ReadonlyMap<string, Refusal>;
  readonly applied: ReadonlyMap<string, Applied>;
}

export const NO_MEMORY: Memory = {
  claims: new Map(),
  intents: new Map(),
  accepted: new Map(),
  repeats: new Map(),
  failures: new Map(),
  tokens: new Map(),
  capabilities: [],
  deletes: [],
  protectedNames: new Set(),
  approvals: new Map(),
  suspensions: new Map(),
  fights: new Map(),
  refusals: new Map(),
  applied: new Map(),
};

/** One line of the journal. Values of environment variables are never in it; keyed hashes only. */
export type Record =
  | ({ readonly type: 'intent' } & Intent)
  | {
      readonly type: 'created';
      readonly name: string;
      readonly uuid: string;
      readonly attempt: string;
      readonly redeployToken: string | null;
      /** As in `accepted`. */
      readonly fight?: Pick<Fight, 'difference' | 'wish'>;
      readonly at?: number;
    }
  /** The attempt did not, or can no longer, make a service. */
  | { readonly type: 'abandoned'; readonly name: string; readonly attempt: string; readonly why: string }
  | {
      readonly type: 'accepted';
      readonly name: string;
      readonly uuid: string;
      readonly verb: Verb;
      readonly state: ServiceState;
      readonly at: number;
      /** Keyed hash of the difference it was to remove. */
      readonly difference?: string;
      /** What somebody else would have to bring back to undo it. */
      readonly fight?: Pick<Fight, 'difference' | 'wish'>;
      /** The redeploy token this operation served or recorded. */
      readonly token?: string;
    }
  | { readonly type: 'token'; readonly uuid: string; readonly token: string }
  | { readonly type: 'gone'; readonly uuid: string }
  | { readonly type: 'deleted'; readonly name: string; readonly at: number; readonly approvedBy?: string }
  | ({ readonly type: 'failed'; readonly name: string } & Failure)
  /** The name is as wished: failures, repeats and the refusal are forgotten, and pending writes had their effect. */
  | { readonly type: 'cleared'; readonly name: string }
  /** Somebody asked for `retry`: as `cleared`, and writes that were undone are forgotten too. */
  | { readonly type: 'retried'; readonly name: string }
  | ({ readonly type: 'refused'; readonly name: string } & Refusal)
  | ({ readonly type: 'approved'; readonly name: string } & Approval)
  /** It is gone, or wished again. */
  | { readonly type: 'unapproved'; readonly name: string }
  | ({ readonly type: 'suspended'; readonly names: readonly string[] } & Suspension)
  /** Without names: all of them. */
  | { readonly type: 'resumed'; readonly names: readonly string[] }
  | ({ readonly type: 'applied'; readonly name: string } & Applied)
  | { readonly type: 'forgotten'; readonly name: string }
  | { readonly type: 'capabilities'; readonly offered: readonly Extension[] }
  | { readonly type: 'protected'; readonly name: string; readonly on: boolean };
