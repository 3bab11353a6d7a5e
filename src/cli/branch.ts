/**
 * `plan --base`: what the manifests of this checkout say otherwise than those of another branch, as rows to be shown.
 */
import { compareWishes } from '../decide/branch.ts';
import { type Loaded, load } from '../manifest/load.ts';
import type { Resolver } from '../manifest/resolver.ts';
import type { BranchReport } from '../render/branch.ts';
import { differenceRows } from '../render/differences.ts';
import { visible } from '../render/safe.ts';
import { UserError } from '../service/failure.ts';
import { LIMITS } from '../service/limits.ts';
import type { GitRef } from '../source/git/address.ts';
import { readBase } from '../source/git/checkout.ts';
import { gitRunner } from '../source/git/command.ts';
import { GIT_LIMITS } from '../source/git/limits.ts';
import { inherited } from './compose-git.ts';
import { secretValues } from './manifests.ts';
import type { Call } from './program.ts';

/** Throws UserError EK535 where the base cannot be read. */
export async function compareWithBase(
  { args, io, secrets }: Call,
  base: GitRef,
  now: Loaded['load'],
  resolver: Resolver,
): Promise<BranchReport> {
  if (args.includes('-'))
    throw new UserError('EK535', '--base compares a checkout: name its paths, not -', 3);
  const options = {
    paths: args,
    base,
    inherited: inherited(io.env),
    run: gitRunner(io.clock),
    limits: GIT_LIMITS,
    manifestLimits: LIMITS,
  };
  const reading = await readBase(options, io.stop);
  io.stop.throwIfAborted();
  if (typeof reading === 'string') throw new UserError('EK535', `--base ${base.text}: ${reading}`, 3);
  const { snapshot, sha, from, behind } = reading;
  const before = load(snapshot, { resolver });
  secrets.add(secretValues(before.load.wishes));
  const broken = before.load.problems;
  for (const problem of broken)
    io.stderr.write(`warning: at ${base.text}: ${visible(secrets.clean(problem))}\n`);
  const { added, changed, removed } = compareWishes(before.load.wishes, now.wishes);
  const clean = secrets.clean;
  return {
    ref: base.text,
    sha,
    from,
    behind,
    broken: broken.length > 0,
    added,
    removed,
    changed: changed.map(({ name, differences, settings }) => ({
      name,
      rows: [
        ...differenceRows(differences, {}).map((row) =>
          'keys' in row
            ? row
            : {
                ...row,
                live: row.live === undefined ? undefined : clean(row.live),
                wanted: clean(row.wanted),
              },
        ),
        ...settings.map(({ field, before: live, after: wanted }) => ({
          field,
          live: live === '' ? '(none)' : live,
          wanted: wanted === '' ? '(none)' : wanted,
        })),
      ],
    })),
  };
}
