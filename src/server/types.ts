/** What the parts of the server share: its options, what it reports about itself, and one request's particulars. */
import type { Engine } from '../service/engine.ts';
import type { Clock, Random } from '../service/ports.ts';
import type { Store } from '../service/store.ts';
import type { Scope } from './auth/users.ts';

export type Log = (
  level: 'info' | 'warn' | 'error',
  message: string,
  details?: Readonly<Record<string, string | number>>,
) => void;

/** Everything that the life of services rests on. */
export interface World {
  readonly engine: Engine;
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly settings: Settings;
}

export interface Settings {
  /** `reference`: no extension at all, as the platform was; for testing clients. */
  readonly profile: 'extended' | 'reference';
  /** Refuses what only the endpoint texts of the reference allow: start in Partly running, redeploy in Not running. */
  readonly strict: boolean;
  /**
   * What `roles: ["global"]` gives to the containers: where they find the API, and a key of this scope; null = the role
   * is refused.
   */
  readonly globalRole: { readonly url: string; readonly scope: Scope } | null;
  readonly mostContainers: number;
  /** How long a request may take, once it has arrived, before it is a 503: what it began goes on. */
  readonly deadlineMs: number;
  /** How long a Terminated service is shown. */
  readonly terminatedForMs: number;
}

export const DEFAULT_SETTINGS: Settings = {
  profile: 'extended',
  strict: false,
  globalRole: null,
  mostContainers: 1_000,
  deadlineMs: 60_000,
  terminatedForMs: 60 * 60_000,
};

/** Who asks, and how: what an action record keeps. */
export interface Asker {
  readonly user: string;
  readonly ip: string;
  readonly userAgent: string;
  readonly method: string;
  readonly path: string;
  /** The body without secrets. */
  readonly body: string;
}
