/**
 * How we know our own again. Every container, volume and network we make carries these labels; what does not carry
 * them (or, for a container, has not the name that follows from them) is foreign and never touched. The name counts
 * too because labels travel: an image committed from a container of ours gives them to whatever is started from it.
 */
import type { Definition } from '../../service/definition.ts';
import { containerName, type Identity } from './names.ts';

export const INSTANCE = 'evenkeel.instance';
export const USER = 'evenkeel.user';
export const SERVICE = 'evenkeel.service';
const NAME = 'evenkeel.name';
const ORDINAL = 'evenkeel.ordinal';
const REVISION = 'evenkeel.revision';
const DEPLOYMENT = 'evenkeel.deployment';
/** Hash of everything the container was made from. */
export const SPEC = 'evenkeel.spec';

export type Labels = Readonly<Record<string, string>>;

export interface Owner {
  readonly instance: string;
  readonly user: string;
}

export function ownerLabels(of: Owner): Record<string, string> {
  return { [INSTANCE]: of.instance, [USER]: of.user };
}

export function identityOf(definition: Definition, ordinal: number): Identity {
  const { uuid, uniqueName, revision, deployment } = definition;
  return { uuid, uniqueName, ordinal, revision, deployment };
}

export function containerLabels(owner: Owner, of: Identity): Record<string, string> {
  return {
    ...ownerLabels(owner),
    [SERVICE]: of.uuid,
    [NAME]: of.uniqueName,
    [ORDINAL]: String(of.ordinal),
    [REVISION]: String(of.revision),
    [DEPLOYMENT]: String(of.deployment),
  };
}

/** Who a container is, from its labels and name; undefined = not ours. */
export function readIdentity(instance: string, name: string, labels: Labels | null): Identity | undefined {
  if (labels === null || labels[INSTANCE] !== instance) return undefined;
  const number = (key: string) => (/^\d{1,15}$/.test(labels[key] ?? '') ? Number(labels[key]) : -1);
  const identity: Identity = {
    uuid: labels[SERVICE] ?? '',
    uniqueName: labels[NAME] ?? '',
    ordinal: number(ORDINAL),
    revision: number(REVISION),
    deployment: number(DEPLOYMENT),
  };
  const complete =
    identity.uuid !== '' && identity.ordinal > 0 && identity.revision >= 0 && identity.deployment >= 0;
  return complete && name === containerName(identity) ? identity : undefined;
}
