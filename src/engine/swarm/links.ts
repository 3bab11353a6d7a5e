/**
 * What a service is called by those who link to it: an alias on its own network, which they join. An alias belongs to
 * the target's tasks, so a name that is new to it costs the target a rolling restart; the names it will be called
 * by, as far as they are known, are given to it from the beginning.
 */
import type { NetworkAttachmentConfig } from 'dockerode';
import type { Definition } from '../../service/definition.ts';
import type { Job } from '../../service/engine.ts';
import type { Scrub } from '../docker/failures.ts';
import { serviceAlias } from '../docker/names.ts';
import type { SwarmService } from './api.ts';
import { converge } from './converge.ts';
import { edit } from './edit.ts';
import { readFacts } from './labels.ts';
import type { SwarmShop } from './shop.ts';

/** Its own names, the ones others link to it by, and those it has already. */
export function ownAliases(
  { known }: SwarmShop,
  { uuid, uniqueName, name }: Definition,
  service: SwarmService | undefined,
): readonly string[] {
  const linked = known.uuids().flatMap((other) => {
    const links = known.get(other)?.definition.spec.linked_to_service ?? [];
    return links.filter((link) => link.uuid === uuid).map((link) => link.name);
  });
  const had = service?.Spec.TaskTemplate?.Networks?.[0]?.Aliases ?? [];
  return [...new Set([serviceAlias(uuid), uniqueName, name, ...linked, ...had])].sort();
}

/** Makes sure that each target answers to the link's name. Resolves to what people should know about it. */
export async function joinTargets(
  shop: SwarmShop,
  job: Job,
  scrub: Scrub,
  signal: AbortSignal,
): Promise<string[]> {
  const notes: string[] = [];
  for (const link of job.links) {
    let replicas = 0;
    const decide = (service: SwarmService | undefined) => {
      const template = service?.Spec.TaskTemplate;
      const [own, ...others] = template?.Networks ?? [];
      // One without containers gets the name when it is brought up.
      if (service === undefined || template === undefined || own === undefined) return undefined;
      if (readFacts(service.Spec).stopped !== undefined || own.Aliases?.includes(link.name) === true)
        return undefined;
      replicas = service.Spec.Mode?.Replicated?.Replicas ?? 0;
      const named: NetworkAttachmentConfig = { ...own, Aliases: [...(own.Aliases ?? []), link.name] };
      return { ...service.Spec, TaskTemplate: { ...template, Networks: [named, ...others] } };
    };
    const target = await shop.api.service(link.uuid);
    const tasks = target === undefined ? [] : await shop.api.tasks([target.ID]);
    const told = { auth: undefined, scrub, name: link.uniqueName };
    if (!(await edit(shop.api, link.uuid, decide, told)) || replicas === 0) continue;
    notes.push(`${link.uniqueName} was restarted to answer to the name ${link.name}`);
    const goal = { ...link, replicas, before: new Set(tasks.map((task) => task.ID)) };
    await converge(shop.api, shop.settings, goal, scrub, signal);
  }
  return notes;
}
