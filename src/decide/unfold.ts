/**
 * The whole course of one service: `step` unfolded against the model until it has nothing more to do.
 *
 * `drive/converge.ts` is the same loop with the real API in place of the model; side by side they are the design.
 */
import type { Course, Desired, Move, Observed, Policy } from '../service/service.ts';
import { predict, settle } from './model.ts';
import { step } from './step.ts';

/** Longer than any course can be; more would mean that `step` and the model disagree. */
const MOST_MOVES = 16;

export function unfold(desired: Desired, observed: Observed, policy: Policy): Course {
  const moves: Move[] = [];
  let seen = observed;
  while (moves.length <= MOST_MOVES) {
    const decision = step(desired, seen, policy);
    if (decision.kind === 'in-sync' || decision.kind === 'blocked') return { moves, end: decision };
    moves.push(decision);
    seen = decision.kind === 'act' ? predict(seen, decision.operation, desired.name) : settle(seen);
  }
  throw new Error(`the course of ${desired.name} does not end: step and model disagree`);
}
