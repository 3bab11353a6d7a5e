/** What lets an operation go: the permit of an `apply`, or the reviewed plan of a pass. */
import type { Block, Operation } from '../service/service.ts';
import type { Target, Verdict } from './bench.ts';

export interface Authority {
  permits(target: Target, operation: Operation): 'now' | 'later' | 'no' | Block;
  accepted(target: Target, operation: Operation): void;
  ended(target: Target): void;
  /** Ids that must be over before this delete. */
  before(target: Extract<Target, { kind: 'delete' }>): readonly string[];
  /** Whether the service of this name is still to be terminated to be made anew: links to it will be other ones. */
  isLeaving(name: string): boolean;
  /** Whether `verdict` is the end of `target`. */
  isEnd(target: Target, verdict: Verdict): boolean;
}

/** Lets nothing go: for a fleet that is only looked at. */
export const LOOK_ONLY: Authority = {
  permits: () => 'no',
  accepted: () => {},
  ended: () => {},
  before: () => [],
  isLeaving: () => false,
  isEnd: () => true,
};
