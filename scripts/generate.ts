/**
 * Writes what is generated: from `schemas/` the manifest's types and the schema as a module (so that the built
 * program reads no file for it), from the table of metrics their page. `--check` writes nothing and fails when a file is not what it would write.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { compile, type JSONSchema } from 'json-schema-to-typescript';
import { metricsPage } from '../src/ops/metrics.ts';

const BANNER = '/** Generated from schemas/service.schema.json by `npm run generate`. Do not edit. */';
const at = (path: string) => new URL(`../${path}`, import.meta.url);

/** Path → content of every generated file. */
export async function generated(): Promise<Readonly<Record<string, string>>> {
  const text = await readFile(at('schemas/service.schema.json'), 'utf8');
  const schema: JSONSchema = JSON.parse(text);
  const types = await compile(withoutTitles(schema), 'ServiceManifest', {
    bannerComment: BANNER,
    additionalProperties: false,
    style: { singleQuote: true, printWidth: 110 },
  });
  const { $schema: _, ...rest } = schema;
  const module = `${BANNER}\nexport const SERVICE_SCHEMA = ${JSON.stringify(rest, null, 2)} as const;\n`;
  return {
    'src/service/manifest.gen.ts': types,
    'src/manifest/schema.gen.ts': module,
    'docs/metrics.md': metricsPage(),
  };
}

/** Inner titles would each become a type of their own name; the descriptions stay. */
function withoutTitles(schema: JSONSchema): JSONSchema {
  const strip = (value: unknown, root: boolean): unknown => {
    if (Array.isArray(value)) return value.map((item) => strip(item, false));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).filter(
      ([key, inner]) => root || key !== 'title' || typeof inner !== 'string',
    );
    return Object.fromEntries(entries.map(([key, inner]) => [key, strip(inner, false)]));
  };
  return strip(schema, true) as JSONSchema;
}

async function main(check: boolean): Promise<void> {
  for (const [path, content] of Object.entries(await generated())) {
    const old = await readFile(at(path), 'utf8').catch(() => undefined);
    if (old === content) continue;
    if (check) {
      console.error(`${path} is not what its source says; run \`npm run generate\``);
      process.exitCode = 1;
    } else {
      await writeFile(at(path), content);
      console.log(`wrote ${path}`);
    }
  }
}

if (process.argv[1] === new URL(import.meta.url).pathname) await main(process.argv.includes('--check'));
