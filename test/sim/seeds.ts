/** Seeds in which something was once wrong; they run again in CI. What it was is told by a sentence in test/drive too. */
export const SEEDS: readonly number[] = [
  // The world's own: two walks over one list at once, a page asked for twice, rows of a list that never became whole.
  32,
  202,
  // A wall clock that jumped made the hour of deletes begin anew.
  36, 327,
  // A link to a name without a service waited for ever.
  43, 46, 51,
  // A GET overtaken by a list lost its details, and the service was a stranger from then on.
  127,
  // Deletes are a share of those owned when it was decided.
  156,
  // A no to a create sent again was taken for a no to the first, which arrived later: two services.
  5292, 5806,
  // The world's own: pages of one list that count differently, a stop that is overtaken by a kill.
  5312, 5671,
  // A name wished again while the API was away kept the old clock of its absence.
  20641,
  // The world's own: a replace that only the limit held moved its dependants an hour later.
  20491, 21391,
  // The world's own: how old what is acted on may be.
  40338, 40378, 40404, 40195, 40397,
  // What was over and suspended anew in the same moment was resumed.
  100298, 100370, 101787,
  // A protected name that a full disk did not take was forgotten with its manifest, and deleted.
  102376, 101967,
  // The world's own: a suspension that was kept and that nobody was told of; a change on the way to no containers.
  100702,
  101336,
];

/** The same of the dry run. */
export const DRY_SEEDS: readonly number[] = [
  // A job's terminated record was not read where the list does not show its mark: plan and apply disagreed, or it ran twice.
  278,
  // A job made anew beside its terminated record was shown as replaced, and was only terminated.
  1076,
  // A service whose link will lead to the successor of one that is still to be replaced began with what else differs, which
  // was not shown, and was given up.
  3411,
  3981, 8963, 3726,
];

/** The same of a fleet that is fed from a repository. */
export const GIT_SEEDS: readonly number[] = [
  // A replica that lags answered the fetch, and its commit was taken for the one that was announced: the branch was followed back.
  23,
  25,
  // A signature that could not be checked once was one that does not hold, for ever.
  1376, 1870,
  // A service whose manifest was gone was healed again while the branch was held, because another file had been broken.
  2579,
  // The judge's own: commits that nobody can take lie between two places at which the branch has stood.
  6, 226, 1195, 1830,
  // The world's own: a delete that a commit approves now does not count, whenever it was.
  2514,
];
