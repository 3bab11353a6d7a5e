/**
 * A container of ours as the engine lists and inspects it, read into our words.
 */
import type { ContainerInfo, ContainerInspectInfo } from 'dockerode';
import { parseIso } from '../../service/dates.ts';
import type { ContainerView } from '../../service/engine.ts';
import { quote, type Scrub } from './failures.ts';
import { readIdentity, SPEC, USER } from './labels.ts';
import { type Identity, shownName } from './names.ts';
import { viewPorts } from './ports.ts';

export type Health = 'none' | 'starting' | 'healthy' | 'unhealthy';

/** What the list tells. */
export interface Found extends Identity {
  readonly id: string;
  readonly user: string;
  readonly spec: string;
  /** The engine's word: created, running, paused, restarting, removing, exited, dead. */
  readonly phase: string;
  readonly health: Health;
  readonly ports: ContainerView['ports'];
  /** The list's own text, without what changes with time alone. */
  readonly status: string;
}

/** What only an inspection tells. */
export interface Detail {
  readonly exitCode: number;
  readonly error: string;
  readonly outOfMemory: boolean;
  readonly startedAt: number | undefined;
  readonly finishedAt: number | undefined;
  readonly restartPolicy: string;
  readonly restarts: number;
  readonly failingStreak: number;
}

/** undefined = not ours. */
export function readRow(
  instance: string,
  row: Pick<ContainerInfo, 'Id' | 'Names' | 'Labels' | 'State' | 'Status' | 'Ports'>,
): Found | undefined {
  const name = (row.Names[0] ?? '').replace(/^\//, '');
  const identity = readIdentity(instance, name, row.Labels);
  if (identity === undefined) return undefined;
  const [, health] = /\((healthy|unhealthy|health: starting)\)/.exec(row.Status) ?? [];
  const [code = ''] = /\(\d+\)/.exec(row.Status) ?? [];
  return {
    ...identity,
    id: row.Id,
    user: row.Labels[USER] ?? '',
    spec: row.Labels[SPEC] ?? '',
    phase: row.State,
    health: health === undefined ? 'none' : health === 'health: starting' ? 'starting' : (health as Health),
    ports: viewPorts(row.Ports),
    status: `${row.State} ${health ?? ''} ${code}`,
  };
}

export function readDetail({ State, HostConfig, RestartCount }: ContainerInspectInfo): Detail {
  return {
    exitCode: State.ExitCode,
    error: State.Error,
    outOfMemory: State.OOMKilled,
    startedAt: parseIso(State.StartedAt),
    finishedAt: parseIso(State.FinishedAt),
    restartPolicy: HostConfig.RestartPolicy?.Name ?? '',
    restarts: RestartCount,
    failingStreak: State.Health?.FailingStreak ?? 0,
  };
}

/** Its process exists. */
export function isUp({ phase }: Pick<Found, 'phase'>): boolean {
  return phase === 'running' || phase === 'paused';
}

/** Its process exists or the engine is about to start it again: there is something to stop. */
export function isStoppable(found: Pick<Found, 'phase'>): boolean {
  return isUp(found) || found.phase === 'restarting';
}

/** Started once and ended: what the policies are about. */
export function hasEnded({ phase }: Pick<Found, 'phase'>): boolean {
  return phase === 'exited' || phase === 'dead';
}

export function viewOf(found: Found, detail: Detail, scrub: Scrub): ContainerView {
  const { id, ordinal, revision, deployment, ports } = found;
  const up = isUp(found);
  const ready = found.phase === 'running' && (found.health === 'none' || found.health === 'healthy');
  const ended = hasEnded(found) || found.phase === 'restarting';
  return {
    id,
    name: shownName(found),
    ordinal,
    state: ready ? 'running' : up ? 'unready' : 'stopped',
    exitCode: ended ? detail.exitCode : null,
    revision,
    deployment,
    startedAt: detail.startedAt ?? null,
    stoppedAt: up ? null : (detail.finishedAt ?? null),
    ports,
    reason: ready ? null : reasonOf(found, detail, scrub),
  };
}

export function reasonOf(found: Pick<Found, 'phase' | 'health'>, detail: Detail, scrub: Scrub): string {
  const ending = detail.outOfMemory
    ? `killed: it was out of memory (code ${detail.exitCode})`
    : `exited with code ${detail.exitCode}`;
  const engine = detail.error === '' ? '' : `: ${scrub(quote(detail.error))}`;
  switch (found.phase) {
    case 'running':
      return found.health === 'unhealthy'
        ? `its health check failed ${detail.failingStreak} times in a row`
        : 'its health check has not passed yet';
    case 'paused':
      return 'paused on the engine, not by this API';
    case 'restarting':
      return `${ending}${engine}; the engine starts it again (autorestart), ${detail.restarts} times so far`;
    case 'created':
      return detail.error === '' ? 'not started yet' : `could not be started${engine}`;
    case 'removing':
      return 'being removed';
    default:
      return `${ending}${engine}`;
  }
}

/**
 * One container per ordinal: while one is replaced there are two. The one whose process runs counts, else the newer.
 */
export function onePerOrdinal<T extends Pick<Found, 'ordinal' | 'phase' | 'deployment' | 'revision'>>(
  all: readonly T[],
): readonly T[] {
  const best = new Map<number, T>();
  for (const one of all) {
    const other = best.get(one.ordinal);
    if (other === undefined || rank(one, other) > 0) best.set(one.ordinal, one);
  }
  return [...best.values()].sort((a, b) => a.ordinal - b.ordinal);
}

function rank(
  a: Pick<Found, 'phase' | 'deployment' | 'revision'>,
  b: Pick<Found, 'phase' | 'deployment' | 'revision'>,
): number {
  return Number(isUp(a)) - Number(isUp(b)) || a.deployment - b.deployment || a.revision - b.revision;
}
