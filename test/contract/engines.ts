/**
 * The engines the contract is held against, one line each. An engine that this machine cannot run is a skip that is
 * printed; in CI a skip is a failure.
 */
import { docker } from '../support/docker-contract.ts';
import { KEY, startServer, USER } from '../support/server.ts';
import { swarm } from '../support/swarm-contract.ts';
import type { ContractServer, Traits } from './case.ts';

export type EngineFactory = () => Promise<ContractServer | { readonly skip: string }>;

export const ENGINES: Readonly<Record<string, EngineFactory>> = {
  simulated,
  docker,
  swarm,
};

const MOST_USERS = 400;

/** The users that `newUser` hands out, one per case. */
export function contractUsers() {
  const users = Array.from({ length: MOST_USERS }, (_, index) => ({
    name: `case-${index}`,
    key: `case-${index}-key-0123456789`,
  }));
  let next = 0;
  return {
    users: [...users, { name: USER, key: KEY }],
    newUser() {
      const user = users[next++];
      if (user === undefined) throw new Error('more cases than users');
      return `ApiKey ${user.name}:${user.key}`;
    },
  };
}

async function simulated(): Promise<ContractServer> {
  const { users, newUser } = contractUsers();
  const version = { key: 'VERSION', value: '1' };
  const server = await startServer({
    users,
    simulation: {
      delays: { start: 20, scale: 20, redeploy: 20, stop: 20, terminate: 5 },
      jitter: 0.2,
      images: { 'renewed:1': { envvars: [version] } },
    },
  });
  const traits: Traits = {
    image: 'nginx:1.27',
    otherImage: 'httpd:2.4',
    missingImage: 'missing/image:1',
    failing: { image: 'nginx', run_command: 'exit 3' },
    finishing: { image: 'nginx', run_command: 'sh -c "exit 0"' },
    ended: 'Stopped',
    sharesPorts: true,
    policiesAtOnce: true,
    kill: (service, ordinal) => server.engine.crash(service.uuid, ordinal, 137),
    hold: (service) => server.engine.hold(service.uuid),
    renewed: {
      image: 'renewed:1',
      async renew() {
        version.value = '2';
      },
    },
    async away() {
      server.engine.setAvailable(false);
      return async () => server.engine.setAvailable(true);
    },
    patienceMs: 10_000,
    pollMs: 5,
  };
  return { url: server.url, traits, newUser, close: () => server.close() };
}
