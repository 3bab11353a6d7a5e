/**
 * What the operator decides about a Docker engine, and what holds when nothing is said.
 */
import type { Clock } from '../../service/ports.ts';

export interface DockerOptions {
  readonly clock: Clock;
  /** As in DOCKER_HOST: `unix:///path` or `tcp://host:port`. */
  readonly host?: string;
  /** PEM texts for a `tcp://` host that wants TLS with client certificates. */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
  /** Tells the containers of several servers on one engine apart: one word a store, `[a-z0-9-]{1,32}`. */
  readonly instance?: string;
  /** The host's address that ports are published on. */
  readonly publishAddress?: string;
  /** `auto`: create = if missing, redeploy = try. `never`: only images that are there. */
  readonly pull?: 'auto' | 'never';
  /** A file in the form of Docker's own `config.json` (`auths`), read before each pull. */
  readonly registryConfig?: string;
  /** How long a registry may take to say anything. */
  readonly registryMs?: number;
  /** How long one pull may take as a whole. */
  readonly pullMs?: number;
  /** How long a container may take to become healthy. */
  readonly readyMs?: number;
  /** How long a container without a health check must stay up to count as started. */
  readonly settleMs?: number;
  /** Seconds between the stop signal and the kill. */
  readonly stopSeconds?: number;
  /** Creates, starts and removals at once. Thirty services are up in three quarters of the time that 4 took. */
  readonly concurrency?: number;
  /** How often everything is looked at although no event said so. */
  readonly sweepMs?: number;
}

export type Settings = Required<Omit<DockerOptions, 'tls' | 'registryConfig'>> &
  Pick<DockerOptions, 'tls' | 'registryConfig'>;

export function settingsOf(options: DockerOptions): Settings {
  return {
    host: 'unix:///var/run/docker.sock',
    instance: 'evenkeel',
    publishAddress: '127.0.0.1',
    pull: 'auto',
    registryMs: 20_000,
    pullMs: 15 * 60_000,
    readyMs: 5 * 60_000,
    settleMs: 500,
    stopSeconds: 10,
    concurrency: 16,
    sweepMs: 30_000,
    ...options,
  };
}
