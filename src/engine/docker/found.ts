/**
 * A container of ours as the engine lists and inspects it, read into our words.
 */
import type { ContainerInfo, ContainerInspectInfo } from 'dockerode';
import { parseIso } from '../../service/dates.ts';
import type { ContainerView } from '../../service/engine.ts';
import { quote, type Scrub } from './failures.ts';
import { type Labels, readIdentity, SPEC, USER } from './labels.ts';
import { type Identity, shownName } from './names.ts';
import { viewPorts } from './ports.ts';

const HEALTHS = ['none', 'starting', 'healthy', 'unhealthy'] as const;
export type Health = (typeof HEALTHS)[number];

/** What the list tells. It may lag a moment behind: enough to find a container, not to say what it does. */
export interface Found extends Identity {
  readonly id: string;
  readonly user: string;
  readonly spec: string;
  /** The engine's word: created, running, paused, restarting, removing, exited, dead. */
  readonly phase: string;
  readonly health: Health;
}

/** What an inspection tells: the truth at that moment. */
export interface Seen extends Found {
  readonly exitCode: number;
  readonly error: string;
  readonly outOfMemory: boolean;
  readonly startedAt: number | undefined;
  readonly finishedAt: number | undefined;
  readonly restartPolicy: string;
  readonly restarts: number;
  readonly failingStreak: number;
  readonly ports: ContainerView['ports'];
}

function find(
  instance: string,
  row: { id: string; name: string; labels: Labels | null; phase: string; health: string | undefined },
): Found | undefined {
  const identity = readIdentity(instance, row.name.replace(/^\//, ''), row.labels);
  if (identity === undefined) return undefined;
  const { id, phase } = row;
  const health = HEALTHS.find((word) => word === row.health) ?? 'none';
  return { ...identity, id, user: row.labels?.[USER] ?? '', spec: row.labels?.[SPEC] ?? '', phase, health };
}

/** undefined = not ours. */
export function readRow(instance: string, row: ContainerInfo): Found | undefined {
  return find(instance, {
    id: row.Id,
    name: row.Names[0] ?? '',
    labels: row.Labels,
    phase: row.State,
    health: /\((?:health: )?(\w+)\)/.exec(row.Status)?.[1],
  });
}

/** undefined = not ours. */
export function readInspection(instance: string, info: ContainerInspectInfo): Seen | undefined {
  const { State, HostConfig, RestartCount, NetworkSettings } = info;
  const found = find(instance, {
    id: info.Id,
    name: info.Name,
    labels: info.Config.Labels,
    phase: State.Status,
    health: State.Health?.Status,
  });
  return found === undefined
    ? undefined
    : {
        ...found,
        exitCode: State.ExitCode,
        error: State.Error,
        outOfMemory: State.OOMKilled,
        startedAt: parseIso(State.StartedAt),
        finishedAt: parseIso(State.FinishedAt),
        restartPolicy: HostConfig.RestartPolicy?.Name ?? '',
        restarts: RestartCount,
        failingStreak: State.Health?.FailingStreak ?? 0,
        ports: viewPorts(NetworkSettings.Ports),
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

export function viewOf(seen: Seen, scrub: Scrub): ContainerView {
  const { id, ordinal, revision, deployment, ports } = seen;
  const up = isUp(seen);
  const ready = seen.phase === 'running' && (seen.health === 'none' || seen.health === 'healthy');
  const ended = hasEnded(seen) || seen.phase === 'restarting';
  return {
    id,
    name: shownName(seen),
    ordinal,
    state: ready ? 'running' : up ? 'unready' : 'stopped',
    exitCode: ended ? seen.exitCode : null,
    revision,
    deployment,
    startedAt: seen.startedAt ?? null,
    stoppedAt: up ? null : (seen.finishedAt ?? null),
    ports,
    reason: ready ? null : reasonOf(seen, scrub),
  };
}

export function reasonOf(seen: Seen, scrub: Scrub): string {
  const ending = seen.outOfMemory
    ? `killed: it was out of memory (code ${seen.exitCode})`
    : `exited with code ${seen.exitCode}`;
  const engine = seen.error === '' ? '' : `: ${scrub(quote(seen.error))}`;
  switch (seen.phase) {
    case 'running':
      return seen.health === 'unhealthy'
        ? `its health check failed ${seen.failingStreak} times in a row`
        : 'its health check has not passed yet';
    case 'paused':
      return 'paused on the engine, not by this API';
    case 'restarting':
      return `${ending}${engine}; the engine starts it again (autorestart), ${seen.restarts} times so far`;
    case 'created':
      return seen.error === '' ? 'not started yet' : `could not be started${engine}`;
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
