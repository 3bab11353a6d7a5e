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
  readonly deletes: readonly { readonly name: string; readonly at: number }[];
  /** Names that were protected when their manifest was last seen. */
  readonly protectedNames: ReadonlySet<string>;
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
      /** The redeploy token this operation served or recorded. */
      readonly token?: string;
    }
  | { readonly type: 'token'; readonly uuid: string; readonly token: string }
  | { readonly type: 'gone'; readonly uuid: string }
  | { readonly type: 'deleted'; readonly name: string; readonly at: number }
  | ({ readonly type: 'failed'; readonly name: string } & Failure)
  /** The name is well again, or somebody asked for `retry`: failures and repeats are forgotten. */
  | { readonly type: 'cleared'; readonly name: string }
  | { readonly type: 'capabilities'; readonly offered: readonly Extension[] }
  | { readonly type: 'protected'; readonly name: string; readonly on: boolean };
