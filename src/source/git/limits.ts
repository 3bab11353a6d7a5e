/**
 * What a repository may cost. Above is a problem that is said, never a stall or a full disk
 * (`research/reliability.md` G3, G17). Manifest sizes are in service/limits.ts.
 */
export interface GitLimits {
  /** Milliseconds that one exchange with the server may take. */
  readonly exchangeMs: number;
  /** Milliseconds after which a daemon goes on with what it has while the exchange continues. */
  readonly patienceMs: number;
  /** Milliseconds of one command that only reads the mirror. */
  readonly localMs: number;
  /** Bytes of the mirror's packs. */
  readonly mirrorBytes: number;
  /** Bytes of one listing: some 500,000 paths. */
  readonly listBytes: number;
  /** Commits since the last reading whose trailers are looked at; above, only the latest ones. */
  readonly commits: number;
  /** Milliseconds in which at most two exchanges begin. */
  readonly spacingMs: number;
  /** Milliseconds for which a commit that was too large is not asked for again. */
  readonly tooLargeMs: number;
  /** Packs in the mirror before they are made one. */
  readonly packs: number;
}

export const GIT_LIMITS: GitLimits = {
  exchangeMs: 120_000,
  patienceMs: 20_000,
  localMs: 60_000,
  mirrorBytes: 512 * 1024 * 1024,
  listBytes: 64 * 1024 * 1024,
  commits: 1_000,
  spacingMs: 4_000,
  tooLargeMs: 30 * 60_000,
  packs: 50,
};
