/**
 * What a service of the swarm says about itself beyond its spec. Service labels can be changed without new containers.
 */
import type { ServiceSpec } from 'dockerode';
import type { Definition } from '../../service/definition.ts';
import { INSTANCE, SERVICE, USER } from '../docker/labels.ts';
import { slug } from '../docker/names.ts';

/** Set while it is stopped: as many containers as it had. */
const STOPPED = 'evenkeel.stopped';
/** The node that holds its data. */
const NODE = 'evenkeel.node';
/** The deployment in which its data began. */
const GENERATION = 'evenkeel.generation';

/** In the labels of the containers, so that each task tells what it was made from. */
export const REVISION = 'evenkeel.revision';
export const DEPLOYMENT = 'evenkeel.deployment';

export interface ServiceFacts {
  readonly stopped: number | undefined;
  readonly node: string | undefined;
  readonly generation: number;
}

export function readFacts(spec: ServiceSpec): ServiceFacts {
  const labels = spec.Labels ?? {};
  const number = (key: string) => (/^\d+$/.test(labels[key] ?? '') ? Number(labels[key]) : undefined);
  return { stopped: number(STOPPED), node: labels[NODE], generation: number(GENERATION) ?? 0 };
}

export function serviceLabels(
  instance: string,
  { user, uuid }: Definition,
  facts: ServiceFacts,
): Record<string, string> {
  return {
    [INSTANCE]: instance,
    [USER]: user,
    [SERVICE]: uuid,
    [GENERATION]: String(facts.generation),
    ...(facts.stopped === undefined ? {} : { [STOPPED]: String(facts.stopped) }),
    ...(facts.node === undefined ? {} : { [NODE]: facts.node }),
  };
}

export function serviceName({ uniqueName, uuid }: Definition): string {
  return `${slug(uniqueName)}-${uuid.slice(0, 8)}`;
}
