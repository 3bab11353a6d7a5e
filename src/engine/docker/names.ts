/**
 * What things of ours are called on the engine. A name follows from what the thing is for, so that making it twice is
 * a conflict that shows, never a second one (`research/reliability.md` E3, E4).
 */
import { createHash } from 'node:crypto';

export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Readable part of a name: what the engine and DNS allow. */
export function slug(text: string, longest = 40): string {
  const safe = text
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return safe.slice(0, longest).replace(/-+$/, '') || 'x';
}

export interface Identity {
  readonly uuid: string;
  readonly uniqueName: string;
  readonly ordinal: number;
  readonly revision: number;
  readonly deployment: number;
}

/** `web-1.80ff1635.3.2`: a container and its successor (other revision or deployment) can be there at the same time. */
export function containerName(of: Identity): string {
  return `${slug(of.uniqueName)}-${of.ordinal}.${of.uuid.slice(0, 8)}.${of.revision}.${of.deployment}`;
}

/** As people and the API name it. */
export function shownName(of: Pick<Identity, 'uniqueName' | 'ordinal'>): string {
  return `${of.uniqueName}-${of.ordinal}`;
}

/** At most 63 characters, a DNS label. */
export function hostName(of: Pick<Identity, 'uniqueName' | 'ordinal'>): string {
  return `${slug(of.uniqueName, 50)}-${of.ordinal}`;
}

/** The name by which every container of a service is found on its user's network, whatever the links call it. */
export function serviceAlias(uuid: string): string {
  return `service-${uuid}`;
}

export function networkName(instance: string, user: string): string {
  return `${instance}-${slug(user, 24)}-${digest(user).slice(0, 8)}`;
}

/** One volume of the image, of one container of a service. */
export function dataVolumeName(uuid: string, ordinal: number, path: string, generation: number): string {
  return `${uuid}-${ordinal}-${digest(path).slice(0, 8)}-${generation}`;
}

/** A volume that the user named in `bindings`; the same for all services of the user, never another user's. */
export function namedVolumeName(instance: string, user: string, volume: string): string {
  return `${instance}-${digest(user).slice(0, 8)}-${volume}`;
}
