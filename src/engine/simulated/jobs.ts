/**
 * Carrying out a job step by step: delays, chance and failures as the simulation says. What has been done stays done when
 * a job fails or is aborted, as with real containers.
 */
import { chance } from '../../service/chance.ts';
import type { EngineFailure, EngineResult, Job, JobDone } from '../../service/engine.ts';
import type { JobFailure } from '../../service/simulation.ts';
import { type Images, newContainer, startContainer, stopContainer } from './containers.ts';
import { defaultsOf, isMissing } from './images.ts';
import { DEFAULT_DELAYS, type SimulatedOptions } from './options.ts';
import type { Policies } from './policies.ts';
import type { SimContainer, Site, Sites } from './sites.ts';
import { type Step, stepsOf } from './work.ts';

export interface JobWorld {
  readonly options: SimulatedOptions;
  readonly sites: Sites;
  readonly policies: Policies;
  readonly images: Images;
  readonly seed: number;
  readonly isAvailable: () => boolean;
  /** Resolves when the service's containers may go on; undefined = now. */
  readonly released: (uuid: string) => Promise<void> | undefined;
  readonly hint: (uuid: string) => void;
  /** Which failure, if any, this job meets. */
  readonly failureOf: (job: Job, number: number) => JobFailure | undefined;
}

type Failed = { readonly ok: false; readonly failure: EngineFailure };
const failed = (reason: EngineFailure['reason'], message: string): Failed => ({
  ok: false,
  failure: { reason, message },
});

export async function runJob(job: Job, world: JobWorld, signal: AbortSignal): Promise<EngineResult<JobDone>> {
  const { definition, verb } = job;
  const { clock } = world.options;
  const site = world.sites.of(definition);
  site.jobs += 1;
  const number = site.jobs;
  const steps = stepsOf(job, site.containers);
  const failure = world.failureOf(job, number);
  const image = definition.spec.image;

  if (failure?.reason === 'stuck') await aborted(signal);
  if (signal.aborted) return failed('aborted', 'the server is closing');
  const pause = delay(world, job, number, 0);
  if (steps.length === 0 && pause > 0) await clock.sleep(pause, signal);
  const pulls = steps.some((step) => step.do === 'create' || step.do === 'replace');
  if (failure?.reason === 'image' || (pulls && isMissing(image))) {
    if (pause > 0) await clock.sleep(pause, signal);
    return failed(
      'image',
      failure?.message ?? `the image ${image} cannot be pulled: there is none of that name`,
    );
  }

  const unlucky =
    failure === undefined ? -1 : Math.floor(chance(world.seed, 'which', site.uuid, number) * steps.length);
  const carry = (step: Step, index: number) =>
    carryOut(
      step,
      { job, site, world, signal, pauseMs: delay(world, job, number, index + 1) },
      index === unlucky ? failure : undefined,
    );
  const outcome = await (definition.spec.sequential_deployment
    ? inSequence(steps, carry)
    : atOnce(steps, carry));
  if (outcome !== undefined) return outcome;
  if (unlucky >= 0 && steps.length === 0)
    return failed('container', failure?.message ?? `the simulated ${verb} failed`);
  if (verb === 'terminate') await world.sites.remove(site);
  return { ok: true, value: { image: defaultsOf(image, world.images) } };
}

function aborted(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', resolve, { once: true });
  });
}

type Carry = (step: Step, index: number) => Promise<Failed | undefined>;

async function inSequence(steps: readonly Step[], carry: Carry): Promise<Failed | undefined> {
  for (const [index, step] of steps.entries()) {
    const outcome = await carry(step, index);
    if (outcome !== undefined) return outcome;
  }
  return undefined;
}

async function atOnce(steps: readonly Step[], carry: Carry): Promise<Failed | undefined> {
  const outcomes = await Promise.all(steps.map(carry));
  return outcomes.find((one) => one !== undefined);
}

interface StepWorld {
  readonly job: Job;
  readonly site: Site;
  readonly world: JobWorld;
  readonly signal: AbortSignal;
  readonly pauseMs: number;
}

async function carryOut(
  step: Step,
  at: StepWorld,
  failure: JobFailure | undefined,
): Promise<Failed | undefined> {
  const { job, site, world, signal, pauseMs } = at;
  const { definition } = job;
  const { clock } = world.options;
  if (step.do === 'replace') stopContainer(step.container, definition, clock.wall());
  if (pauseMs > 0) await clock.sleep(pauseMs, signal);
  const released = world.released(site.uuid);
  if (released !== undefined) await Promise.race([released, aborted(signal)]);
  if (signal.aborted) return failed('aborted', 'the server is closing');
  if (!world.isAvailable()) return failed('unavailable', 'the simulated engine was taken away');

  const name = `${definition.uniqueName}-${step.do === 'create' ? step.ordinal : step.container.ordinal}`;
  const runs = step.do === 'create' || step.do === 'replace' || step.do === 'start';
  const taken = runs ? takenPort(at, step) : undefined;
  const trouble =
    failure !== undefined
      ? failed(
          failure.reason === 'stuck' ? 'container' : (failure.reason ?? 'container'),
          failure.message ?? `${name}: the simulated ${job.verb} failed`,
        )
      : taken === undefined
        ? undefined
        : failed('port-taken', `${name}: port ${taken} is already taken on every host`);
  if (trouble !== undefined && !runs) return trouble;

  const container = put(step, at);
  if (container !== undefined && runs) {
    if (trouble === undefined) startContainer(container, definition, world.images, clock.wall());
    else container.reason = trouble.failure.message;
  }
  await world.sites.save(site);
  world.hint(site.uuid);
  if (container !== undefined && trouble === undefined) world.policies.watch(site, container);
  return trouble;
}

/** Puts the step's container where it belongs; undefined where it is gone. */
function put(step: Step, { job, site, world }: StepWorld): SimContainer | undefined {
  const { definition } = job;
  switch (step.do) {
    case 'stop':
      stopContainer(step.container, definition, world.options.clock.wall());
      return undefined;
    case 'remove':
      site.containers = site.containers.filter((one) => one !== step.container);
      return undefined;
    case 'start':
      return step.container;
    case 'replace': {
      const next = newContainer(site, definition, step.container.ordinal, world.images);
      site.containers = site.containers.map((one) => (one === step.container ? next : one));
      return next;
    }
    case 'create': {
      const next = newContainer(site, definition, step.ordinal, world.images);
      site.containers = [...site.containers, next];
      return next;
    }
  }
}

/** A fixed outer port that other containers have taken on every host. */
function takenPort({ job, world }: StepWorld, step: Step): string | undefined {
  const { hosts = Number.POSITIVE_INFINITY } = world.options;
  const mine = step.do === 'create' ? undefined : step.container;
  for (const port of job.definition.spec.container_ports ?? []) {
    if (port.outer_port === null) continue;
    const users = [...world.sites.all()]
      .flatMap((one) => one.containers)
      .filter((one) => one !== mine && one.state === 'running')
      .filter((one) =>
        one.ports.some((p) => p.protocol === port.protocol && p.outer_port === port.outer_port),
      );
    if (users.length >= hosts) return `${port.outer_port}/${port.protocol}`;
  }
  return undefined;
}

function delay(
  { options, seed }: JobWorld,
  { verb, definition }: Job,
  number: number,
  index: number,
): number {
  const base = options.delays?.[verb] ?? DEFAULT_DELAYS[verb];
  const spread =
    (chance(seed, 'delay', definition.name, verb, number, index) * 2 - 1) * (options.jitter ?? 0.2);
  return Math.round(base * (1 + spread));
}
