/**
 * What `/api/status` tells: the fleet as `status -o json` prints it, and the daemon itself beside it. Built member by
 * member, never by spreading what is inside, so that a secret needs somebody who writes it here.
 */
import type { Culprit } from '../service/plan.ts';
import type { FleetStatus, ServiceStatus } from '../service/status.ts';
import type { Suspension } from './control.ts';
import type { Pass } from './passes.ts';

export interface DaemonReport {
  readonly version: string;
  /** Wall-clock milliseconds. */
  readonly startedAt: number;
  /** The last success is younger than three intervals. */
  readonly ready: boolean;
  /** Wall-clock milliseconds; null = never in this life. */
  readonly lastSuccessAt: number | null;
  readonly intervalMs: number;
  /** Messages that wait in the outbox. */
  readonly messagesWaiting: number;
  /** The latest, the newest last. */
  readonly passes: readonly Pass[];
}

/** `clean` masks known secrets in text that others wrote. */
export function reportOf(
  status: FleetStatus | undefined,
  suspensions: readonly Suspension[],
  daemon: DaemonReport,
  at: number,
  clean: (text: string) => string,
): object {
  return {
    formatVersion: 1,
    at: status?.at ?? at,
    revision: status?.revision ?? null,
    problems: (status?.problems ?? []).map(clean),
    services: (status?.services ?? []).map((service) => serviceReport(service, clean)),
    suspensions: suspensions.map(({ name, until, by, reason }) => ({
      name,
      until,
      by,
      reason: clean(reason),
    })),
    daemon: {
      version: daemon.version,
      startedAt: daemon.startedAt,
      ready: daemon.ready,
      lastSuccessAt: daemon.lastSuccessAt,
      intervalMs: daemon.intervalMs,
      messagesWaiting: daemon.messagesWaiting,
      passes: daemon.passes,
    },
  };
}

function serviceReport(one: ServiceStatus, clean: (text: string) => string): object {
  const { block } = one;
  return {
    name: one.name,
    uuid: one.uuid,
    want: one.want,
    state: one.state,
    image: one.image,
    containers: one.containers,
    deployedAt: one.deployedAt,
    sync: one.sync,
    block: block?.code === 'refused' ? { ...block, message: clean(block.message) } : block,
    // After a failure it quotes what the server said.
    waitsFor: one.waitsFor?.startsWith('backoff') ? clean(one.waitsFor) : one.waitsFor,
    next: one.next,
    differences: one.differences,
    notes: one.notes,
    changed: one.changed,
    changedBy: one.changedBy && culpritReport(one.changedBy, clean),
    allows: one.allows,
    note: one.note === undefined ? undefined : clean(one.note),
    since: one.since,
    deadline: one.deadline,
    nextLook: one.nextLook,
    decisions: one.decisions.map(({ at, decision, state }) => ({
      at,
      decision: decision.includes('backoff') ? clean(decision) : decision,
      state,
    })),
  };
}

function culpritReport(
  { action, method, user, agent, ip, at }: Culprit,
  clean: (text: string) => string,
): object {
  return { action, method, user: clean(user), agent: clean(agent), ip, at };
}
