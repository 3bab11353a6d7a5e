/**
 * Credentials of registries, from a file in the form of Docker's own `config.json`, read at each pull so that a
 * rotated one counts at once. Never logged, never in a message.
 */
import { readFile, stat } from 'node:fs/promises';
import type { AuthConfig } from 'dockerode';
import { UserError } from '../../service/failure.ts';

const HUB = 'https://index.docker.io/v1/';

/** Host (and port) of the registry that an image name means. */
export function registryOf(image: string): string {
  const [first = '', ...rest] = image.split('/');
  return rest.length > 0 && (/[.:]/.test(first) || first === 'localhost') ? first : 'docker.io';
}

/** Rejects with a UserError when the file is not there, not this form, or open to others. */
export async function checkRegistryConfig(path: string): Promise<void> {
  const { mode } = await stat(path).catch((error: Error) => {
    throw new UserError('EK805', `The registry credentials cannot be read: ${error.message}`);
  });
  if ((mode & 0o077) !== 0) {
    throw new UserError('EK504', `${path} holds credentials and others can read it: chmod 600 ${path}`);
  }
  await readAuths(path);
}

/** `undefined`: none for this registry. */
export async function credentialsFor(path: string, image: string): Promise<AuthConfig | undefined> {
  const auths = await readAuths(path);
  const registry = registryOf(image);
  const keys = registry === 'docker.io' ? [HUB, registry] : [registry];
  const found = keys
    .flatMap((key) => [key, `https://${key}`, `https://${key}/v1/`, `https://${key}/v2/`])
    .find((key) => Object.hasOwn(auths, key));
  const auth = found === undefined ? undefined : auths[found];
  const text = typeof auth === 'object' && auth !== null && 'auth' in auth ? auth.auth : undefined;
  if (typeof text !== 'string') return undefined;
  const [username = '', ...password] = Buffer.from(text, 'base64').toString('utf8').split(':');
  return {
    username,
    password: password.join(':'),
    auth: '',
    serveraddress: registry === 'docker.io' ? HUB : registry,
  };
}

async function readAuths(path: string): Promise<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(await readFile(path, 'utf8'));
    const auths =
      typeof parsed === 'object' && parsed !== null && 'auths' in parsed ? parsed.auths : undefined;
    if (typeof auths === 'object' && auths !== null) return { ...auths };
  } catch {
    // Said below, without the text of a parser that may quote the file.
  }
  throw new UserError('EK805', `Expected registry credentials in Docker's form, {"auths": {…}}, in ${path}`);
}
