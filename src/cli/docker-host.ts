/**
 * Where the Docker engine is and how it is spoken to: `DOCKER_HOST`, `DOCKER_TLS_VERIFY` and `DOCKER_CERT_PATH`, as Docker's
 * own command line reads them.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../service/failure.ts';
import type { Io } from './io.ts';

export interface DockerHost {
  readonly host?: string;
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
}

/** Rejects with a UserError when the certificates that are asked for cannot be read. */
export async function dockerHost({ env }: Pick<Io, 'env'>): Promise<DockerHost> {
  const host = env['DOCKER_HOST'] ?? '';
  if (host === '') return {};
  if ((env['DOCKER_TLS_VERIFY'] ?? '') === '' || !host.startsWith('tcp://')) return { host };
  const directory = env['DOCKER_CERT_PATH'] || join(env['HOME'] ?? '', '.docker');
  const read = (name: string) =>
    readFile(join(directory, name), 'utf8').catch((error: NodeJS.ErrnoException) => {
      throw new UserError(
        'EK805',
        `DOCKER_TLS_VERIFY is set, and ${join(directory, name)} cannot be read (${error.code ?? error.message}): DOCKER_CERT_PATH names the directory with ca.pem, cert.pem and key.pem`,
        3,
      );
    });
  // One after the other: of several that are missing the same is named each time.
  return {
    host,
    tls: { ca: await read('ca.pem'), cert: await read('cert.pem'), key: await read('key.pem') },
  };
}
