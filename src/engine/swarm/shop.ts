/**
 * The tools of one swarm engine, built once at `start`.
 */
import type { Daemon } from '../docker/daemon.ts';
import { type Images, images } from '../docker/images.ts';
import type { Known } from '../docker/known.ts';
import { type Volumes, volumes } from '../docker/volumes.ts';
import { type SwarmApi, swarmApi } from './api.ts';
import { type Lookout, lookout } from './lookout.ts';
import { type Overlays, overlays } from './networks.ts';
import type { SwarmSettings } from './options.ts';

/** What was found out about the swarm at the start. */
export interface Ground {
  readonly publish: 'host' | 'ingress';
  /** Id of the node whose engine is used. */
  readonly here: string;
  readonly noNewPrivileges: boolean;
}

export interface SwarmShop {
  readonly settings: SwarmSettings;
  readonly ground: Ground;
  readonly known: Known;
  readonly api: SwarmApi;
  readonly lookout: Lookout;
  readonly images: Images;
  readonly networks: Overlays;
  /** Of this node. */
  readonly volumes: Volumes;
}

export function swarmShop(daemon: Daemon, settings: SwarmSettings, ground: Ground, known: Known): SwarmShop {
  const { instance, clock } = settings;
  const api = swarmApi(daemon, instance);
  return {
    settings,
    ground,
    known,
    api,
    lookout: lookout(api, clock),
    images: images(daemon, settings),
    networks: overlays(daemon, instance, clock),
    volumes: volumes(daemon, instance),
  };
}
