/** The swarm engine, with its memory in the swarm, as the contract wants it. */
import { slug } from '../../src/engine/docker/names.ts';
import type { Traits } from '../contract/case.ts';
import { contractUsers, type EngineFactory } from '../contract/engines.ts';
import { dockerClient, makeImage } from './docker.ts';
import { away, holdable, killProcess, skipped } from './docker-contract.ts';
import { dockerProxy } from './docker-fault.ts';
import { startServer } from './server.ts';
import { missingSwarm, testSwarm } from './swarm.ts';
import { swarmBench } from './swarm-bench.ts';

const IMAGE = 'evenkeel-contract:1';
const OTHER = 'evenkeel-contract:2';
const RENEWED = 'evenkeel-contract-renewed:1';

export const swarm: EngineFactory = async () => {
  if (missingSwarm !== undefined) return skipped('swarm', missingSwarm);
  const nodes = await testSwarm(1, [IMAGE, OTHER]);
  const b = await swarmBench(nodes, { settleMs: 300 });
  const { users, newUser } = contractUsers();
  const host = nodes.nodes[0]?.host;
  await makeImage({ name: RENEWED, page: '1' }, host);
  const proxy = await dockerProxy(host);
  const parts = b.another({ host: proxy.host });
  const { engine, hold } = holdable(parts.engine);
  const server = await startServer({ users, engine, store: parts.store });
  const docker = dockerClient(host);
  const traits: Traits = {
    image: IMAGE,
    otherImage: OTHER,
    missingImage: 'evenkeel-contract-missing:1',
    failing: { image: IMAGE, run_command: 'sh -c "exit 3"' },
    finishing: { image: IMAGE, run_command: 'sh -c "exit 0"' },
    ended: 'Not running',
    sharesPorts: false,
    policiesAtOnce: false,
    kill: (service, ordinal) =>
      killProcess(docker, {
        name: [`^/?${slug(service.unique_name)}-${service.uuid.slice(0, 8)}\\.${ordinal}\\.`],
      }),
    hold: (service) => hold(service.uuid),
    renewed: { image: RENEWED, renew: () => makeImage({ name: RENEWED, page: '2' }, host) },
    away: () => away(proxy),
    patienceMs: 90_000,
    pollMs: 200,
  };
  return {
    url: server.url,
    traits,
    newUser,
    async close() {
      await server.close();
      await b.end();
      await proxy.close();
      await nodes.end();
    },
  };
};
