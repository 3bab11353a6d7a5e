/**
 * Carries a job out on a swarm service. Swarm's own machinery makes, replaces and places the containers; a job says what
 * is wanted and waits until it is so.
 */
import type { Job, JobDone } from '../../service/engine.ts';
import { scrubber } from '../../service/secrets.ts';
import { USER } from '../docker/labels.ts';
import type { SwarmService } from './api.ts';
import { untilGone } from './converge.ts';
import { removeVolumes } from './data.ts';
import { deploy } from './deploy.ts';
import { edit } from './edit.ts';
import { readFacts, serviceLabels } from './labels.ts';
import type { SwarmShop } from './shop.ts';
import { viewsOf } from './views.ts';

/** Throws `Failed`. What was done before stands. */
export async function carryOut(shop: SwarmShop, job: Job, signal: AbortSignal): Promise<JobDone> {
  const scrub = scrubber(Object.values(job.environment));
  switch (job.verb) {
    case 'start':
    case 'scale':
    case 'redeploy':
      return deploy(shop, job, scrub, signal);
    case 'stop':
      return stop(shop, job, signal);
    case 'terminate':
      return terminate(shop, job, signal);
  }
}

/** No containers, and a label that says how many there were: swarm has no stopped ones (design §10). */
async function stop(shop: SwarmShop, { definition }: Job, signal: AbortSignal): Promise<JobDone> {
  const { uuid, uniqueName } = definition;
  const service = await shop.api.service(uuid);
  if (service === undefined) return {};
  const scrub = (text: string) => text;
  const views = viewsOf(definition, service, await shop.api.tasks([service.ID]), scrub);
  const decide = (now: SwarmService | undefined) => {
    if (now === undefined || readFacts(now.Spec).stopped !== undefined) return undefined;
    const facts = { ...readFacts(now.Spec), stopped: Math.max(1, views.length) };
    return {
      ...now.Spec,
      Labels: serviceLabels(shop.settings.instance, definition, facts),
      Mode: { Replicated: { Replicas: 0 } },
    };
  };
  await edit(shop.api, uuid, decide, { auth: undefined, scrub, name: uniqueName, seen: { service } });
  await untilGone(shop, { service: service.ID, name: uniqueName }, signal);
  return {};
}

async function terminate(shop: SwarmShop, { definition }: Job, signal: AbortSignal): Promise<JobDone> {
  const { uuid, uniqueName, user } = definition;
  const { api, settings, known, networks, volumes, ground } = shop;
  const service = await api.service(uuid);
  const facts = service === undefined ? undefined : readFacts(service.Spec);
  if (service !== undefined) {
    await api.remove(service);
    await untilGone(shop, { service: service.ID, name: uniqueName }, signal);
  }
  await networks.drop({ service: uuid });
  if (!(await api.services()).some(({ Spec }) => Spec.Labels?.[USER] === user)) await networks.drop({ user });
  await networks.dropKept();
  const claimed = (volume: string) => known.claims(user, uuid, volume);
  await removeVolumes(volumes, definition, claimed, settings.clock);
  const elsewhere = facts?.node !== undefined && facts.node !== ground.here;
  return elsewhere
    ? {
        note: `its volumes are on node ${facts.node}; a server there, or 'docker volume ls --filter label=evenkeel.service=${uuid}', finds them`,
      }
    : {};
}
