/**
 * Before the first job: can this engine be used at all, and what should the operator know about it.
 */
import { UserError } from '../../service/failure.ts';
import type { Daemon } from './daemon.ts';
import { statusOf } from './failures.ts';
import type { Found } from './found.ts';
import { containerName } from './names.ts';
import type { Settings } from './options.ts';
import { checkRegistryConfig } from './registry.ts';

const INSTANCE_FORM = /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/;

/** Rejects with a UserError when the settings or the engine cannot be used. */
export async function checkGround(daemon: Daemon, settings: Settings): Promise<readonly string[]> {
  if (!INSTANCE_FORM.test(settings.instance)) {
    throw new UserError(
      'EK805',
      `Expected an instance of 1 to 32 of a-z, 0-9 and '-', got '${settings.instance}'.`,
    );
  }
  if (settings.registryConfig !== undefined) await checkRegistryConfig(settings.registryConfig);
  const versions = await daemon.negotiate().catch((error: unknown) => {
    throw error instanceof UserError ? error : unreachable(settings.host, error);
  });
  const remarks = [`Docker engine ${versions.engine}, API ${versions.api}, at ${settings.host}`];
  if (settings.host.startsWith('tcp://') && settings.tls === undefined) {
    remarks.push(`${settings.host} is not encrypted: whoever reaches it is root on that host`);
  }
  if (!/^(127\.|::1$|localhost$)/.test(settings.publishAddress)) {
    remarks.push(
      `ports are published on ${settings.publishAddress}: reachable from other machines, whatever the host's firewall says`,
    );
  }
  return remarks;
}

function unreachable(host: string, error: unknown): UserError {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  const next =
    code === 'EACCES'
      ? 'This user may not use the socket: run as root, or in the group that owns it (which is as good as root).'
      : 'Is it running, and is the address right (--docker-host, DOCKER_HOST)?';
  const said = statusOf(error) === undefined ? code : `HTTP ${statusOf(error)}`;
  return new UserError('EK805', `The Docker engine at ${host} does not answer (${said}). ${next}`);
}

/** Containers with our labels that no definition knows: a lost store, or another server with the same instance name. */
export function orphanRemarks(all: readonly Found[], knows: (uuid: string) => boolean): readonly string[] {
  const orphans = all.filter((one) => !knows(one.uuid)).map(containerName);
  if (orphans.length === 0) return [];
  const shown = orphans.slice(0, 10).join(', ') + (orphans.length > 10 ? ', …' : '');
  return [
    `${orphans.length} containers carry this server's labels and belong to no service of its store; they are left alone: ${shown} (of another server: give each an --instance of its own)`,
  ];
}
