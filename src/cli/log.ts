/**
 * The log: pino's JSON lines on stderr, one for each event, with static messages and the facts as fields, so that lines
 * can be grouped. Only listed fields are written, and each text passes the scrubber of known secrets.
 */
import { type Logger, pino } from 'pino';
import { blockSentence, objectionSentence } from '../render/blocks.ts';
import { culpritText, failureText } from '../render/progress.ts';
import { visible } from '../render/safe.ts';
import { reasonCode, reasonSentence, sentFields } from '../render/words.ts';
import { isoDate } from '../service/dates.ts';
import type { Event, Listen } from '../service/event.ts';
import type { Clock } from '../service/ports.ts';
import type { Output } from './io.ts';
import type { Secrets } from './secrets.ts';

export type Level = 'debug' | 'info' | 'warn' | 'error' | 'silent';
type Facts = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;
type Line = readonly [level: Exclude<Level, 'silent'>, message: string, facts: Facts];

export interface Log {
  readonly listen: Listen;
  write(level: Exclude<Level, 'silent'>, message: string, facts?: Facts): void;
}

export function createLog(level: Level, output: Output, clock: Clock, secrets: Secrets): Log {
  const logger: Logger = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":${Math.round(clock.wall())}`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => output.write(line) },
  );
  const clean = (value: Facts[string]): Facts[string] => {
    if (typeof value === 'string') return secrets.clean(value);
    return Array.isArray(value) ? value.map((item: string) => secrets.clean(item)) : value;
  };
  const write: Log['write'] = (at, message, facts = {}) => {
    const cleaned = Object.entries(facts).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, clean(value)] as const],
    );
    logger[at](Object.fromEntries(cleaned), message);
  };
  return {
    write,
    listen(event) {
      const [at, message, facts] = lineOf(event);
      write(at, message, { event: event.type, ...facts });
    },
  };
}

function lineOf(event: Event): Line {
  switch (event.type) {
    case 'pass:start':
      return ['debug', 'pass begins', { revision: event.revision, services: event.services }];
    case 'pass:end': {
      const { type: _, ...facts } = event;
      return ['debug', 'pass ends', facts];
    }
    case 'pass:failed':
      return ['debug', 'pass fails', { revision: event.revision, tookMs: event.tookMs }];
    case 'fleet:converged':
      return event.blocked > 0
        ? ['warn', 'at rest, but not all is as wished', { services: event.services, blocked: event.blocked }]
        : ['info', 'converged', { services: event.services, blocked: 0 }];
    case 'observation:failed':
      return [
        'error',
        'the services cannot be seen',
        { failure: event.failure.kind, why: failureText(event.failure) },
      ];
    case 'observation:recovered':
      return ['info', 'the services can be seen again', {}];
    case 'source:incomplete':
      return [
        'error',
        'the manifests cannot all be read; deletes are suspended',
        { problems: event.problems },
      ];
    case 'source:recovered':
      return ['info', 'the manifests can all be read again', { revision: event.revision }];
    case 'source:changed':
      return ['info', 'the manifests changed', { revision: event.revision, names: event.names }];
    case 'operation:accepted':
      return ['info', 'operation accepted', acceptedFacts(event)];
    case 'operation:failed':
      return [
        'warn',
        'operation failed',
        {
          name: event.name,
          verb: event.verb,
          failure: event.failure.kind,
          why: failureText(event.failure),
          attempts: event.attempts,
          retryInMs: event.retryInMs,
        },
      ];
    case 'create:uncertain':
      return [
        'warn',
        'nobody knows whether the create was carried out',
        { name: event.name, attempt: event.attempt },
      ];
    case 'create:found':
      return ['info', 'the uncertain create was carried out', { name: event.name, uuid: event.uuid }];
    case 'service:decided':
      return ['debug', 'decided', { name: event.name, decision: event.decision, state: event.state }];
    case 'service:blocked':
      return [
        'warn',
        'blocked',
        { name: event.name, block: event.block.code, why: blockSentence(event.name, event.block, visible) },
      ];
    case 'service:stalled':
      return [
        'error',
        'stalled',
        { name: event.name, state: event.state, forMs: event.forMs, why: event.evidence },
      ];
    case 'service:off-plan':
      return [
        'warn',
        'off plan',
        { name: event.name, verb: event.verb, why: reasonSentence(event.why, visible) },
      ];
    case 'service:in-sync':
      return ['info', 'in sync', { name: event.name, state: event.state }];
    case 'service:foreign-change':
      return [
        'warn',
        'live changed by somebody else',
        {
          name: event.name,
          uuid: event.uuid,
          fields: event.fields,
          by: event.by === undefined ? undefined : culpritText(event.by),
        },
      ];
    case 'suspend:on':
      return [
        'warn',
        'suspended',
        { names: event.names, until: isoDate(event.until), by: event.by, reason: event.reason },
      ];
    case 'suspend:off':
      return ['info', 'no longer suspended', { names: event.names, why: event.why, by: event.by }];
    case 'deletes:refused':
      return [
        'error',
        'deletes and replaces are refused',
        {
          objection: event.objection.code,
          names: event.objection.names,
          why: objectionSentence(event.objection, visible),
        },
      ];
    case 'orphans:left':
      return ['info', 'in no manifest, and left alone', { names: event.names, why: event.why }];
    case 'journal:failed':
      return ['error', 'the journal cannot be written', { why: event.message }];
    case 'stop:requested':
      return ['info', 'asked to stop', { signal: event.signal }];
    case 'stop:done':
      return ['info', 'stopped', { undone: event.undone }];
  }
}

/** Field names, never values: those of the environment are secrets. */
function acceptedFacts(event: Extract<Event, { type: 'operation:accepted' }>): Facts {
  return {
    name: event.name,
    uuid: event.uuid,
    verb: event.operation.verb,
    fields: sentFields(event.operation),
    why: reasonCode(event.why),
    before: event.before?.state,
    state: event.state,
    revision: event.revision,
  };
}
