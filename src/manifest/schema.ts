/** Questions to the manifest's schema: what a path leads to, and what type stands there. */
import type { Path } from './data.ts';
import { SERVICE_SCHEMA } from './schema.gen.ts';

/** The few keywords of JSON Schema that decide where a path leads. */
export interface SchemaNode {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly additionalProperties?: boolean | SchemaNode;
}

export const ROOT: SchemaNode = SERVICE_SCHEMA;

/** What stands under `step` of `node`; undefined = nothing the schema knows. */
export function schemaUnder(node: SchemaNode | undefined, step: string | number): SchemaNode | undefined {
  if (node === undefined) return undefined;
  if (node.type === 'array') return node.items;
  const { properties, additionalProperties } = node;
  if (properties !== undefined && Object.hasOwn(properties, step)) return properties[step];
  return typeof additionalProperties === 'object' ? additionalProperties : undefined;
}

export function schemaAt(path: Path): SchemaNode | undefined {
  return path.reduce<SchemaNode | undefined>(schemaUnder, ROOT);
}
