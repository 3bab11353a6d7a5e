/**
 * The manifests of one call: read, resolved and checked; what is wrong with them is said, all of it, on stderr.
 */

import { renderDiagnostic } from '../manifest/diagnostic.ts';
import { type Loaded, load } from '../manifest/load.ts';
import type { Resolver } from '../manifest/resolver.ts';
import { visible } from '../render/safe.ts';
import { UserError } from '../service/failure.ts';
import type { Source } from '../service/ports.ts';
import type { Wish } from '../service/service.ts';
import type { Io } from './io.ts';
import type { Secrets } from './secrets.ts';

/** The load, and whether it may be used: anything unreadable or wrong and it may not (exit 3). */
export async function loadManifests(
  source: Source,
  resolver: Resolver,
  io: Io,
  secrets: Secrets,
): Promise<Loaded & { readonly usable: boolean; readonly files: number }> {
  const snapshot = await source.read(io.stop);
  io.stop.throwIfAborted();
  const loaded = load(snapshot, { resolver });
  secrets.add(secretValues(loaded.load.wishes));
  const say = (text: string) => io.stderr.write(secrets.clean(text));
  if (snapshot.kind === 'unreadable')
    for (const problem of snapshot.problems) say(`error: ${visible(problem)}\n`);
  for (const diagnostic of loaded.diagnostics) say(`error: ${renderDiagnostic(diagnostic)}`);
  for (const warning of loaded.warnings) say(`warning: ${renderDiagnostic(warning)}`);
  const usable = snapshot.kind === 'complete' && loaded.diagnostics.length === 0;
  return { ...loaded, usable, files: snapshot.files.length };
}

/** Every value under `container_envvars` (design §5). */
export function secretValues(wishes: readonly Wish[]): readonly string[] {
  return wishes.flatMap(({ spec }) => (spec.container_envvars ?? []).map((variable) => variable.value));
}

/** `apply` writes nothing while something is unset: it would deploy a service with a hole in it. */
export function refuseUnset(wishes: readonly Wish[]): void {
  const lines = wishes.flatMap((wish) =>
    wish.unknowns.map(
      (unknown) =>
        `${wish.place.file}:${wish.place.line}:${wish.place.col} ${wish.name}: ${unknown.variable} is not set, and ${unknown.key ?? unknown.field} needs it`,
    ),
  );
  if (lines.length > 0) throw new UserError('EK353', `${lines.join('\n')}\nnothing was written`, 3);
}
