/**
 * Waiting until the swarm has done what it was told: as many tasks of exactly this spec as wanted, up for a moment, and
 * nothing else left. What it will not bring about is reported with the swarm's own reason.
 */
import { Failed, quote, type Scrub } from '../docker/failures.ts';
import { SERVICE } from '../docker/labels.ts';
import { shownName } from '../docker/names.ts';
import type { SwarmService, Task } from './api.ts';
import type { Sight } from './lookout.ts';
import type { SwarmShop } from './shop.ts';
import { isAlive, isRunning, isWanted } from './views.ts';

export interface Goal {
  readonly uuid: string;
  readonly uniqueName: string;
  readonly replicas: number;
  /** Tasks there were before: their ends are not this job's. */
  readonly before: ReadonlySet<string>;
}

const SHORTEST_LOOK = 100;
const LONGEST_LOOK = 250;
/** So often a slot may fail before it counts as one that will not run. */
const FAILURES = 3;

/** `ended`: before this job began, which leaves it alone. */
type Slot = 'ready' | 'coming' | 'ended' | { readonly failed: Task } | { readonly waiting: Task };

/** Throws `Failed`. */
export async function converge(
  { api, settings, lookout }: SwarmShop,
  goal: Goal,
  scrub: Scrub,
  signal: AbortSignal,
): Promise<void> {
  const { clock } = settings;
  const from = clock.monotonic();
  // At once, not with the next look of all: what somebody changes meanwhile would be taken for ours.
  const sent = serviceOf({ services: await api.services(goal.uuid) }, goal);
  let readySince: number | undefined;
  let stuckSince: number | undefined;
  for (let look = SHORTEST_LOOK; ; look = Math.min(look * 1.5, LONGEST_LOOK)) {
    const sight = await lookout.look([sent.ID]);
    const service = serviceOf(sight, goal);
    refuseForeignChange(sent, service);
    const tasks = sight.tasks.filter((task) => task.ServiceID === service.ID);
    const slots = judge(goal, service, tasks);
    const now = clock.monotonic();
    const failed = slots.flatMap((slot) => (typeof slot === 'object' && 'failed' in slot ? slot.failed : []));
    const waiting = slots.flatMap((slot) =>
      typeof slot === 'object' && 'waiting' in slot ? slot.waiting : [],
    );
    const ready = slots.filter((slot) => slot === 'ready' || slot === 'ended').length;
    const others = hasOthers(service, goal, tasks, sight.down);
    const coming = slots.includes('coming') || isUpdating(service) || others;
    if (!coming && waiting.length === 0) {
      if (failed[0] !== undefined) throw notRunning(goal, failed[0], failed.length, scrub);
      if (ready >= goal.replicas) {
        readySince ??= now;
        const left = readySince + settings.settleMs - now;
        if (left <= 0) return;
        look = Math.min(look, left);
      }
    } else {
      readySince = undefined;
    }
    // What an older task still holds, a port above all, is free in a moment.
    stuckSince = waiting.length > 0 && !slots.includes('coming') && !others ? (stuckSince ?? now) : undefined;
    if (waiting[0] !== undefined && stuckSince !== undefined && now - stuckSince > settings.pendingMs) {
      throw noPlace(goal, waiting[0], scrub);
    }
    if (now - from > settings.readyMs) {
      throw new Failed(
        'container',
        `${goal.uniqueName}: ${ready} of ${goal.replicas} containers ran after ${settings.readyMs / 1000} s`,
      );
    }
    await clock.sleep(look, signal);
    if (signal.aborted) throw new Failed('aborted', `given up while waiting for ${goal.uniqueName}`);
  }
}

function serviceOf({ services }: Pick<Sight, 'services'>, { uuid, uniqueName }: Goal): SwarmService {
  const service = services.find(({ Spec }) => Spec.Labels?.[SERVICE] === uuid);
  if (service === undefined)
    throw new Failed('refused', `${uniqueName} was removed from the swarm by somebody else`);
  return service;
}

/** Rollbacks and pauses, and changes by others (`docker service update`). */
function refuseForeignChange(sent: SwarmService, now: SwarmService): void {
  const { State = '', Message = '' } = now.UpdateStatus ?? {};
  if (State === 'paused' || State.startsWith('rollback')) {
    throw new Failed('container', `the swarm ended the update (${State}): ${quote(Message)}`);
  }
  if (makingOf(now) !== makingOf(sent)) {
    throw new Failed(
      'refused',
      'the service was changed in the swarm by somebody else while it was brought up',
    );
  }
}

/** Networks are not in it: a service that links to this one may give it a name in the meantime (links.ts). */
function makingOf({ Spec: { TaskTemplate: template } }: SwarmService): string {
  const container =
    template !== undefined && 'ContainerSpec' in template ? template.ContainerSpec : undefined;
  return JSON.stringify([template?.ForceUpdate, container]);
}

function isUpdating({ UpdateStatus }: SwarmService): boolean {
  return UpdateStatus?.State === 'updating';
}

function isCurrent({ Spec }: SwarmService, task: Task): boolean {
  const template = Spec.TaskTemplate;
  const labels =
    template !== undefined && 'ContainerSpec' in template ? template.ContainerSpec?.Labels : undefined;
  const same = JSON.stringify(task.Spec.ContainerSpec?.Labels ?? {}) === JSON.stringify(labels ?? {});
  return same && (task.Spec.ForceUpdate ?? 0) === (template?.ForceUpdate ?? 0);
}

/** Tasks of an older spec, or more than wanted, that still have a container; on a node that is gone nobody can tell. */
function hasOthers(
  service: SwarmService,
  goal: Goal,
  tasks: readonly Task[],
  down: ReadonlySet<string>,
): boolean {
  const alive = tasks.filter((task) => isAlive(task) && !down.has(task.NodeID ?? ''));
  return alive.some((task) => !isCurrent(service, task)) || alive.length > goal.replicas;
}

/** One verdict a slot; slots without a task yet are `coming`. */
function judge(goal: Goal, service: SwarmService, tasks: readonly Task[]): readonly Slot[] {
  const slots = new Map<number, Task[]>();
  for (const task of tasks) {
    if (task.Slot === undefined || task.DesiredState === 'remove' || !isCurrent(service, task)) continue;
    slots.set(task.Slot, [...(slots.get(task.Slot) ?? []), task]);
  }
  const verdicts = [...slots.values()].flatMap((all) => verdict(goal, all) ?? []);
  const missing = Math.max(0, goal.replicas - verdicts.length);
  return [...verdicts, ...Array<Slot>(missing).fill('coming')];
}

/** undefined = nothing is meant to run there any more. */
function verdict(goal: Goal, all: readonly Task[]): Slot | undefined {
  const [newest] = [...all].sort((a, b) => (a.CreatedAt < b.CreatedAt ? 1 : -1));
  if (newest === undefined) return undefined;
  if (all.some(isRunning)) return 'ready';
  const failures = all.filter((task) => isFailed(task) && !goal.before.has(task.ID));
  if (isWanted(newest)) {
    const last = failures.at(-1);
    if (failures.length >= FAILURES && last !== undefined) return { failed: last };
    return newest.Status.State === 'pending' && (newest.Status.Err ?? '') !== ''
      ? { waiting: newest }
      : 'coming';
  }
  const ended = newest.Status.State === 'complete' || isFailed(newest);
  if (goal.before.has(newest.ID)) return ended ? 'ended' : undefined;
  if (newest.Status.State === 'complete') return 'ready';
  return isFailed(newest) ? { failed: newest } : undefined;
}

function isFailed({ Status }: Task): boolean {
  return Status.State === 'failed' || Status.State === 'rejected';
}

function notRunning(goal: Goal, { Slot = 0, Status }: Task, count: number, scrub: Scrub): Failed {
  const code = Status.ContainerStatus?.ExitCode;
  const said = scrub(quote(Status.Err ?? Status.Message ?? ''));
  const name = shownName({ uniqueName: goal.uniqueName, ordinal: Slot });
  const more = count > 1 ? ` (${count} of ${goal.replicas} containers failed)` : '';
  if (Status.State === 'rejected' && /no such image|image/i.test(said)) {
    return new Failed('image', `${name} cannot be made: ${said}${more}`);
  }
  const ending = code !== undefined && /^task: non-zero exit/.test(said) ? `exited with code ${code}` : said;
  const reason = /port is already allocated|address already in use/i.test(said) ? 'port-taken' : 'container';
  return new Failed(reason, `${name} does not run: ${ending}${more}`);
}

function noPlace(goal: Goal, { Slot = 0, Status }: Task, scrub: Scrub): Failed {
  const said = scrub(quote(Status.Err ?? ''));
  const name = shownName({ uniqueName: goal.uniqueName, ordinal: Slot });
  return new Failed(
    /port/i.test(said) ? 'port-taken' : 'no-resources',
    `${name} finds no place in the swarm: ${said}`,
  );
}

/** Waits until nothing of the service runs any more. */
export async function untilGone(
  { settings, lookout }: SwarmShop,
  { service, name }: { readonly service: string; readonly name: string },
  signal: AbortSignal,
): Promise<void> {
  const { clock } = settings;
  const from = clock.monotonic();
  for (;;) {
    const { tasks, down } = await lookout.look([service]);
    const own = tasks.filter((task) => task.ServiceID === service);
    const alive = own.filter((task) => isAlive(task) && !down.has(task.NodeID ?? ''));
    if (alive.length === 0) return;
    if (clock.monotonic() - from > settings.readyMs) {
      throw new Failed('container', `${alive.length} containers of ${name} did not end`);
    }
    await clock.sleep(SHORTEST_LOOK * 2, signal);
    if (signal.aborted) throw new Failed('aborted', `given up while waiting for the end of ${name}`);
  }
}
