/** The closed sets of label values that are unions of the vocabulary: a new member there is a new value here, or no build. */
import type { ApiFailure } from '../service/failure.ts';
import type { Block, Reason, Verb } from '../service/service.ts';
import type { Sync } from '../service/status.ts';

/** The members of a union as a list; `satisfies` sees to it that none is missing. */
const all = <const Members extends Readonly<Record<string, true>>>(members: Members) =>
  Object.keys(members) as (keyof Members & string)[];

export const VERBS = all({
  create: true,
  update: true,
  start: true,
  stop: true,
  redeploy: true,
  terminate: true,
} satisfies Record<Verb, true>);
export const REASONS = all({
  missing: true,
  'never-deployed': true,
  differs: true,
  'cannot-patch': true,
  state: true,
  'redeploy-token': true,
  'record-token': true,
  'no-way-out': true,
  unwanted: true,
} satisfies Record<Reason['code'], true>);
export const FAILURES = all({
  wait: true,
  refused: true,
  'look-again': true,
  ambiguous: true,
  'not-sent': true,
  auth: true,
  broken: true,
} satisfies Record<ApiFailure['kind'], true>);
export const BLOCKS = all({
  foreign: true,
  namesakes: true,
  'unknown-state': true,
  protected: true,
  'replace-off': true,
  'replace-unlinks': true,
  'capability-missing': true,
  'capability-lost': true,
  dependency: true,
  unverified: true,
  quarantined: true,
  'duplicate-create': true,
  unset: true,
  refused: true,
  'deletes-refused': true,
  'linked-from': true,
  suspended: true,
  contention: true,
} satisfies Record<Block['code'], true>);
export const SYNCS = all({
  'in-sync': true,
  changing: true,
  waiting: true,
  'out-of-sync': true,
  blocked: true,
  stalled: true,
  orphan: true,
  'not-compared': true,
} satisfies Record<Sync, true>);
