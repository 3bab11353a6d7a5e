/**
 * One plain line for each event worth one, in the API's words: `web PATCH target_num_containers 2→7`, `web → Scaling`.
 */
import type { Event, LeftAlone } from '../service/event.ts';
import type { ApiFailure } from '../service/failure.ts';
import type { Culprit } from '../service/plan.ts';
import type { Difference, Operation } from '../service/service.ts';
import { isMoving, isServiceState, type MovingState } from '../service/states.ts';
import { blockSentence, objectionSentence, suspendedText, UNKNOWN_ASKER } from './blocks.ts';
import { valueText } from './differences.ts';
import { short, visible } from './safe.ts';
import { listed, OPERATION_WORDS, reasonSentence } from './words.ts';

/** A line without its end, or undefined for what is no news to a person who follows along. */
export function progressLine(event: Event): string | undefined {
  switch (event.type) {
    case 'pass:start':
    case 'pass:end':
    case 'pass:failed':
      return undefined;
    case 'fleet:converged':
      return event.blocked > 0
        ? `at rest: ${event.blocked} of ${event.services} services blocked`
        : `converged: ${event.services} service${event.services === 1 ? '' : 's'} as wished`;
    case 'observation:failed':
      return `the services cannot be seen: ${failureText(event.failure)}; nothing is created or deleted meanwhile`;
    case 'observation:recovered':
      return 'the services can be seen again';
    case 'source:incomplete':
      return `the manifests cannot all be read, nothing is deleted meanwhile: ${listed(event.problems, visible, 5)}`;
    case 'source:recovered':
      return `the manifests can all be read again (${visible(event.revision)})`;
    case 'source:changed':
      return `the manifests changed: ${listed(event.names, visible)}`;
    case 'operation:accepted':
      return acceptedLine(event);
    case 'operation:failed':
      return `${visible(event.name)} ${OPERATION_WORDS[event.verb]} failed (attempt ${event.attempts}): ${failureText(event.failure)}${event.retryInMs === undefined ? '' : `; again in ${seconds(event.retryInMs)}`}`;
    case 'create:uncertain':
      return `${visible(event.name)} create: nobody knows whether it was carried out; it is being looked for`;
    case 'create:found':
      return `${visible(event.name)} create: it was carried out (${visible(event.uuid)})`;
    case 'service:decided':
      return event.decision === 'wait' && isTransition(event.state)
        ? `${visible(event.name)} → ${visible(event.state)}`
        : undefined;
    case 'service:blocked':
      return `${visible(event.name)} blocked: ${blockSentence(event.name, event.block, visible)}`;
    case 'service:stalled':
      return `${visible(event.name)} stalled: ${visible(event.state)} for ${seconds(event.forMs)}; ${visible(event.evidence)}`;
    case 'service:off-plan':
      return `${visible(event.name)} off plan: ${OPERATION_WORDS[event.verb]} was not shown and is not done (${reasonSentence(event.why, visible)}); make a new plan`;
    case 'service:in-sync':
      if (event.state === 'Terminated') return `${visible(event.name)} is gone`;
      return `${visible(event.name)} in sync${event.state === undefined ? '' : ` (${visible(event.state)})`}`;
    case 'service:foreign-change':
      return foreignLine(event);
    case 'suspend:on':
      return `${scopeOf(event.names)} ${suspendedText(event, visible)}`;
    case 'suspend:off': {
      const by = event.by === undefined || event.by === UNKNOWN_ASKER ? '' : ` by ${visible(event.by)}`;
      return `${scopeOf(event.names)} no longer suspended (${event.why}${by})`;
    }
    case 'deletes:refused':
      return `REFUSED: ${objectionSentence(event.objection, visible)}`;
    case 'orphans:left':
      return `in no manifest: ${listed(event.names, visible, 10)}; ${LEFT_ALONE[event.why]}`;
    case 'journal:failed':
      return `the journal cannot be written, so nothing is sent: ${visible(event.message)}`;
    case 'stop:requested':
      return `${visible(event.signal)}: no new write is sent; what is under way is finished`;
    case 'stop:done':
      return event.undone.length === 0 ? 'stopped' : `stopped; not ended: ${listed(event.undone, visible)}`;
  }
}

const LEFT_ALONE: Readonly<Record<LeftAlone, string>> = {
  'prune-never': 'left alone: run and apply remove such services with --prune owned --owner NAME only',
  grace: 'to be deleted when the grace has passed, unless a manifest names it again',
};

function foreignLine({ name, fields, by }: Extract<Event, { type: 'service:foreign-change' }>): string {
  const what = fields.includes('service') ? 'it is gone' : listed(fields, visible);
  return `${visible(name)} live changed: ${what}${by === undefined ? '' : ` ${culpritText(by)}`}`;
}

/** `by PATCH of ann (tutum-cli/0.20, 10.0.0.7) at …`. */
export function culpritText({ action, user, agent, ip, at }: Culprit): string {
  return `by ${visible(action)} of ${visible(user)} (${visible(agent)}, ${visible(ip)}) at ${visible(at)}`;
}

const scopeOf = (names: readonly string[]) =>
  names.length === 0 ? 'the fleet:' : `${listed(names, visible)}:`;

/** Waiting in a resting state is waiting for somebody else, which is no news of this service. */
function isTransition(state: string | undefined): state is MovingState {
  return state !== undefined && isServiceState(state) && isMoving(state);
}

type Accepted = Extract<Event, { type: 'operation:accepted' }>;

function acceptedLine(event: Accepted): string {
  const { operation, why } = event;
  const name = visible(event.name);
  if (operation.verb !== 'update') return `${name} ${OPERATION_WORDS[operation.verb]}`;
  return `${name} PATCH ${patchWords(operation, why.code === 'differs' ? why.differences : [], event.before?.target)}`;
}

/** What a PATCH changes, `old→new` where both are known; of the environment only the keys. */
function patchWords(
  operation: Extract<Operation, { verb: 'update' }>,
  differences: readonly Difference[],
  target: number | undefined,
): string {
  const words = Object.keys(operation.patch).map((field) => {
    const rows = differences.filter((difference) => difference.field === field);
    const changes = rows.map((row) => {
      if (row.field === 'container_envvars') return `${visible(row.key)} ${row.change}`;
      return `${short(valueText(row.live, {}), 60)}→${short(valueText(row.wanted, {}), 60)}`;
    });
    if (changes.length === 0 && field === 'target_num_containers' && target !== undefined)
      changes.push(`${target}→${operation.patch.target_num_containers ?? target}`);
    return [visible(field), ...changes].join(' ');
  });
  return words.length === 0 ? '(nothing)' : words.join(', ');
}

/** A failure in one line: what the client says about it, and the server's words by field. */
export function failureText(failure: ApiFailure): string {
  const fields =
    failure.kind === 'refused'
      ? Object.entries(failure.fields).map(
          ([field, words]) => ` ${visible(field)}: ${words.map(visible).join(' ')}`,
        )
      : [];
  return visible(failure.message) + fields.join(';');
}

const seconds = (ms: number) => `${Math.round(ms / 100) / 10} s`;
