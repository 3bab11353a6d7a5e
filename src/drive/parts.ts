/** What a fleet is built from: the ports, one listener and the settings. */
import type { Listen } from '../service/event.ts';
import type { Clock, Journal, Random, ServiceApi } from '../service/ports.ts';
import type { DriveSettings } from './settings.ts';

export interface FleetParts {
  readonly api: ServiceApi;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly random: Random;
  readonly listen: Listen;
  readonly settings: DriveSettings;
}
