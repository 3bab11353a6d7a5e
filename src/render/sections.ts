/**
 * A plan in the order in which a person must read it: what destroys data first, then changes, what is blocked, what is
 * waited for, and what is in sync but worth a word. Text and Markdown both print this.
 */
import type { Plan, PlannedService } from '../service/plan.ts';
import { scrubber } from '../service/secrets.ts';
import { blockSentence } from './blocks.ts';
import { coursePath, type Kind, kindOf } from './course.ts';
import { createdRows, type DifferenceRow, differenceRows } from './differences.ts';
import {
  changedSentences,
  listed,
  noteSentence,
  OPERATION_WORDS,
  type Quote,
  reasonSentence,
  unknownSentence,
} from './words.ts';

export interface Entry {
  readonly name: string;
  readonly kind: Kind;
  /** Raw; made visible by the renderer. */
  readonly path: readonly string[];
  /** Finished sentences: data in them has passed the quote. */
  readonly reasons: readonly string[];
  readonly block: string | undefined;
  readonly differences: readonly DifferenceRow[];
  readonly remarks: readonly string[];
}

export interface Section {
  readonly id: 'destroys' | 'changes' | 'blocked' | 'waits' | 'remarks';
  readonly entries: readonly Entry[];
}

const SECTION: Readonly<Record<Kind, Section['id']>> = {
  delete: 'destroys',
  replace: 'destroys',
  create: 'changes',
  change: 'changes',
  blocked: 'blocked',
  wait: 'waits',
  'in-sync': 'remarks',
};

const ORDER: readonly Section['id'][] = ['destroys', 'changes', 'blocked', 'waits', 'remarks'];

/** The sections that have entries. Services in sync with nothing to say are only counted (plan summary). */
export function sections(plan: Plan, quote: Quote): readonly Section[] {
  const scrub = scrubber(secretsOf(plan));
  const safe: Quote = (data) => quote(scrub(data));
  const entries = plan.services.map((service) => entry(plan, service, quote, safe));
  return ORDER.map((id) => ({
    id,
    entries: entries.filter(
      (item) => SECTION[item.kind] === id && (item.kind !== 'in-sync' || worthAWord(item)),
    ),
  })).filter((section) => section.entries.length > 0);
}

/** Every value that an operation of this plan sends under `container_envvars`. */
export function secretsOf(plan: Plan): readonly string[] {
  return plan.services.flatMap((service) =>
    service.course.flatMap((move) => {
      if (move.kind !== 'operation') return [];
      const { operation } = move;
      const sent =
        operation.verb === 'create'
          ? operation.spec
          : operation.verb === 'update'
            ? operation.patch
            : undefined;
      return (sent?.container_envvars ?? []).map((variable) => variable.value);
    }),
  );
}

const worthAWord = (item: Entry) => item.remarks.length > 0 || item.differences.length > 0;

function entry(plan: Plan, service: PlannedService, quote: Quote, safe: Quote): Entry {
  const kind = kindOf(service);
  return {
    name: service.name,
    kind,
    path: coursePath(service),
    reasons: reasons(service, kind, quote),
    block: service.end.kind === 'blocked' ? blockSentence(service.name, service.end.block, safe) : undefined,
    differences: kind === 'create' ? made(service, plan) : differenceRows(service.differences, plan.names),
    remarks: remarks(service, plan.revision, quote),
  };
}

/** What a create will make: a reviewer has nothing else to compare it with. */
function made(service: PlannedService, plan: Plan): readonly DifferenceRow[] {
  return service.course.flatMap((move) =>
    move.kind === 'operation' && move.operation.verb === 'create'
      ? createdRows(move.operation.spec, plan.names)
      : [],
  );
}

/** Why, said once where all operations have one reason; a replace is explained by its first operation. */
function reasons(service: PlannedService, kind: Kind, quote: Quote): readonly string[] {
  const operations = service.course.filter((move) => move.kind === 'operation');
  const shown = kind === 'replace' || kind === 'create' ? operations.slice(0, 1) : operations;
  return shown.map((move) => {
    const prefix = shown.length > 1 ? `${OPERATION_WORDS[move.operation.verb]}: ` : '';
    return prefix + reasonSentence(move.why, quote);
  });
}

function remarks(service: PlannedService, revision: string, quote: Quote): readonly string[] {
  const notes = service.end.kind === 'in-sync' ? service.end.notes : [];
  const waitsFor =
    service.dependsOn.length > 0 && service.course.some((move) => move.kind === 'operation')
      ? [`after ${listed(service.dependsOn, quote)}`]
      : [];
  const unmanaged =
    service.unmanaged.length > 0 ? [`unmanaged, left as it is: ${listed(service.unmanaged, quote)}`] : [];
  const changed = kindOf(service) === 'in-sync' ? [] : changedSentences(service.changed, revision, quote);
  return [
    ...changed,
    ...waitsFor,
    ...notes.map((note) => noteSentence(note, quote)),
    ...service.unknowns.map((unknown) => unknownSentence(unknown, quote)),
    ...unmanaged,
  ];
}
