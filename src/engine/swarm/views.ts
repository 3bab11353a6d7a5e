/**
 * The containers of a service, from the tasks of the swarm.
 *
 * A slot is a container: whatever task is meant to run in it, also while it waits for a place. Tasks that ended leave
 * none (swarm has no stopped container); a service that was stopped shows as many stopped ones as it had.
 */
import { parseIso } from '../../service/dates.ts';
import type { Definition } from '../../service/definition.ts';
import type { ContainerView } from '../../service/engine.ts';
import { quote, type Scrub } from '../docker/failures.ts';
import { shownName } from '../docker/names.ts';
import type { SwarmService, Task } from './api.ts';
import { DEPLOYMENT, REVISION, readFacts } from './labels.ts';

/** The task is meant to run; a node that is gone does not say so, but then the swarm no longer means it to. */
export function isWanted(task: Task): boolean {
  return task.DesiredState === 'running' || task.DesiredState === 'ready';
}

export function isRunning(task: Task): boolean {
  return isWanted(task) && task.Status.State === 'running';
}

const HAS_CONTAINER = new Set(['assigned', 'accepted', 'preparing', 'ready', 'starting', 'running']);

/** There is a container of it, or will be in a moment. */
export function isAlive(task: Task): boolean {
  return HAS_CONTAINER.has(task.Status.State);
}

export function madeFrom(task: Task): { readonly revision: number; readonly deployment: number } {
  const labels = task.Spec.ContainerSpec?.Labels ?? {};
  return { revision: Number(labels[REVISION] ?? 0), deployment: Number(labels[DEPLOYMENT] ?? 0) };
}

export function viewsOf(
  definition: Definition,
  service: SwarmService | undefined,
  tasks: readonly Task[],
  scrub: Scrub,
): readonly ContainerView[] {
  if (service === undefined) return [];
  const { stopped } = readFacts(service.Spec);
  if (stopped !== undefined) return stoppedViews(definition, service, stopped);
  const slots = new Map<number, Task>();
  for (const task of tasks) {
    if (task.Slot === undefined || !isWanted(task)) continue;
    const other = slots.get(task.Slot);
    // Two in a slot: one is coming, one is going. The one that runs counts.
    if (other === undefined || (!isRunning(other) && isRunning(task))) slots.set(task.Slot, task);
  }
  return [...slots.values()]
    .map((task) => viewOf(definition, service, task, scrub))
    .sort((a, b) => a.ordinal - b.ordinal);
}

function viewOf(definition: Definition, service: SwarmService, task: Task, scrub: Scrub): ContainerView {
  const { Status, Slot = 0 } = task;
  const running = isRunning(task);
  const trouble = scrub(quote(Status.Err ?? ''));
  return {
    id: Status.ContainerStatus?.ContainerID || task.ID,
    name: shownName({ uniqueName: definition.uniqueName, ordinal: Slot }),
    ordinal: Slot,
    state: running ? 'running' : 'unready',
    exitCode: null,
    ...madeFrom(task),
    startedAt: running ? (parseIso(Status.Timestamp ?? '') ?? null) : null,
    stoppedAt: null,
    ports: portsOf(service, task),
    reason: running ? null : `${Status.State}${trouble === '' ? '' : `: ${trouble}`}`,
  };
}

function portsOf(service: SwarmService, task: Task): ContainerView['ports'] {
  const ingress = (service.Endpoint?.Ports ?? []).filter((port) => port.PublishMode !== 'host');
  const ports = new Map<string, ContainerView['ports'][number]>();
  for (const { Protocol, TargetPort, PublishedPort } of [
    ...ingress,
    ...(task.Status.PortStatus?.Ports ?? []),
  ]) {
    if (Protocol !== 'tcp' && Protocol !== 'udp') continue;
    const port = { protocol: Protocol, inner_port: TargetPort, outer_port: PublishedPort ?? null } as const;
    ports.set(`${Protocol} ${TargetPort} ${PublishedPort}`, port);
  }
  return [...ports.values()].sort(
    (a, b) => a.inner_port - b.inner_port || a.protocol.localeCompare(b.protocol),
  );
}

function stoppedViews(
  definition: Definition,
  service: SwarmService,
  count: number,
): readonly ContainerView[] {
  const template = service.Spec.TaskTemplate;
  const labels =
    (template !== undefined && 'ContainerSpec' in template && template.ContainerSpec?.Labels) || {};
  return Array.from({ length: count }, (_, index) => ({
    id: `${service.ID}-${index + 1}`,
    name: shownName({ uniqueName: definition.uniqueName, ordinal: index + 1 }),
    ordinal: index + 1,
    state: 'stopped' as const,
    exitCode: null,
    revision: Number(labels[REVISION] ?? 0),
    deployment: Number(labels[DEPLOYMENT] ?? 0),
    startedAt: null,
    stoppedAt: null,
    ports: [],
    reason: 'stopped; swarm keeps no stopped containers, a start makes new ones',
  }));
}
