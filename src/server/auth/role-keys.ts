/**
 * Keys of services with `roles: ["global"]`: made by the server, given to their containers and to nobody else, and good
 * for the services of their user only, in the scope that the operator set. They end with the role and with the service.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Definition } from '../../service/definition.ts';
import type { Random } from '../../service/ports.ts';
import { serviceUri } from '../../service/uri.ts';
import type { World } from '../types.ts';
import type { Identity } from './users.ts';

const FORM = /^role\.([0-9a-f-]{36})\.[0-9a-f-]{72}$/;

/** The definition with a key where it has the role, and without one where it has not. */
export function withRoleKey(definition: Definition, random: Random): Definition {
  const { roleKey, ...rest } = definition;
  if (!definition.spec.roles.includes('global') || definition.destroyedAt !== null) return rest;
  return { ...rest, roleKey: roleKey ?? `role.${definition.uuid}.${random.uuid()}${random.uuid()}` };
}

/** Whose the key is, if it is one of these and still good. */
export async function roleIdentity(
  { store, settings }: Pick<World, 'store' | 'settings'>,
  user: string,
  key: string,
): Promise<Identity | undefined> {
  const uuid = FORM.exec(key)?.[1];
  if (uuid === undefined || settings.globalRole === null) return undefined;
  const definition = await store.definition(uuid);
  const roleKey = definition?.roleKey;
  if (roleKey === undefined || !sameText(roleKey, key)) return undefined;
  const good = definition?.user === user && definition.destroyedAt === null;
  return good ? { user, scope: settings.globalRole.scope } : undefined;
}

const sameText = (a: string, b: string) => timingSafeEqual(hashOf(a), hashOf(b));
const hashOf = (text: string) => createHash('sha256').update(text).digest();

/** What the role gives to the containers, under the names that the platform's clients read. */
export function roleVariables(
  { user, uuid, roleKey }: Definition,
  { globalRole }: World['settings'],
): Readonly<Record<string, string>> {
  if (globalRole === null || roleKey === undefined) return {};
  const host = globalRole.url.replace(/\/+$/, '');
  return {
    TUTUM_AUTH: `ApiKey ${user}:${roleKey}`,
    TUTUM_REST_HOST: host,
    TUTUM_SERVICE_API_URI: serviceUri(uuid),
    TUTUM_SERVICE_API_URL: `${host}${serviceUri(uuid)}`,
  };
}
