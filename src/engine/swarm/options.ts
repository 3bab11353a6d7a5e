/**
 * What the operator decides about a swarm engine.
 */
import { type DockerOptions, type Settings, settingsOf } from '../docker/options.ts';

export interface SwarmOptions extends Omit<DockerOptions, 'publishAddress' | 'concurrency'> {
  /**
   * How ports are published. `ingress`: on every node, containers share a fixed one; needs `ip_vs` in the kernel of every
   * node. `host`: on the container's node, one container a port and node. `auto`: ingress where this machine has `ip_vs`.
   */
  readonly ports?: 'auto' | 'ingress' | 'host';
  /** How long a task may wait for a place. */
  readonly pendingMs?: number;
}

export interface SwarmSettings extends Settings {
  readonly ports: 'auto' | 'ingress' | 'host';
  readonly pendingMs: number;
}

/** Since it was seen up: a swarm shows that a tenth of a second late and more. */
const SETTLE_MS = 300;

export function swarmSettings(options: SwarmOptions): SwarmSettings {
  return {
    ...settingsOf({ settleMs: SETTLE_MS, ...options }),
    ports: options.ports ?? 'auto',
    pendingMs: options.pendingMs ?? 15_000,
  };
}
