/**
 * `npm run sim:ci`: a slice of each exploration that fits eight minutes on two processors, the same one each time. Which
 * starts, wishes and seeds it takes is fixed here, so that a red run is red again; the whole is `npm run proof`.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Each start has its turn in every `SLICE`th run of a wider slice; this one is for CI. */
const SLICES: readonly (readonly [script: string, args: readonly string[]])[] = [
  ['model', ['--slice', '7/10']],
  ['crash', []],
  ['fault', ['--slice', '3/5']],
  ['pairs', ['--slice', '7/20']],
  ['dry-run', ['--worlds', '2500']],
  ['random', ['--runs', '250', '--from', '100000']],
  ['git', ['--seeds', '400']],
];

const only = process.argv[2];
for (const [script, args] of SLICES) {
  if (only !== undefined && only !== script) continue;
  const path = fileURLToPath(new URL(`${script}.ts`, import.meta.url));
  const code = await new Promise<number>((resolve) => {
    fork(path, args).on('exit', (ended) => resolve(ended ?? 1));
  });
  if (code !== 0) process.exitCode = 1;
}
