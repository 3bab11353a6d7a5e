/**
 * The tools of one Docker engine, built once at `start` and handed to everything that works on it.
 */
import type { Daemon } from './daemon.ts';
import { type Hands, hands } from './hands.ts';
import { type Images, images } from './images.ts';
import { type Networks, networks } from './networks.ts';
import type { Settings } from './options.ts';
import { type Roster, roster } from './roster.ts';
import { type Volumes, volumes } from './volumes.ts';

export interface Workshop {
  readonly settings: Settings;
  readonly daemon: Daemon;
  readonly roster: Roster;
  readonly hands: Hands;
  readonly images: Images;
  readonly volumes: Volumes;
  readonly networks: Networks;
}

export function workshop(daemon: Daemon, settings: Settings): Workshop {
  const containers = roster(daemon, settings.instance);
  return {
    settings,
    daemon,
    roster: containers,
    hands: hands(daemon, containers, settings),
    images: images(daemon, settings),
    volumes: volumes(daemon, settings.instance),
    networks: networks(daemon, settings),
  };
}
