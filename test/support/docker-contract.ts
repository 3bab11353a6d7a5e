/** The Docker engine as the contract wants it. */

import type Docker from 'dockerode';
import type { Engine } from '../../src/service/engine.ts';
import type { Traits } from '../contract/case.ts';
import { contractUsers, type EngineFactory } from '../contract/engines.ts';
import { bench, isDemanded, makeImage, missingEngine } from './docker.ts';
import { type DockerProxy, dockerProxy } from './docker-fault.ts';
import { startServer } from './server.ts';

const IMAGE = 'evenkeel-contract:1';
const OTHER = 'evenkeel-contract:2';
const RENEWED = 'evenkeel-contract-renewed:1';

export const docker: EngineFactory = async () => {
  if (missingEngine !== undefined) return skipped('docker', missingEngine);
  await makeImage({ name: IMAGE });
  await makeImage({ name: OTHER });
  await makeImage({ name: RENEWED, page: '1' });
  const b = await bench({ pull: 'never', settleMs: 300 });
  const proxy = await dockerProxy();
  const { users, newUser } = contractUsers();
  const { engine, hold } = holdable(b.another({ host: proxy.host }));
  const server = await startServer({ users, engine });
  const traits: Traits = {
    image: IMAGE,
    otherImage: OTHER,
    missingImage: 'evenkeel-contract-missing:1',
    failing: { image: IMAGE, run_command: 'sh -c "exit 3"' },
    finishing: { image: IMAGE, run_command: 'sh -c "exit 0"' },
    ended: 'Stopped',
    sharesPorts: false,
    policiesAtOnce: true,
    /** Not through the engine: that would count as being stopped on purpose, and not be restarted. */
    kill: (service, ordinal) =>
      killProcess(b.docker, {
        label: [
          `evenkeel.instance=${b.instance}`,
          `evenkeel.service=${service.uuid}`,
          `evenkeel.ordinal=${ordinal}`,
        ],
      }),
    hold: (service) => hold(service.uuid),
    renewed: { image: RENEWED, renew: () => makeImage({ name: RENEWED, page: '2' }) },
    away: () => away(proxy),
    patienceMs: 60_000,
    pollMs: 100,
  };
  return {
    url: server.url,
    traits,
    newUser,
    async close() {
      await server.close();
      await b.end();
      await proxy.close();
    },
  };
};

/**
 * Kills the process of the one running container that fits, as soon as there is one: it may be on its way up. Comes back
 * when the engine has noticed: until then it shows the container as running, and may still be told another restart policy.
 */
export async function killProcess(
  docker: Docker,
  filters: Readonly<Record<string, string[]>>,
): Promise<void> {
  let killed: { readonly id: string; readonly pid: number } | undefined;
  await eventually('one running container to kill', async () => {
    const [container, ...others] = await docker.listContainers({ filters });
    if (container === undefined || others.length > 0) return false;
    const pid = await pidOf(docker, container.Id);
    // 0 = not running, and to the system call: everything in our own process group.
    if (!(pid > 1)) return false;
    process.kill(pid, 'SIGKILL');
    killed = { id: container.Id, pid };
    return true;
  });
  await eventually('the engine to notice that', async () => {
    return killed !== undefined && (await pidOf(docker, killed.id)) !== killed.pid;
  });
}

/** The process of a container; 0 without one, or without the container. */
async function pidOf(docker: Docker, id: string): Promise<number> {
  try {
    return (await docker.getContainer(id).inspect()).State.Pid;
  } catch (error) {
    if ((error as { readonly statusCode?: number }).statusCode === 404) return 0;
    throw error;
  }
}

async function eventually(what: string, happens: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 150; tries += 1) {
    if (await happens()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`waited for ${what}`);
}

/** Nothing answers at the engine's address. */
export async function away(proxy: DockerProxy): Promise<() => Promise<void>> {
  await proxy.down();
  return () => proxy.up();
}

/** A skip, or an error where the engine must be there. */
export function skipped(engine: 'docker' | 'swarm', why: string): { readonly skip: string } {
  if (isDemanded(engine)) throw new Error(`EVENKEEL_ENGINES wants ${engine}: ${why}`);
  return { skip: why };
}

/** An engine whose jobs can be kept from ending. */
export function holdable(engine: Engine): { readonly engine: Engine; hold(uuid: string): () => void } {
  const held = new Map<string, Promise<void>>();
  return {
    engine: {
      ...engine,
      async run(job, signal) {
        const done = await engine.run(job, signal);
        await held.get(job.definition.uuid);
        return done;
      },
    },
    hold(uuid) {
      let release = (): void => undefined;
      held.set(uuid, new Promise((resolve) => (release = resolve)));
      return () => {
        held.delete(uuid);
        release();
      };
    },
  };
}
