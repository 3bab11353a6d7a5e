/**
 * The connection to a Docker engine, through the kept client library, in the newest version of its API that both know
 * (`research/reliability.md` E2: engines do raise the oldest version they speak).
 *
 * Two clients of one address: one that gives up on an engine that says nothing, one without that limit for what is
 * silent by nature (events, pulls).
 */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { inspect } from 'node:util';
import type Docker from 'dockerode';
import { UserError } from '../../service/failure.ts';
import type { Settings } from './options.ts';

const OLDEST = '1.40';
const NEWEST = '1.51';

/** Longer than any single answer takes, with the wait of a stop on top. */
const SILENCE_MS = 120_000;

export interface Daemon {
  readonly quick: Docker;
  readonly patient: Docker;
  /** Asks the engine again which versions it speaks: it may have been upgraded. Throws what the client throws. */
  negotiate(): Promise<Versions>;
}

export interface Versions {
  readonly engine: string;
  readonly api: string;
}

function compare(a: string, b: string): number {
  const [majorA = 0, minorA = 0] = a.split('.').map(Number);
  const [majorB = 0, minorB = 0] = b.split('.').map(Number);
  return majorA - majorB || minorA - minorB;
}

/** Throws a UserError when there is no version that both speak. */
export function pickVersion(newest: string, oldest: string): string {
  const picked = compare(newest, NEWEST) < 0 ? newest : NEWEST;
  if (compare(picked, OLDEST) >= 0 && compare(picked, oldest) >= 0) return picked;
  throw new UserError(
    'EK805',
    `The Docker engine speaks versions ${oldest} to ${newest} of its API; this program speaks ${OLDEST} to ${NEWEST}. ` +
      'Upgrade whichever is behind.',
  );
}

interface Address {
  readonly socketPath: string | undefined;
  readonly host: string | undefined;
  readonly port: string | undefined;
  readonly protocol: 'http' | 'https';
}

/** Throws a UserError for what is neither `unix://` nor `tcp://`. */
export function parseAddress(host: string, tls: boolean): Address {
  const protocol = tls ? 'https' : 'http';
  if (host.startsWith('unix:///')) {
    return { socketPath: host.slice('unix://'.length), host: undefined, port: undefined, protocol: 'http' };
  }
  const [, name, port] = /^tcp:\/\/([\w.-]+|\[[\da-f:]+\]):(\d{1,5})\/?$/i.exec(host) ?? [];
  if (name === undefined || port === undefined) {
    throw new UserError(
      'EK805',
      `Expected the address of a Docker engine as unix:///path or tcp://host:port, got '${host}'.`,
    );
  }
  return { socketPath: undefined, host: name, port, protocol };
}

/** Opens nothing yet. The library is loaded here, not with the program: it is large, and most commands need none of it. */
export async function openDaemon(settings: Settings): Promise<Daemon> {
  const address = parseAddress(settings.host, settings.tls !== undefined);
  const { default: Client } = await import('dockerode');
  // Connections are not kept: one that died with the engine would fail the next request.
  const agent = address.protocol === 'https' ? new HttpsAgent(settings.tls) : new HttpAgent();
  // The library prints the options of each request for a debugging log that is off, with the agent and all its sockets:
  // thirty requests at once would cost seconds of computing.
  Object.defineProperty(agent, inspect.custom, { value: () => 'Agent' });
  // Every address field is given, also when undefined: else the library takes it from the environment.
  const client = (timeout: number) => {
    const options = { ...address, ...settings.tls, agent, timeout };
    return new Client(options);
  };
  const quick = client(SILENCE_MS);
  const patient = client(0);
  const speak = (version: string | undefined) => {
    for (const one of [quick, patient]) Object.assign(one.modem, { version });
  };
  return {
    quick,
    patient,
    async negotiate() {
      speak(undefined);
      const { ApiVersion, MinAPIVersion, Version } = await quick.version();
      const api = pickVersion(ApiVersion, MinAPIVersion ?? ApiVersion);
      speak(`v${api}`);
      return { engine: Version, api };
    },
  };
}
