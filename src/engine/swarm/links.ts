/**
 * Under which names a service is found, and on which networks. On its user's network everybody finds it by its own
 * names. Any other name that a link gives it holds on a network of its own, for those who link to it so: an alias
 * belongs to the target's tasks, so one that is new to it costs it a rolling restart; those that are known are given
 * to it from the beginning.
 */
import type { NetworkAttachmentConfig } from 'dockerode';
import type { Job } from '../../service/engine.ts';
import type { Scrub } from '../docker/failures.ts';
import { serviceAlias } from '../docker/names.ts';
import type { SwarmService } from './api.ts';
import { converge } from './converge.ts';
import { edit } from './edit.ts';
import type { SwarmShop } from './shop.ts';
import type { Attachment } from './spec.ts';

function ownNames(uuid: string, uniqueName: string): readonly string[] {
  return [serviceAlias(uuid), uniqueName];
}

/** The user's network first, then those of the names it is linked to by, then those of what it links to. */
export async function attachments(
  { known, networks }: SwarmShop,
  { definition, links }: Job,
  service: SwarmService | undefined,
): Promise<readonly Attachment[]> {
  const { user, uuid, uniqueName } = definition;
  const home = await networks.home(user);
  const own = ownNames(uuid, uniqueName);
  const linked = known.uuids().flatMap((other) => {
    const all = known.get(other)?.definition.spec.linked_to_service ?? [];
    return all.filter((link) => link.uuid === uuid).map((link) => link.name);
  });
  const had = attachedTo(service)
    .filter(({ Target }) => Target !== home)
    .flatMap(({ Aliases }) => Aliases ?? []);
  const called = [...new Set([...linked, ...had])].filter((name) => !own.includes(name)).sort();
  const answering = called.map(async (name) => ({
    network: await networks.link(user, uuid, name),
    aliases: [name],
  }));
  const asking = links.filter(needsNetwork).map(async (link) => ({
    network: await networks.link(user, link.uuid, link.name),
    aliases: [],
  }));
  return [{ network: home, aliases: own }, ...(await Promise.all(answering)), ...(await Promise.all(asking))];
}

function needsNetwork({ uuid, uniqueName, name }: Job['links'][number]): boolean {
  return !ownNames(uuid, uniqueName).includes(name);
}

function attachedTo(service: SwarmService | undefined): readonly NetworkAttachmentConfig[] {
  return service?.Spec.TaskTemplate?.Networks ?? [];
}

/** Makes sure that each target answers to the link's name. Resolves to what people should know about it. */
export async function joinTargets(
  shop: SwarmShop,
  job: Job,
  scrub: Scrub,
  signal: AbortSignal,
): Promise<string[]> {
  const notes: string[] = [];
  for (const link of job.links.filter(needsNetwork)) {
    const target = await shop.api.service(link.uuid);
    // One that was never started gets the name when it is.
    if (target === undefined) continue;
    const network = await shop.networks.link(job.definition.user, link.uuid, link.name);
    const tasks = await shop.api.tasks([target.ID]);
    let replicas = 0;
    const decide = (service: SwarmService | undefined) => {
      const template = service?.Spec.TaskTemplate;
      const before = attachedTo(service);
      if (service === undefined || template === undefined || before.some(({ Target }) => Target === network))
        return undefined;
      replicas = service.Spec.Mode?.Replicated?.Replicas ?? 0;
      const named: NetworkAttachmentConfig = { Target: network, Aliases: [link.name] };
      return { ...service.Spec, TaskTemplate: { ...template, Networks: [...before, named] } };
    };
    const told = { auth: undefined, scrub, name: link.uniqueName };
    if (!(await edit(shop.api, link.uuid, decide, told)) || replicas === 0) continue;
    notes.push(`${link.uniqueName} was restarted to answer to the name ${link.name}`);
    const goal = { ...link, replicas, before: new Set(tasks.map((task) => task.ID)) };
    await converge(shop, goal, scrub, signal);
  }
  return notes;
}
