/** Problems of the manifests with the word that was probably meant: whoever reads `status` does not see the frames. */
import { type Diagnostic, oneLine } from '../manifest/diagnostic.ts';
import type { Loaded } from '../manifest/load.ts';
import { visible } from '../render/safe.ts';
import type { Load } from '../service/ports.ts';

/** The load, each "did you mean" behind its problem. Other hints are long, or lists. */
export function hinted({ load, diagnostics }: Loaded): Load {
  const hints = new Map(
    diagnostics.flatMap((one) => (isNear(one) ? [[oneLine(one), one.hint] as const] : [])),
  );
  const problems = load.problems.map((problem) => {
    const hint = hints.get(problem);
    return hint === undefined ? problem : `${problem}; ${visible(hint)}`;
  });
  return { ...load, problems };
}

const isNear = (one: Diagnostic): one is Diagnostic & { readonly hint: string } =>
  one.hint?.startsWith('did you mean ') === true;
