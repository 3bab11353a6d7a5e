/**
 * One service, driven to its end: `decide/unfold.ts` with the real API in place of the model.
 *
 * There is at most one of these for a name. It decides late: what it performs is decided again when its place is
 * granted. Waiting holds nothing.
 */
import type { Target, Verdict } from './bench.ts';

export interface World {
  decide(target: Target): Verdict;
  /** Waits for a place, decides again, sends, and takes the outcome in. */
  perform(target: Target, verdict: Extract<Verdict, { kind: 'act' }>): Promise<void>;
  /** Resolves when there may be something new to decide about `target`, after `ms` at the latest. */
  change(target: Target, ms: number | undefined): Promise<void>;
  /** Whether the verdict is the end of it; `run` has no ends. */
  isEnd(target: Target, verdict: Verdict): boolean;
  stopped(): boolean;
}

export async function converge(target: Target, world: World): Promise<Verdict> {
  for (;;) {
    const verdict = world.decide(target);
    if (world.stopped() || world.isEnd(target, verdict)) return verdict;
    if (verdict.kind === 'act') await world.perform(target, verdict);
    else await world.change(target, verdict.kind === 'wait' ? verdict.ms : undefined);
  }
}
