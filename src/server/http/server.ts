/** What every route is given: fastify, the services, and how this server answers. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Extension } from '../../service/extensions.ts';
import type { History } from '../faults/history.ts';
import type { Services } from '../life/services.ts';
import type { Places } from '../stream/places.ts';
import type { Upgrades } from '../stream/upgrade.ts';
import type { Settings } from '../types.ts';

export interface Api {
  readonly app: FastifyInstance;
  readonly services: Services;
  readonly settings: Settings;
  readonly offers: (extension: Extension) => boolean;
  /** Only with faults that need it. */
  readonly history: History | undefined;
  readonly streams: { readonly upgrades: Upgrades; readonly places: Places };
  /** To be called by who answers past fastify. */
  readonly report: (request: FastifyRequest, status: number) => void;
}
