/**
 * Operations → request bodies. A field whose extension is not announced is never sent; the mark travels in the create,
 * and again in every PATCH of the list that carries it, as a PATCH replaces the list as a whole (design §6).
 */
import type { Extension } from '../service/extensions.ts';
import { FIELD_NAMES, FIELDS } from '../service/fields.ts';
import { formatMark, MARK_KEY, type Mark } from '../service/mark.ts';
import type { CreateRequest, WriteRequest } from '../service/ports.ts';
import type { Spec } from '../service/spec.ts';

type Body = Record<string, unknown>;

/** The body of `POST /api/v1/service/`: equal requests to an equal server give equal bytes. */
export function createBody(request: CreateRequest, offered: readonly Extension[]): string {
  const { operation, mark, name } = request;
  const place: Mark['in'] = offered.includes('labels') ? 'labels' : 'container_envvars';
  const token = operation.redeployToken;
  return JSON.stringify({
    name,
    ...sendable(
      { ...operation.spec, [place]: operation.spec[place] ?? (place === 'labels' ? {} : []) },
      offered,
      {
        ...mark,
        in: place,
      },
    ),
    ...(token !== undefined && offered.includes('redeploy-token') ? { redeploy_token: token } : {}),
  });
}

/** The body of a write to an existing service; undefined = none. */
export function writeBody(request: WriteRequest, offered: readonly Extension[]): string | undefined {
  const { operation, mark } = request;
  const keepsTokens = offered.includes('redeploy-token');
  if (operation.verb === 'redeploy' && operation.token !== undefined && keepsTokens)
    return JSON.stringify({ token: operation.token });
  if (operation.verb !== 'update') return undefined;
  const { redeploy_token, ...fields } = operation.patch;
  return JSON.stringify({
    ...sendable(fields, offered, mark),
    ...(redeploy_token !== undefined && keepsTokens ? { redeploy_token } : {}),
  });
}

function sendable(spec: Spec, offered: readonly Extension[], mark: Mark | undefined): Body {
  for (const link of spec.linked_to_service ?? [])
    if (link.to_service.startsWith('@'))
      throw new Error(`the link ${link.name} has no uuid yet and cannot be sent`);
  const body: Body = {};
  for (const field of FIELD_NAMES) {
    const { needs } = FIELDS[field];
    if (spec[field] === undefined || (needs !== undefined && !offered.includes(needs))) continue;
    body[field] = spec[field];
  }
  if (mark?.in === 'labels' && body['labels'] !== undefined)
    body['labels'] = { ...spec.labels, [MARK_KEY]: formatMark(mark) };
  if (mark?.in === 'container_envvars' && body['container_envvars'] !== undefined)
    body['container_envvars'] = [
      ...(spec.container_envvars ?? []),
      { key: MARK_KEY, value: formatMark(mark) },
    ];
  return body;
}
