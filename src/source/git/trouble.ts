/**
 * The two kinds of trouble that end an attempt: a problem that is said as it is, and a mirror that is suspected, which
 * is made anew first.
 */
import type { GitResult } from './command.ts';
import { explain } from './failure.ts';

/** The mirror is suspected; `message` for the case that a new one does not help. */
export class Suspicion extends Error {}

/** Said as it is. */
export class Problem extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems[0]);
    this.problems = problems;
  }
}

/** What follows from a command on the mirror that failed; `undefined` = it did not give what was asked for. */
export function suspect(result: GitResult | undefined, what: string, dir: string): Error {
  if (result === undefined || (result.ended === undefined && result.stderr === ''))
    return new Suspicion(what);
  if (result.ended === 'timeout') return new Problem([`EK413 ${dir}: ${what}: git did not finish in time`]);
  const { fault, message } = explain(result, [], 0);
  if (fault === 'mirror' || (fault === 'remote' && result.ended === undefined))
    return new Suspicion(`${what}: ${message}`);
  return new Problem([`EK413 ${dir}: ${what}: ${message}`]);
}
