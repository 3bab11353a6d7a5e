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
      killProcess(b.docker, { label: [`evenkeel.service=${service.uuid}`, `evenkeel.ordinal=${ordinal}`] }),
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

/** Kills the process of the one running container that fits, as soon as there is one: it may be on its way up. */
export async function killProcess(
  docker: Docker,
  filters: Readonly<Record<string, string[]>>,
): Promise<void> {
  let [container, ...others] = await docker.listContainers({ filters });
  for (let tries = 0; container === undefined && tries < 100; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    [container, ...others] = await docker.listContainers({ filters });
  }
  if (container === undefined || others.length > 0) throw new Error('not one running container to kill');
  const { State } = await docker.getContainer(container.Id).inspect();
  // 0 = not running, and to the system call: everything in our own process group.
  if (!(State.Pid > 1)) throw new Error(`container ${container.Id} has no process`);
  process.kill(State.Pid, 'SIGKILL');
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
