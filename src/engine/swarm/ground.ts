/**
 * Before the first job: is this engine a manager of a swarm, and how can that swarm publish ports.
 */
import { access, readFile } from 'node:fs/promises';
import { UserError } from '../../service/failure.ts';
import type { Daemon } from '../docker/daemon.ts';
import { checkGround } from '../docker/ground.ts';
import type { SwarmSettings } from './options.ts';
import type { Ground } from './shop.ts';

/** Rejects with a UserError. */
export async function checkSwarm(
  daemon: Daemon,
  settings: SwarmSettings,
): Promise<{ readonly ground: Ground; readonly remarks: readonly string[] }> {
  // The address is a matter of the nodes here, and said below.
  const remarks = await checkGround(daemon, { ...settings, publishAddress: '127.0.0.1' });
  const { Swarm } = await daemon.quick.info();
  const { LocalNodeState, ControlAvailable, NodeID } = Swarm ?? {};
  if (LocalNodeState !== 'active' || ControlAvailable !== true) {
    const is = LocalNodeState === 'active' ? 'a worker of a swarm' : 'in no swarm';
    throw new UserError(
      'EK805',
      `The Docker engine at ${settings.host} is ${is}; --engine swarm needs a manager ('docker swarm init', or 'docker node promote').`,
    );
  }
  const publish = settings.ports === 'auto' ? ((await hasIpvs()) ? 'ingress' : 'host') : settings.ports;
  const { api } = await daemon.negotiate();
  const [, minor = '0'] = api.split('.');
  return {
    ground: { publish, here: NodeID ?? '', noNewPrivileges: Number(minor) >= 44 },
    remarks: [
      ...remarks,
      publish === 'host'
        ? 'ports are published on the node of each container, on all its addresses: this kernel shows no ip_vs, which the ingress network needs'
        : 'ports are published on all addresses of every node (ingress network)',
      ...(Number(minor) >= 44
        ? []
        : ['this engine cannot set no-new-privileges for services of a swarm (since API 1.44)']),
    ],
  };
}

/** Of this machine: the engine loads the module when it makes the swarm's ingress network. */
async function hasIpvs(): Promise<boolean> {
  try {
    await access('/proc/net/ip_vs');
    return true;
  } catch {
    const modules = await readFile('/proc/modules', 'utf8').catch(() => '');
    return /^ip_vs\b/m.test(modules);
  }
}
