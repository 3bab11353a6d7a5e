/**
 * Changing a service of the swarm: read, decide, write on what was read, and again when somebody was faster.
 */
import type { AuthConfig, ServiceSpec } from 'dockerode';
import { Failed, type Scrub, translate } from '../docker/failures.ts';
import { isTaken, OutOfSequence, type SwarmApi, type SwarmService } from './api.ts';

const ATTEMPTS = 5;

export interface EditOptions {
  readonly auth: AuthConfig | undefined;
  readonly scrub: Scrub;
  readonly name: string;
  /** How it was read already: the first attempt decides on that. One that is no longer so is refused by the swarm. */
  readonly seen?: { readonly service: SwarmService | undefined };
}

/**
 * `decide` is given the service as it is now; what it returns is sent, undefined leaves it as it is. Resolves to
 * whether anything was sent. Throws `Failed`.
 */
export async function edit(
  api: SwarmApi,
  uuid: string,
  decide: (service: SwarmService | undefined) => Promise<ServiceSpec | undefined> | ServiceSpec | undefined,
  { auth, scrub, name, seen }: EditOptions,
): Promise<boolean> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const service = attempt === 1 && seen !== undefined ? seen.service : await api.service(uuid);
    const spec = await decide(service);
    if (spec === undefined) return false;
    try {
      if (service === undefined) await api.create(spec, auth);
      else await api.update(service, spec, auth);
      return true;
    } catch (error) {
      // Another server made it first: it is there at the next look. A stranger's of that name never is.
      // And a network is removed by whoever terminates the last that is on it.
      const again =
        error instanceof OutOfSequence ||
        (attempt < ATTEMPTS && ((isTaken(error) && service === undefined) || isNetworkGone(error)));
      if (!again) throw translate(error, `telling the swarm about ${name}`, scrub);
    }
  }
  throw new Failed('internal', `${name} is changed in the swarm by somebody else all the time`);
}

function isNetworkGone(error: unknown): boolean {
  return error instanceof Error && /network \S+ not found/i.test(error.message);
}
