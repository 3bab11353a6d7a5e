/** Builders for tests about manifests: a text or a map of texts becomes a load, with a resolver that is all there is. */
import { renderDiagnostic } from '../../src/manifest/diagnostic.ts';
import { type Loaded, type LoadOptions, load } from '../../src/manifest/load.ts';
import { createResolver, OFFLINE, type ResolverOptions } from '../../src/manifest/resolver.ts';
import type { Snapshot, SourceFile } from '../../src/service/ports.ts';
import type { Wish } from '../../src/service/service.ts';
import { sourceFile } from '../../src/source/text.ts';

const MAX = 256 * 1024;

/** Files by path; text or raw bytes. */
export function snapshot(files: Readonly<Record<string, string | Uint8Array>>): Snapshot {
  const all = Object.entries(files).map(
    ([path, content]): SourceFile =>
      sourceFile(path, typeof content === 'string' ? Buffer.from(content) : content, MAX),
  );
  return { kind: 'complete', files: all, revision: 'r1' };
}

/** Loads as `plan` does, with this environment. */
export function loadFiles(
  files: Readonly<Record<string, string | Uint8Array>>,
  resolver: Partial<ResolverOptions> = {},
  more: Partial<LoadOptions> = {},
): Loaded {
  return load(snapshot(files), { resolver: createResolver({ env: {}, ...resolver }), ...more });
}

export function loadText(text: string, resolver: Partial<ResolverOptions> = {}): Loaded {
  return loadFiles({ 'a.yaml': text }, resolver);
}

/** As `validate` does. */
export function validateText(text: string): Loaded {
  return load(snapshot({ 'a.yaml': text }), { resolver: OFFLINE });
}

/** The only wish of a text that must be sound. */
export function wishOf(text: string, resolver: Partial<ResolverOptions> = {}): Wish {
  const { load: result, diagnostics } = loadText(text, resolver);
  const [wish] = result.wishes;
  if (diagnostics.length > 0 || wish === undefined || result.wishes.length !== 1)
    throw new Error(`expected one sound manifest:\n${rendered(diagnostics)}`);
  return wish;
}

export function rendered(diagnostics: Loaded['diagnostics']): string {
  return diagnostics.map(renderDiagnostic).join('\n');
}

/** `code line:col` of each. */
export function codes({ diagnostics }: Pick<Loaded, 'diagnostics'>): readonly string[] {
  return diagnostics.map(({ code, place }) => `${code} ${place.line}:${place.col}`);
}
