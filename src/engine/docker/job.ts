/**
 * Carries a job out: looks at the containers there are, asks `planJob` what is to be done, and does it. All at once or,
 * with `sequential_deployment`, one after the other, each only when the one before is ready.
 */
import type { Job, JobDone, JobVerb } from '../../service/engine.ts';
import { scrubber } from '../../service/secrets.ts';
import { restartPolicy } from './body.ts';
import { Failed, type Scrub } from './failures.ts';
import type { Found } from './found.ts';
import type { ReadyImage } from './images.ts';
import { makeContainer, type Recipe } from './make.ts';
import { removeAllData, removeData } from './mounts.ts';
import { type JobPlan, planJob, type Step } from './plan.ts';
import { untilReady } from './ready.ts';
import type { Workshop } from './workshop.ts';

/** Whether another service of the same user claims a named volume. */
export type Claimed = (volume: string) => boolean;

/** Throws `Failed`. What was done before stands. */
export async function carryOut(
  shop: Workshop,
  job: Job,
  claimed: Claimed,
  signal: AbortSignal,
): Promise<JobDone> {
  const { definition, verb } = job;
  const { uuid, user } = definition;
  const found = await shop.roster.fresh(uuid);
  const plan = planJob(verb, definition, found);
  await removeSurplus(shop, plan.surplus, verb, signal);
  if (verb === 'stop') await all(plan.stop.map((one) => () => stopForGood(shop, one, job)));
  if (verb === 'terminate') {
    const owner = { instance: shop.settings.instance, user };
    await removeAllData(shop.volumes, owner, definition, claimed);
    await shop.networks.dropUnused(user);
  }
  if (plan.steps.length === 0) return {};
  return shop.networks.with(user, (network) => carryOutSteps(shop, job, plan, network, signal));
}

async function carryOutSteps(
  shop: Workshop,
  job: Job,
  plan: JobPlan,
  network: string,
  signal: AbortSignal,
): Promise<JobDone> {
  const { definition, verb } = job;
  const scrub = scrubber(Object.values(job.environment));
  const image = plan.steps.some((step) => step.kind === 'make')
    ? await shop.images.ensure(definition.spec.image, verb === 'redeploy', signal)
    : undefined;
  const fresh = verb === 'redeploy' && !job.reuseVolumes;
  const recipe = { ...job, network, scrub, fresh };
  const tasks = plan.steps.map((step) => async () => {
    stopIfAborted(signal);
    const started = await carryOutStep(shop, recipe, image, step);
    if (started !== undefined) await untilReady(shop.roster, shop.settings, started, scrub, signal);
  });
  if (definition.spec.sequential_deployment) for (const task of tasks) await task();
  else await all(tasks);
  if (image === undefined) return {};
  return { image: image.image.defaults, ...(image.note === undefined ? {} : { note: image.note }) };
}

/** Resolves to the container whose readiness is to be waited for. */
async function carryOutStep(
  shop: Workshop,
  recipe: Omit<Recipe, 'image'>,
  image: ReadyImage | undefined,
  step: Step,
): Promise<Pick<Found, 'id' | 'uniqueName' | 'ordinal'> | undefined> {
  if (step.kind === 'make') {
    if (image === undefined) throw new Failed('internal', 'a container was to be made without an image');
    return makeContainer(shop, { ...recipe, image }, step.ordinal, step.replaces);
  }
  const { container, leftovers, up } = step;
  for (const one of leftovers) await shop.hands.stop(one);
  if (up) {
    await wantRestarts(shop, container, restartPolicy(recipe.definition.spec.autorestart).Name);
    await startAgain(shop, container, recipe.scrub);
  }
  for (const one of leftovers) await shop.hands.remove({ ...one, phase: 'exited' });
  return up ? container : undefined;
}

async function startAgain(shop: Workshop, container: Found, scrub: Scrub): Promise<void> {
  try {
    await shop.hands.start(container, scrub);
  } catch (error) {
    // `docker network prune` takes a network whose containers are all stopped.
    if (!(error instanceof Failed) || !/network \S+ not found/.test(error.message)) throw error;
    await shop.networks.reattach(container.id);
    await shop.hands.start(container, scrub);
  }
}

async function removeSurplus(
  shop: Workshop,
  surplus: readonly Found[],
  verb: JobVerb,
  signal: AbortSignal,
): Promise<void> {
  await all(
    surplus.map((one) => async () => {
      stopIfAborted(signal);
      await shop.hands.remove(one);
      // A terminate removes all data at the end.
      if (verb !== 'terminate') await removeData(shop.volumes, one.uuid, one.ordinal);
    }),
  );
}

/**
 * Stopped also for the engine's restart: with `on-failure` it would start, when it comes up again, what a stop signal
 * had ended with another code than 0.
 */
async function stopForGood(shop: Workshop, container: Found, job: Job): Promise<void> {
  if (job.definition.spec.autorestart === 'ON_FAILURE') await shop.hands.restartPolicy(container, 'no');
  await shop.hands.stop(container);
}

/** Sets the restart policy if it is another one. */
export async function wantRestarts(shop: Workshop, container: Found, policy: string): Promise<void> {
  const seen = await shop.roster.inspect(container.id);
  if (seen !== undefined && seen.restartPolicy !== policy) await shop.hands.restartPolicy(container, policy);
}

function stopIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new Failed('aborted', 'given up when asked to; what was done so far stands');
}

/** All at once and all to their end; then the first failure, with how many there were. */
async function all(tasks: readonly (() => Promise<void>)[]): Promise<void> {
  const ends = await Promise.allSettled(tasks.map((task) => task()));
  const failed = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []));
  const [first] = failed;
  if (first === undefined) return;
  if (first instanceof Failed && failed.length > 1) {
    const { reason, message } = first.failure;
    throw new Failed(reason, `${message} (${failed.length} of ${tasks.length} containers failed)`);
  }
  throw first;
}
