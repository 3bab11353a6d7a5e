/**
 * Why nothing (more) is done about a service, and what a person can do about it: one sentence each for both.
 */
import { isoDate } from '../service/dates.ts';
import type { Block, Objection, Place } from '../service/service.ts';
import { listed, OPERATION_WORDS, type Quote } from './words.ts';

/** `file:line:col`. */
export function placeText(place: Place): string {
  return `${place.file}:${place.line}:${place.col}`;
}

export function blockSentence(name: string, block: Block, quote: Quote): string {
  switch (block.code) {
    case 'foreign':
      return block.owner === undefined
        ? `a service of this name exists that evenkeel did not create (${quote(block.uuid)}); to take it over write reconcile.adopt: true (evenkeel adopt ${quote(name)} writes that manifest), else choose another name`
        : `it belongs to the owner ${quote(block.owner)} (${quote(block.uuid)}); use that --owner if it is yours, else choose another name`;
    case 'namesakes':
      return `${block.uuids.length} live services have this name (${listed(block.uuids, quote)}) and nothing is written to any; terminate or rename all but one`;
    case 'unknown-state':
      return `the server reports the state ${quote(block.state)}, which this version does not know and does nothing in; look at the service, or update evenkeel`;
    case 'protected':
      return `reconcile.protect forbids its ${block.verb}; set it to false if the ${block.verb} is meant`;
    case 'replace-off':
      return block.fields.length === 0
        ? `on this server only a replace, which destroys its data, leads out of ${block.state}; write reconcile.allow_replace: true to allow it`
        : `changing ${listed(block.fields, quote)} needs a replace, which destroys its data; write reconcile.allow_replace: true to allow it, or take the change back`;
    case 'replace-unlinks':
      return `a replace would leave ${quote(block.dependant)} without its link, and this server cannot link it again; terminate both by hand and let them be created, or take the change back`;
    case 'capability-missing':
      return `the server does not announce ${quote(block.extension)}, which ${listed(block.fields, quote)} need${block.fields.length === 1 ? 's' : ''}; take the field out of the manifest, or use a server that has it`;
    case 'capability-lost':
      return `the server announced ${quote(block.extension)} earlier and does not now, and ${listed(block.fields, quote)} need${block.fields.length === 1 ? 's' : ''} it; look what became of the server, or take the field out of the manifest`;
    case 'dependency':
      return `its dependency ${quote(block.name)} ${DEPENDENCY[block.why]}; see to ${quote(block.name)} first`;
    case 'unverified':
      return `the server does not show whose it is (${quote(block.uuid)}), and what is not known to be ours is neither deleted nor replaced; run from the machine that created it, or terminate it by hand`;
    case 'quarantined':
      return `${OPERATION_WORDS[block.verb]} was accepted ${block.times} times and the difference stayed the same; change the manifest, or try again with evenkeel retry ${quote(name)}`;
    case 'duplicate-create':
      return `one create made several services (${listed(block.uuids, quote)}); terminate all but one, and it goes on by itself`;
    case 'unset':
      return `${listed(
        block.unknowns.map((unknown) => unknown.variable),
        quote,
      )} is not set, and the manifest needs it; set it and try again`;
    case 'refused': {
      const place = block.place === undefined ? '' : ` (${quote(placeText(block.place))})`;
      return `the server refused ${OPERATION_WORDS[block.verb]}: ${quote(block.message)}${place}; it is not asked again until the manifest changes, or evenkeel retry ${quote(name)}`;
    }
    case 'deletes-refused':
      return block.objection.code === 'too-many'
        ? `its delete or replace is refused together with all others: ${allOf(block.objection)} within an hour, where at most ${block.objection.limit} are taken as meant; if they are: apply with --allow-deletes ${allOf(block.objection)}, or a commit with the trailer Allow-Delete: ${quote(name)}`
        : 'its delete is refused, because with it everything that is owned would be gone; if that is meant: --allow-empty';
    case 'suspended':
      return `${suspendedText(block, quote)}; nothing is written to it before, or until evenkeel resume`;
    case 'contention':
      return `${OPERATION_WORDS[block.verb]} was accepted ${block.times} times and undone by somebody else each time; it is left alone until ${isoDate(block.until)}: find out who else writes to it, change the manifest, or try again with evenkeel retry ${quote(name)}`;
    case 'linked-from':
      return `${listed(block.by, quote)} still link${block.by.length === 1 ? 's' : ''} to it and ${block.by.length === 1 ? 'is' : 'are'} not being deleted; remove the link first`;
  }
}

/** `suspended until … by …: reason`. */
export function suspendedText(
  { until, by, reason }: { readonly until: number; readonly by: string; readonly reason: string },
  quote: Quote,
): string {
  const who = by === UNKNOWN_ASKER ? '' : ` by ${quote(by)}`;
  return `suspended until ${isoDate(until)}${who}: ${quote(reason)}`;
}

/** Whose name nobody knows is kept as this, and not told. */
export const UNKNOWN_ASKER = 'somebody';

const DEPENDENCY: Readonly<Record<Extract<Block, { code: 'dependency' }>['why'], string>> = {
  blocked: 'is blocked',
  stalled: 'does not move',
  missing: 'does not exist',
  failed: 'has failed',
};

const allOf = (objection: Extract<Objection, { code: 'too-many' }>) =>
  objection.names.length + objection.recent;

export function objectionSentence(objection: Objection, quote: Quote): string {
  switch (objection.code) {
    case 'too-many': {
      const recent = objection.recent === 0 ? '' : ` (${objection.recent} more were done within the hour)`;
      return `${objection.names.length} deletes and replaces${recent}, where at most ${objection.limit} an hour are taken as meant with ${objection.owned} owned: ${listed(objection.names, quote)}; if they are meant: apply with --allow-deletes ${allOf(objection)}, or, where git is the source, a commit with the trailer Allow-Delete: NAME, NAME`;
    }
    case 'everything':
      return `this would delete everything that is owned: ${listed(objection.names, quote)}; if it is meant: --allow-empty`;
  }
}
