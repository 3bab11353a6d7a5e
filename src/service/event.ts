/**
 * Everything that can happen while driving a fleet. Log, progress, status and tests subscribe to this one stream.
 * `noun:verb`; no member holds a value of an environment variable.
 */
import type { ApiFailure } from './failure.ts';
import type { Culprit, Orphan } from './plan.ts';
import type { Block, Decision, Objection, Operation, Reason, Verb } from './service.ts';
import type { ServiceState } from './states.ts';

export type Event =
  /** A pass over the fleet begins: manifests are loaded, a fresh list is asked for. */
  | {
      readonly type: 'pass:start';
      readonly revision: string;
      readonly services: number;
      /** All manifests could be read. */
      readonly complete: boolean;
      /** The commit they were read from, where the source is a repository. */
      readonly commit?: string;
    }
  /** Every service was looked at once; how many are where they should be. */
  | {
      readonly type: 'pass:end';
      readonly revision: string;
      readonly inSync: number;
      readonly moving: number;
      readonly blocked: number;
      readonly failing: number;
      readonly tookMs: number;
    }
  /** The fleet could not be seen, so nothing was decided. */
  | { readonly type: 'pass:failed'; readonly revision: string; readonly tookMs: number }
  /** All services are as wished or have come to their end. Sent once for each time it becomes true. */
  | { readonly type: 'fleet:converged'; readonly services: number; readonly blocked: number }
  /** The list could not be had or not be trusted; nothing is created or deleted meanwhile. */
  | { readonly type: 'observation:failed'; readonly failure: ApiFailure }
  | { readonly type: 'observation:recovered' }
  /** Manifests could not all be read; deletes are suspended. */
  | { readonly type: 'source:incomplete'; readonly problems: readonly string[] }
  | { readonly type: 'source:recovered'; readonly revision: string }
  | { readonly type: 'source:changed'; readonly revision: string; readonly names: readonly string[] }
  /** A write was accepted. `live` holds what the service was before, for words like `2→7`. */
  | {
      readonly type: 'operation:accepted';
      readonly name: string;
      readonly uuid: string | undefined;
      readonly operation: Operation;
      readonly why: Reason;
      readonly before: { readonly state: ServiceState; readonly target: number | undefined } | undefined;
      readonly state: string | undefined;
      /** Of the manifests it was decided from. */
      readonly revision?: string;
    }
  | {
      readonly type: 'operation:failed';
      readonly name: string;
      readonly verb: Verb;
      readonly failure: ApiFailure;
      readonly attempts: number;
      readonly retryInMs: number | undefined;
    }
  /** The outcome of a create is not known; it is being looked for. */
  | {
      readonly type: 'create:uncertain';
      readonly name: string;
      readonly attempt: string;
      readonly untilMs: number;
    }
  | { readonly type: 'create:found'; readonly name: string; readonly uuid: string }
  /** The decision about a service is another one than before. */
  | {
      readonly type: 'service:decided';
      readonly name: string;
      readonly decision: Decision['kind'];
      readonly state: string | undefined;
    }
  | { readonly type: 'service:blocked'; readonly name: string; readonly block: Block }
  /** It will not move by itself: `since` in state for longer than its deadline. A person must look. */
  | {
      readonly type: 'service:stalled';
      readonly name: string;
      readonly state: string;
      readonly forMs: number;
      readonly evidence: string;
    }
  /** Apply: what it now needs was not shown in the plan, and is not done. */
  | { readonly type: 'service:off-plan'; readonly name: string; readonly verb: Verb; readonly why: Reason }
  | { readonly type: 'service:in-sync'; readonly name: string; readonly state: string | undefined }
  /** It was as wished, and is not any more by somebody else's doing: which fields, and who, where the server tells. */
  | {
      readonly type: 'service:foreign-change';
      readonly name: string;
      readonly uuid: string | undefined;
      readonly fields: readonly string[];
      readonly by: Culprit | undefined;
    }
  /** Without names: the whole fleet. */
  | {
      readonly type: 'suspend:on';
      readonly names: readonly string[];
      /** Wall-clock milliseconds. */
      readonly until: number;
      readonly by: string;
      readonly reason: string;
    }
  | {
      readonly type: 'suspend:off';
      readonly names: readonly string[];
      readonly why: 'resumed' | 'expired';
      readonly by: string | undefined;
    }
  | { readonly type: 'deletes:refused'; readonly objection: Objection }
  /** Ours, and named by no manifest any more (or since the start): they are left alone, for this reason. Once for each. */
  | { readonly type: 'orphans:left'; readonly names: readonly string[]; readonly why: LeftAlone }
  | { readonly type: 'journal:failed'; readonly message: string }
  | { readonly type: 'stop:requested'; readonly signal: string }
  | { readonly type: 'stop:done'; readonly undone: readonly string[] };

/** While manifests cannot all be read nobody knows which services none names. */
export type LeftAlone = Exclude<Orphan['why'], 'incomplete-load'>;

export type Listen = (event: Event) => void;
