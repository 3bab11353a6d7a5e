/**
 * What a verdict can be, and what it is made from.
 */
import type { Held } from '../decide/held.ts';
import type { Claim, Suspension } from '../service/memory.ts';
import type { Journal, Priority } from '../service/ports.ts';
import type { Block, Live, Note, Observed, Operation, Reason, Wish } from '../service/service.ts';
import type { MovingState } from '../service/states.ts';
import type { Ages } from './deadlines.ts';
import type { Knowledge } from './knowledge.ts';
import type { DriveSettings } from './settings.ts';

export type Target =
  | { readonly kind: 'wish'; readonly id: string; readonly name: string }
  | { readonly kind: 'delete'; readonly id: string; readonly name: string; readonly uuid: string };

export type Verdict =
  | {
      readonly kind: 'in-sync';
      readonly notes: readonly Note[];
      readonly remember: string | undefined;
      readonly live: Live | undefined;
    }
  | {
      readonly kind: 'act';
      readonly operation: Operation;
      readonly why: Reason;
      readonly observed: Observed;
      readonly live: Live | undefined;
      readonly priority: Priority;
    }
  | { readonly kind: 'wait'; readonly for: Waiting; readonly ms?: number; readonly live: Live | undefined }
  | { readonly kind: 'blocked'; readonly block: Block; readonly live: Live | undefined }
  | { readonly kind: 'stalled'; readonly state: MovingState; readonly forMs: number; readonly live: Live }
  | {
      readonly kind: 'off-plan';
      readonly operation: Operation;
      readonly why: Reason;
      readonly live: Live | undefined;
    };

export type Waiting =
  | { readonly code: 'state'; readonly state: MovingState; readonly until: number }
  | { readonly code: 'uncertain' }
  /** A newer list, or one GET of `uuid`, must say first. */
  | { readonly code: 'list' }
  | { readonly code: 'look'; readonly uuid: string; readonly name: string }
  | { readonly code: 'gate'; readonly on: string }
  | { readonly code: 'backoff'; readonly attempts: number; readonly message: string }
  | { readonly code: 'heal' }
  | { readonly code: 'turn' };

/** What the judge reads; `Fleet` owns it. */
export interface Bench {
  readonly knowledge: Knowledge;
  readonly journal: Journal;
  readonly settings: DriveSettings;
  readonly ages: Ages;
  wish(name: string): Wish | undefined;
  claims(name: string): readonly Claim[];
  /** The end a target has come to, in `apply`. */
  ended(id: string): 'in-sync' | 'failed' | undefined;
  /** Something outside of it held it back for good when it was last judged. */
  isBlocked(name: string): boolean;
  /** What the past holds against an operation: suspended, refused, quarantined, undone too often. */
  held: Held;
  suspended(name: string): Suspension | undefined;
  /** Why something that no manifest names is to go. */
  whyUnwanted(name: string): Reason;
  /** A delay that is not worth a journal entry (the API asked for patience, or is not there), in milliseconds. */
  pause(id: string): number;
  /** Whether `operation` was shown and it is its turn (`apply`), or the pass's review lets it (`run`). */
  permits(target: Target, operation: Operation): 'now' | 'later' | 'no' | Block;
  /** Ids that must be over before this delete. */
  before(target: Extract<Target, { kind: 'delete' }>): readonly string[];
  /** The permit still has it terminated and made anew: the uuid it has now is not the one that links will hold. */
  isLeaving(name: string): boolean;
  duplicates(name: string): readonly string[] | undefined;
  /** The body that would be sent now is the one the uncertain attempt sent. */
  canResend(wish: Wish, operation: Extract<Operation, { verb: 'create' }>): boolean;
  /** How old an observation may be and still be acted on, in milliseconds. */
  maxAge(): number;
  now(): { readonly monotonic: number; readonly wall: number };
}
