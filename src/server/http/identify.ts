/** Which operation on which service a request is, before it is handled: for faults, observers and the audit. */
import type { FastifyRequest } from 'fastify';
import type { RequestVerb } from '../observe.ts';
import type { World } from '../types.ts';
import { readBody } from './body.ts';
import { traceOf } from './trace.ts';

export function createIdentify(world: World): (request: FastifyRequest) => Promise<void> {
  return async (request) => {
    const trace = traceOf(request);
    trace.verb = (request.routeOptions.config as { verb?: RequestVerb }).verb ?? 'other';
    if (trace.verb === 'create') {
      trace.name = nameIn(request);
      return;
    }
    const { uuid } = (request.params ?? {}) as { uuid?: string };
    if (uuid === undefined || trace.verb === 'other') return;
    trace.uuid = uuid.toLowerCase();
    trace.name = (await world.store.definition(trace.uuid))?.name;
  };
}

/** The name that a create asks for, if its body can be read. */
function nameIn(request: FastifyRequest): string | undefined {
  try {
    const { name } = readBody(request.body, undefined);
    return typeof name === 'string' ? name : undefined;
  } catch {
    return undefined;
  }
}
