/** Operations → the requests that carry them out (reference, "HTTP Request" of each endpoint). */
import type { Extension } from '../service/extensions.ts';
import type { CreateRequest, WriteRequest } from '../service/ports.ts';
import type { EnvVar } from '../service/spec.ts';
import { serviceUri } from '../service/uri.ts';
import { SERVICE_PATH } from '../service/wire.ts';
import { createBody, writeBody } from './body.ts';
import type { Call } from './exchange.ts';

const valuesOf = (env: readonly EnvVar[] | undefined) => (env ?? []).map((one) => one.value);

/** The attempt is the idempotency key: the same attempt is the same service, a new one has a new key. */
export function createCall(request: CreateRequest, offered: readonly Extension[]): Call {
  return {
    kind: 'create',
    method: 'POST',
    path: SERVICE_PATH,
    body: createBody(request, offered),
    headers: offered.includes('idempotency-key') ? { 'Idempotency-Key': request.mark.attempt } : {},
    secrets: valuesOf(request.operation.spec.container_envvars),
  };
}

export function writeCall(request: WriteRequest, offered: readonly Extension[]): Call {
  const { operation } = request;
  const path = serviceUri(operation.uuid);
  if (operation.verb === 'terminate') return { kind: 'write', method: 'DELETE', path };
  const body = writeBody(request, offered);
  if (operation.verb !== 'update')
    return { kind: 'write', method: 'POST', path: `${path}${operation.verb}/`, body };
  return { kind: 'write', method: 'PATCH', path, body, secrets: valuesOf(operation.patch.container_envvars) };
}
