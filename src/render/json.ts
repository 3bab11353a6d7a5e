/**
 * `plan -o json`: the published form of a plan (schemas/plan.schema.json). Equal plans give equal bytes; there is no
 * value of an environment variable in it: operations list the fields they send, differences the keys.
 *
 * Members may be added without a new `formatVersion`; none is removed or changes its meaning.
 */
import type { Plan, PlannedOperation, PlannedService, PlannedWait } from '../service/plan.ts';
import { scrubber } from '../service/secrets.ts';
import type { Difference } from '../service/service.ts';
import { blockSentence, objectionSentence } from './blocks.ts';
import { branchJson } from './branch.ts';
import { linkTarget } from './differences.ts';
import { PLAIN_OPTIONS, type RenderOptions } from './options.ts';
import { canonicalJson, visible } from './safe.ts';
import { secretsOf } from './sections.ts';
import { noteSentence, type Quote, reasonSentence, sentFields } from './words.ts';

const FORMAT_VERSION = 1;

export function renderJson(plan: Plan, options: RenderOptions = PLAIN_OPTIONS): string {
  const scrub = scrubber(secretsOf(plan));
  const quote: Quote = (data) => visible(scrub(data));
  return `${canonicalJson({
    formatVersion: FORMAT_VERSION,
    exitCode: plan.exitCode,
    revision: plan.revision,
    ...(options.commit === undefined ? {} : { commit: options.commit }),
    ...(options.branch === undefined ? {} : { base: branchJson(options.branch) }),
    summary: plan.summary,
    services: plan.services.map((service) => serviceJson(service, plan, quote)),
    orphans: plan.orphans,
    objections: plan.objections.map((objection) => ({
      ...objection,
      sentence: objectionSentence(objection, visible),
    })),
  })}\n`;
}

function serviceJson(service: PlannedService, plan: Plan, quote: Quote): object {
  const { end } = service;
  return {
    name: service.name,
    uuid: service.uuid ?? null,
    want: service.want,
    state: service.state ?? null,
    course: service.course.map((move) => (move.kind === 'operation' ? operationJson(move) : waitJson(move))),
    end: end.kind,
    ...reasonJson(service, quote),
    differences: service.differences.map((difference) => differenceJson(difference, plan.names)),
    notes:
      end.kind === 'in-sync'
        ? end.notes.map((note) => ({ code: note.code, sentence: noteSentence(note, quote) }))
        : [],
    unmanaged: service.unmanaged,
    changed: service.changed ?? { live: [], git: [] },
    unknowns: service.unknowns,
    replaces: service.replaces,
    dependsOn: service.dependsOn,
    place: service.place ?? null,
  };
}

/** Why it ends as it does: what blocks it, else what its first operation is for, else what is waited for. */
function reasonJson(
  service: PlannedService,
  quote: Quote,
): { readonly code: string; readonly reason: string } {
  if (service.end.kind === 'blocked')
    return {
      code: service.end.block.code,
      reason: blockSentence(service.name, service.end.block, quote),
    };
  const first = service.course.find((move) => move.kind === 'operation');
  if (first !== undefined) return { code: first.why.code, reason: reasonSentence(first.why, quote) };
  const wait = service.course.find((move) => move.kind === 'wait');
  if (wait !== undefined) return { code: 'waiting', reason: `${wait.wait} is waited out` };
  return { code: 'in-sync', reason: 'it is as wished' };
}

function operationJson(move: PlannedOperation): object {
  return {
    op: move.operation.verb,
    seq: move.seq,
    fields: sentFields(move.operation),
    why: move.why.code,
    leadsTo: move.leadsTo ?? null,
  };
}

function waitJson(move: PlannedWait): object {
  return { wait: move.wait, until: move.until ?? null };
}

function differenceJson(difference: Difference, names: Plan['names']): object {
  if (difference.field === 'container_envvars')
    return { field: difference.field, key: difference.key, change: difference.change };
  return {
    field: difference.field,
    live: byName(difference.live, names),
    wanted: byName(difference.wanted, names),
  };
}

/** Links by the target's name; everything else as it is. */
function byName(value: unknown, names: Plan['names']): unknown {
  if (!Array.isArray(value)) return value ?? null;
  return value.map((item: unknown) => {
    if (typeof item !== 'object' || item === null || !('to_service' in item)) return item;
    return { ...item, to_service: linkTarget(String(item.to_service), names) };
  });
}
