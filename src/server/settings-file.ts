/**
 * Reading the server's own small files (users, faults): YAML or JSON, strict, checked against a schema. Every message
 * names the place by its path in the document; none shows a value, which may be a key.
 */
import { readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parseDocument } from 'yaml';
import type { Code } from '../service/codes.ts';
import { UserError } from '../service/failure.ts';

const MOST_BYTES = 1024 * 1024;
const MOST_MESSAGES = 20;

/** The name of a file in schemas/, which is beside src/ and beside dist/. */
export type SchemaName = `${string}.schema.json`;

export async function readSettings<T>(path: string, schema: SchemaName, code: Code): Promise<T> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UserError(
      code,
      `${path} cannot be read: ${error.code === 'ENOENT' ? 'no such file or directory' : (error.code ?? error.message)}`,
      3,
    );
  });
  if (text.length > MOST_BYTES) throw new UserError(code, `${path} is larger than ${MOST_BYTES} bytes`, 3);
  return await parseSettings<T>(text, path, schema, code);
}

/** As `readSettings`, for text that was read already; `path` is for messages. */
export async function parseSettings<T>(
  text: string,
  path: string,
  schema: SchemaName,
  code: Code,
): Promise<T> {
  const document = parseDocument(text, { uniqueKeys: true, strict: true, merge: false, prettyErrors: false });
  const broken = document.errors[0];
  if (broken !== undefined) {
    const line = text.slice(0, broken.pos[0]).split('\n').length;
    throw new UserError(code, `${path}:${line}: not valid YAML or JSON (${broken.code})`, 3);
  }
  const value: unknown = toPlain(document, path, code);
  const definition = await readFile(new URL(`../../schemas/${schema}`, import.meta.url), 'utf8');
  const ajv = new Ajv2020({ allErrors: true, strict: true, strictRequired: false, allowUnionTypes: true });
  const validate = ajv.compile(JSON.parse(definition) as object);
  if (validate(value)) return value as T;
  const messages = (validate.errors ?? []).slice(0, MOST_MESSAGES).map((error) => {
    const extra = error.params as { additionalProperty?: string; allowedValues?: readonly unknown[] };
    const named = extra.additionalProperty === undefined ? '' : ` '${extra.additionalProperty}'`;
    const allowed = extra.allowedValues === undefined ? '' : ` (${extra.allowedValues.join(', ')})`;
    return `${path}: ${error.instancePath || '/'} ${error.message ?? 'is not valid'}${named}${allowed}`;
  });
  throw new UserError(code, messages.join('\n'), 3);
}

function toPlain(document: ReturnType<typeof parseDocument>, path: string, code: Code): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch {
    throw new UserError(code, `${path}: anchors and aliases are not allowed here`, 3);
  }
}
