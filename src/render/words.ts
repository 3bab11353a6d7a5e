/**
 * Reasons and notes as plain sentences. Blocks, which also say what to do next, are worded in `blocks.ts`.
 *
 * Every sentence takes a `Quote`, through which all data from outside passes: text makes it visible, Markdown inert.
 */

import type { Field } from '../service/fields.ts';
import type { Changed } from '../service/plan.ts';
import type { Difference, Note, Operation, Reason, Unknown, Verb } from '../service/service.ts';
import { visible } from './safe.ts';

/** Makes a piece of data fit to stand inside a sentence of one output format. */
export type Quote = (data: string) => string;

/** An operation in the API's words: the method where the reference names no action. */
export const OPERATION_WORDS: Readonly<Record<Verb, string>> = {
  create: 'create',
  update: 'PATCH',
  start: 'start',
  stop: 'stop',
  redeploy: 'redeploy',
  terminate: 'terminate',
};

/** `a`, `a and b`, `a, b and c`; after `limit` only the number of the others. */
export function listed(items: readonly string[], quote: Quote, limit = 20): string {
  const shown = items.slice(0, limit).map(quote);
  if (items.length > limit) return `${shown.join(', ')} and ${items.length - limit} more`;
  const last = shown.pop() ?? 'nothing';
  return shown.length === 0 ? last : `${shown.join(', ')} and ${last}`;
}

/** The fields that differ, each once, in the order of the differences. */
export function differingFields(differences: readonly Difference[]): readonly Field[] {
  return [...new Set(differences.map((difference) => difference.field))];
}

export function reasonSentence(reason: Reason, quote: Quote): string {
  switch (reason.code) {
    case 'missing':
      return 'it does not exist yet';
    case 'never-deployed':
      return 'it runs once, and nothing remembers an earlier deployment, so it is taken as never deployed';
    case 'differs':
      return `${listed(differingFields(reason.differences), quote)} differ${reason.differences.length === 1 ? 's' : ''} from the manifest`;
    case 'cannot-patch':
      return `this server takes no PATCH of ${listed(reason.fields, quote)}, so it is terminated and made anew`;
    case 'state':
      return reason.want === 'running'
        ? `it is ${reason.state} and is to run`
        : `it is ${reason.state} and is to be stopped`;
    case 'redeploy-token':
      return `the manifest asks for a redeploy with the token ${quote(reason.token)}`;
    case 'record-token':
      return `the redeploy token ${quote(reason.token)} is recorded; nothing is redeployed`;
    case 'no-way-out':
      return `on this server only a replace leads out of ${reason.state}, so it is terminated and made anew`;
    case 'unwanted': {
      const { removedFromGit, approvedBy } = reason;
      const since = removedFromGit === undefined ? '' : `removed_from_git@${quote(removedFromGit)}: `;
      const approval = approvedBy === undefined ? '' : `; approved by Allow-Delete in ${quote(approvedBy)}`;
      return `${since}no manifest names it any more${approval}`;
    }
  }
}

/** The reason in one word; of a delete that git asked for, with the commit. */
export function reasonCode(reason: Reason): string {
  const { removedFromGit = undefined } = reason.code === 'unwanted' ? reason : {};
  return removedFromGit === undefined ? reason.code : `removed_from_git@${visible(removedFromGit)}`;
}

/** The commit that the manifests are of; undefined for those of a directory, whose revision is no commit id. */
export function commitOf(revision: string): string | undefined {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(revision) ? revision : undefined;
}

/** What somebody else changed since the service was last as wished, and what the manifest of `revision` changed. */
export function changedSentences(
  changed: Changed | undefined,
  revision: string,
  quote: Quote,
): readonly string[] {
  const { live = [], git = [] } = changed ?? {};
  const isGone = live.includes('service');
  const where = commitOf(revision) === undefined ? 'manifest' : 'git';
  return [
    ...(live.length === 0 ? [] : [`live changed: ${isGone ? 'the service is gone' : listed(live, quote)}`]),
    ...(git.length === 0 ? [] : [`${where} changed: ${listed(git, quote)}`]),
  ];
}

export function noteSentence(note: Note, quote: Quote): string {
  switch (note.code) {
    case 'listed':
      return `${listed(differingFields(note.differences), quote)} differ${note.differences.length === 1 ? 's' : ''} from the manifest, and will be changed when it is next deployed`;
    case 'token-assumed-served':
      return `nothing remembers which redeploys it had, so the token ${quote(note.token)} is taken as served; write another token to ask for one`;
    case 'deployed-once':
      return 'it runs once and was deployed: whatever became of it since is as wished';
    case 'adopted':
      return 'reconcile.adopt is set: it is written to, and never deleted by prune';
    case 'unverified':
      return 'the server does not show whose it is; it is updated, but neither deleted nor replaced';
    case 'frozen':
      return 'its manifest cannot be read now, so nothing is done about it until it can';
    case 'dependency-not-running':
      return `its dependency ${quote(note.name)} is not to run; it does not wait for it`;
    case 'terminated-twin':
      return `a Terminated service of this name is still listed (${quote(note.uuid)}); it is left out`;
  }
}

export function unknownSentence(unknown: Unknown, quote: Quote): string {
  const where = unknown.key === undefined ? quote(unknown.field) : quote(`${unknown.field}.${unknown.key}`);
  return `${where} is not compared: ${quote(unknown.variable)} is not set here, and apply will refuse it`;
}

/** What an operation sends, by field name only. */
export function sentFields(operation: Operation): readonly string[] {
  switch (operation.verb) {
    case 'create':
      return Object.keys(operation.spec).sort();
    case 'update':
      return Object.keys(operation.patch).sort();
    case 'redeploy':
    case 'start':
    case 'stop':
    case 'terminate':
      return [];
  }
}
