/** What a drive is told once, at its start. */
export interface DriveSettings {
  readonly owner: string;
  /** Requests per second and burst: also what the forecast counts with. */
  readonly pace: { readonly rate: number; readonly burst: number };
  /** Operations leave one by one in the order of the plan (`apply --concurrency 1`). */
  readonly inOrder: boolean;
  /** Suspensions are ignored: somebody said so (`apply --ignore-suspend`). */
  readonly ignoreSuspensions?: boolean;
  /** The user agent under which our writes are recorded: who changed a service is asked for. Undefined = nobody is asked. */
  readonly agent?: string;
  /** How long *Partly running* must have been seen before it is healed: 0 in `apply`, 60 s in `run` (design §4). */
  readonly healAfterMs: number;
  /** How long an uncertain create is looked for before it is tried again (design §7). */
  readonly uncertainMs: number;
  readonly deadlines: Readonly<
    Record<'Starting' | 'Scaling' | 'Redeploying' | 'Stopping' | 'Terminating', number>
  >;
}

/** Must exceed what the server and every proxy may hold a request for (`research/reliability.md` I3). */
export const UNCERTAIN_MS = 120_000;
export const HEAL_AFTER_MS = 60_000;
