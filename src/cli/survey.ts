/**
 * One look at the fleet for the commands that only tell: `status`, `explain`, `logs`, `export`, `adopt`. GETs only.
 */

import { type Doing, fleetStatus } from '../decide/status.ts';
import type { Survey } from '../decide/survey.ts';
import type { Fleet } from '../drive/fleet.ts';
import { createResolver } from '../manifest/resolver.ts';
import { UserError } from '../service/failure.ts';
import type { PlannedService } from '../service/plan.ts';
import type { Load } from '../service/ports.ts';
import type { Live } from '../service/service.ts';
import type { FleetStatus, ServiceStatus } from '../service/status.ts';
import { type Controller, openController, openSource, secretsReader } from './compose.ts';
import { hinted } from './hinted.ts';
import type { CLIENT_KEYS } from './keys.ts';
import { lookPatiently } from './look.ts';
import { readStatus } from './mailbox.ts';
import { loadManifests } from './manifests.ts';
import type { Call } from './program.ts';
import type { Values } from './rows.ts';

export const NO_MANIFESTS: Load = {
  wishes: [],
  complete: true,
  documents: 0,
  problems: [],
  revision: 'none',
};

export interface Seen extends Controller {
  readonly load: Load;
  readonly survey: Survey;
  /** False: some manifests are broken, which has been said; what is told is told from the others. */
  readonly usable: boolean;
  /** With what a running daemon of this owner knows beside it. */
  readonly status: FleetStatus;
  readonly daemon: boolean;
}

/** `paths`: manifests to hold the fleet against; none = only what is live. Throws UserError when it cannot be seen. */
export async function see(
  call: Call,
  values: Values<(typeof CLIENT_KEYS)[number]>,
  paths: readonly string[],
): Promise<Seen> {
  const { io, secrets } = call;
  const controller = await openController(call, values, { write: false, healAfterMs: 0, listen: () => {} });
  try {
    const { load, usable } =
      paths.length === 0 ? { load: NO_MANIFESTS, usable: true } : await manifests(call, values, paths);
    const { fleet } = controller;
    fleet.setWishes(load.wishes, load);
    await lookPatiently(fleet, controller.lastFailure, true, io);
    secrets.add(fleet.knowledge.all().flatMap(envValues));
    const { plan, survey } = fleet.plan(load, TELL, new Set());
    const running = controller.isRunning() ? readStatus(controller.dir) : undefined;
    const told = new Map(running?.services.map((one) => [one.name, one]));
    const problems = [...new Set([...load.problems, ...(running?.problems ?? [])])];
    const doing = (service: PlannedService): Doing | undefined => {
      const daemon = told.get(service.name);
      if (daemon?.since === undefined) return undefined;
      const kind = KINDS[daemon.sync];
      const { waitsFor, block, since, deadline, nextLook, decisions } = daemon;
      return { kind, waitsFor, block, since, deadline, nextLook, decisions };
    };
    const suspensions = fleet.suspensions.all();
    const status = fleetStatus(plan, survey, problems, io.clock.wall(), doing, suspensions, load.complete);
    const withCulprit = (one: ServiceStatus): ServiceStatus => {
      const changedBy = told.get(one.name)?.changedBy;
      return one.changed === undefined || changedBy === undefined ? one : { ...one, changedBy };
    };
    const shown = paths.length === 0 ? withoutManifests(status, running) : status;
    const cleaned = { ...shown, services: shown.services.map((one) => clean(withCulprit(one), secrets)) };
    return { ...controller, load, survey, usable, status: cleaned, daemon: running !== undefined };
  } catch (error) {
    await controller.close();
    throw error;
  }
}

function envValues(live: Live): readonly string[] {
  return (live.fields.container_envvars ?? []).map((one) => one.value);
}

/** Only the server's own words could hold a value; everything else is made of names and codes. */
function clean(one: ServiceStatus, secrets: Call['secrets']): ServiceStatus {
  const text = (said: string | undefined) => (said === undefined ? undefined : secrets.clean(said));
  return { ...one, note: text(one.note), waitsFor: text(one.waitsFor) };
}

/** What a plan for the telling may propose: all of it, because none of it is done. */
const TELL = { prune: 'never', allowEmpty: true, allowDeletes: undefined } as const;

const KINDS = {
  'in-sync': 'in-sync',
  changing: 'act',
  waiting: 'wait',
  'out-of-sync': 'wait',
  blocked: 'blocked',
  stalled: 'stalled',
  orphan: 'in-sync',
  'not-compared': 'in-sync',
} as const;

async function manifests(
  call: Call,
  values: Values<(typeof CLIENT_KEYS)[number]>,
  paths: readonly string[],
): Promise<{ readonly load: Load; readonly usable: boolean }> {
  const { io, secrets } = call;
  const resolver = createResolver({
    env: io.env,
    allow: values.envAllow,
    file: secretsReader(values.secretsDir),
  });
  const loaded = await loadManifests(openSource(paths, io, true), resolver, io, secrets);
  return { load: hinted(loaded), usable: loaded.usable };
}

/** Nothing to hold the fleet against but what a running daemon says of it; without one nobody can tell. */
function withoutManifests(now: FleetStatus, running: FleetStatus | undefined): FleetStatus {
  if (running === undefined) {
    const services = now.services.map((one): ServiceStatus => ({ ...one, sync: 'not-compared' }));
    return { ...now, services };
  }
  const live = new Map(now.services.map((one) => [one.name, one]));
  const services = running.services.map((one): ServiceStatus => {
    const seen = live.get(one.name);
    if (seen === undefined) return one;
    const { uuid, state, image, containers, deployedAt, allows, note } = seen;
    return { ...one, uuid, state, image, containers, deployedAt, allows, note };
  });
  return { ...now, revision: running.revision, services };
}

/** The one live service of this name. Throws UserError when there is none, or more than one. */
export function theOne(fleet: Fleet, name: string): Live {
  const named = fleet.knowledge.named(name).filter((live) => live.state !== 'Terminated');
  const [one, ...others] = named;
  if (one === undefined) {
    throw new UserError('EK516', `no live service is named ${name}; evenkeel status lists them`);
  }
  if (others.length > 0) {
    const uuids = named.map((live) => live.uuid).join(', ');
    throw new UserError(
      'EK517',
      `${named.length} live services are named ${name} (${uuids}); names are not unique here`,
    );
  }
  return one;
}
