/**
 * What our server offers beyond the reference, announced in one header of every reply (design §4).
 *
 * No header means reference behaviour. An extension once seen and now missing is *lost*: it blocks what depends on
 * it and never turns a PATCH into a replace.
 */
export const EXTENSIONS_HEADER = 'x-api-extensions';

export const EXTENSIONS = [
  'patch=all',
  'start-partly',
  'redeploy-idle',
  'full-list',
  'labels',
  'idempotency-key',
  'redeploy-token',
  'bindings',
  'limits',
] as const;

export type Extension = (typeof EXTENSIONS)[number];

/** `offered` by the replies of this observation; `lost` = journalled for this server earlier, not offered now. */
export interface Capabilities {
  readonly offered: readonly Extension[];
  readonly lost: readonly Extension[];
}

export const REFERENCE: Capabilities = { offered: [], lost: [] };

export const ALL_EXTENSIONS: Capabilities = { offered: EXTENSIONS, lost: [] };

/** Reads the header's value; words it does not know are passed over, so that a newer server can say more. */
export function parseExtensions(header: string | undefined): readonly Extension[] {
  const words = new Set((header ?? '').split(',').map((word) => word.trim().toLowerCase()));
  return EXTENSIONS.filter((extension) => words.has(extension));
}

export function offers(capabilities: Capabilities, extension: Extension): boolean {
  return capabilities.offered.includes(extension);
}
