/**
 * Bringing a service up in the swarm: to its target, made from what the definition says now. What is right already is
 * not sent again; a start or a redeploy makes new tasks by `ForceUpdate`.
 */
import type { ServiceSpec } from 'dockerode';
import type { Definition } from '../../service/definition.ts';
import type { Job, JobDone } from '../../service/engine.ts';
import { normalizeImage } from '../../service/image.ts';
import type { Scrub } from '../docker/failures.ts';
import type { ReadyImage } from '../docker/images.ts';
import { credentialsFor } from '../docker/registry.ts';
import type { SwarmService, Task } from './api.ts';
import { converge, type Goal, untilGone } from './converge.ts';
import { mountsOf, nodeFor } from './data.ts';
import { edit } from './edit.ts';
import { DEPLOYMENT, REVISION, readFacts, type ServiceFacts, serviceLabels } from './labels.ts';
import { attachments, joinTargets } from './links.ts';
import { freeEndedSlots } from './refill.ts';
import type { SwarmShop } from './shop.ts';
import { restartCondition, serviceSpec } from './spec.ts';
import { isWanted } from './views.ts';

const CLEARING_LOOK_MS = 100;
const LONGEST_CLEARING_MS = 3_000;

export async function deploy(shop: SwarmShop, job: Job, scrub: Scrub, signal: AbortSignal): Promise<JobDone> {
  const { definition, verb } = job;
  const { uuid, uniqueName, spec } = definition;
  const replicas = spec.target_num_containers;
  const before = await shop.api.service(uuid);
  const tasks = before === undefined ? [] : await tasksThatStay(shop, before.ID, signal);
  if (replicas === 0 && before === undefined) return {};
  const stays = before !== undefined && (replicas === 0 || keepsSpec(verb, definition, before));
  const image = stays ? undefined : await shop.images.ensure(spec.image, verb === 'redeploy', signal);
  const notes = image === undefined ? [] : await joinTargets(shop, job, scrub, signal);
  const auth =
    shop.settings.registryConfig === undefined
      ? undefined
      : await credentialsFor(shop.settings.registryConfig, normalizeImage(spec.image));
  const partly = stays && isPartly(job, before, tasks);
  const unfree = partly && !(await freeEndedSlots(shop, job, tasks, scrub, signal));
  let attempts = 0;
  const decide = async (service: SwarmService | undefined) => {
    attempts += 1;
    if (attempts > 1) {
      // A network that was removed is shown for a moment longer.
      shop.networks.forget();
      await shop.settings.clock.sleep(attempts * 200, signal);
    }
    return image === undefined && service !== undefined
      ? scaled(shop, job, service, tasks, unfree)
      : image === undefined
        ? undefined
        : made(shop, job, service, image);
  };
  // Freeing slots has changed it.
  const seen = partly ? {} : { seen: { service: before } };
  await edit(shop.api, uuid, decide, { auth, scrub, name: uniqueName, ...seen });
  // What an interrupted redeploy left behind is this one's.
  const earlier = stays && verb === 'redeploy' ? [] : tasks;
  const goal: Goal = { uuid, uniqueName, replicas, before: new Set(earlier.map((task) => task.ID)) };
  if (replicas > 0) await converge(shop, goal, scrub, signal);
  else if (before !== undefined) {
    await untilGone(shop, { service: before.ID, name: uniqueName }, signal);
  }
  await shop.networks.dropKept();
  if (image?.note !== undefined) notes.push(image.note);
  return {
    ...(image === undefined ? {} : { image: image.image.defaults }),
    ...(notes.length === 0 ? {} : { note: notes.join('; ') }),
  };
}

/**
 * The tasks, when the swarm has cleared away those that it was told to remove; not waited for long, as a node that is gone
 * keeps its own. A service that is scaled up while one is still listed may get no task in its slot, and never another.
 */
async function tasksThatStay(
  { api, settings: { clock } }: SwarmShop,
  service: string,
  signal: AbortSignal,
): Promise<readonly Task[]> {
  for (const until = clock.monotonic() + LONGEST_CLEARING_MS; ; ) {
    const tasks = await api.tasks([service]);
    const leaving = tasks.some((task) => task.DesiredState === 'remove');
    if (!leaving || signal.aborted || clock.monotonic() >= until) return tasks;
    await clock.sleep(CLEARING_LOOK_MS, signal);
  }
}

/** Whether some run that are to be left alone, and others are to be made anew. */
function isPartly({ verb, definition }: Job, { Spec }: SwarmService, tasks: readonly Task[]): boolean {
  const had = Spec.Mode?.Replicated?.Replicas ?? 0;
  const meant = tasks.filter(isWanted).length;
  return verb === 'start' && meant > 0 && meant < Math.min(had, definition.spec.target_num_containers);
}

/** Whether what is in the swarm is made from what the definition says. */
function keepsSpec(verb: Job['verb'], definition: Definition, { Spec }: SwarmService): boolean {
  const stopped = readFacts(Spec).stopped !== undefined;
  if (verb === 'scale') return !stopped;
  const template = Spec.TaskTemplate;
  const labels =
    template !== undefined && 'ContainerSpec' in template ? template.ContainerSpec?.Labels : undefined;
  const same = labels?.[REVISION] === String(definition.revision);
  if (verb !== 'redeploy') return same;
  // Another server began this very redeploy.
  return same && !stopped && labels?.[DEPLOYMENT] === String(definition.deployment);
}

/** The same containers, another number of them; new tasks in place of ended ones only where nothing else helps. */
function scaled(
  { settings }: SwarmShop,
  { definition, verb }: Job,
  { Spec }: SwarmService,
  tasks: readonly Task[],
  unfree: boolean,
): ServiceSpec | undefined {
  const replicas = definition.spec.target_num_containers;
  const facts = readFacts(Spec);
  const had = Spec.Mode?.Replicated?.Replicas ?? 0;
  const meant = tasks.filter(isWanted).length;
  const force =
    verb === 'start'
      ? had === 0 || unfree || (tasks.length > 0 && meant < Math.min(had, replicas))
      : verb === 'scale' && had > meant && meant === 0;
  if (!force && had === replicas && facts.stopped === undefined) return undefined;
  const template = Spec.TaskTemplate ?? {};
  return {
    ...Spec,
    Labels: serviceLabels(settings.instance, definition, { ...facts, stopped: undefined }),
    Mode: { Replicated: { Replicas: replicas } },
    TaskTemplate: force
      ? {
          ...template,
          RestartPolicy: { ...template.RestartPolicy, Condition: restartCondition(definition.spec) },
          ForceUpdate: (template.ForceUpdate ?? 0) + 1,
        }
      : template,
  };
}

async function made(
  shop: SwarmShop,
  job: Job,
  service: SwarmService | undefined,
  image: ReadyImage,
): Promise<ServiceSpec> {
  const { settings, ground } = shop;
  const { definition, environment } = job;
  const { spec, deployment } = definition;
  const before = service === undefined ? undefined : readFacts(service.Spec);
  const fresh = job.verb === 'redeploy' && !job.reuseVolumes;
  const hasData = image.image.volumes.length > 0 || spec.bindings.length > 0;
  const facts: ServiceFacts = {
    stopped: undefined,
    node: hasData ? nodeFor(definition, before, await sharers(shop, definition), ground.here) : before?.node,
    generation: before === undefined || fresh ? deployment : before.generation,
  };
  return serviceSpec({
    instance: settings.instance,
    definition,
    environment,
    image: image.image,
    imageName: pinned(image),
    networks: await attachments(shop, job, service),
    mounts: mountsOf(settings.instance, definition, image.image.volumes, facts.generation),
    facts,
    replicas: spec.target_num_containers,
    forceUpdate: (service?.Spec.TaskTemplate?.ForceUpdate ?? 0) + (service === undefined ? 0 : 1),
    publish: ground.publish,
    stopSeconds: settings.stopSeconds,
    noNewPrivileges: ground.noNewPrivileges,
  });
}

/** With the digest its registry knows it by, so that every node gets the same content. */
function pinned({ name, image }: ReadyImage): string {
  if (name.includes('@')) return name;
  const repository = name.slice(0, name.lastIndexOf(':'));
  const known = image.digests.find((one) => normalizeImage(one).split('@')[0] === repository);
  return known === undefined ? name : `${name}@${known.split('@')[1]}`;
}

async function sharers({ api, known }: SwarmShop, definition: Definition) {
  if (definition.spec.bindings.length === 0) return [];
  return (await api.services()).flatMap((service) => {
    const uuid = service.Spec.Labels?.['evenkeel.service'] ?? '';
    const charge = known.get(uuid);
    return charge === undefined || uuid === definition.uuid
      ? []
      : [{ definition: charge.definition, service }];
  });
}
