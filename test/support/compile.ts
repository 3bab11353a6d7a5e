/**
 * The journal compiled to plain JavaScript, for child processes that must start fast.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Compiles `entry` and everything of src/journal and src/service into `out`; the path of the compiled entry. */
export function compileChild(entry: string, out: string): string {
  const folder = (path: string) =>
    readdirSync(join(ROOT, path))
      .filter((file) => file.endsWith('.ts'))
      .map((file) => join(path, file));
  for (const file of [...folder('src/journal'), ...folder('src/service'), entry]) {
    const { outputText } = ts.transpileModule(readFileSync(join(ROOT, file), 'utf8'), {
      compilerOptions: {
        module: ts.ModuleKind.ESNext,
        target: ts.ScriptTarget.ES2023,
        rewriteRelativeImportExtensions: true,
      },
    });
    const target = join(out, file.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, outputText);
  }
  writeFileSync(join(out, 'package.json'), '{"type":"module"}');
  return join(out, entry.replace(/\.ts$/, '.js'));
}
