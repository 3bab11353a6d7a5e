/**
 * The overlay networks of a swarm engine: one per API user, as on a Docker host, where the user's services find each
 * other by their own names; and one for each other name that a link gives its target, which only those who link to it
 * by that name join (docs/decisions/0008).
 *
 * A look-up asks a container's networks in the order of their names, so a link's name comes before a service's own.
 */

import type { Clock } from '../../service/ports.ts';
import type { Daemon } from '../docker/daemon.ts';
import { doing, Failed, orMissing } from '../docker/failures.ts';
import { locks } from '../docker/gate.ts';
import { INSTANCE, type Labels, ownerLabels, SERVICE, USER } from '../docker/labels.ts';
import { digest, slug } from '../docker/names.ts';
import { isTaken } from './api.ts';

/** Whose network: of all services of a user, or those under which one service is linked to. */
export type NetworkOwner = { readonly user: string } | { readonly service: string };

export interface Overlays {
  /** Id of the network of all services of the user; made if it is missing. */
  home(user: string): Promise<string>;
  /** Id of the network on which the target answers to this name; made if it is missing. */
  link(user: string, target: string, name: string): Promise<string>;
  /** Of an owner that is gone. One that something is still on is kept; it goes with a later call. */
  drop(owner: NetworkOwner): Promise<void>;
  /** Tries again what was kept. */
  dropKept(): Promise<void>;
  /** Looks again at the next call: another server may have removed one. */
  forget(): void;
  /** Whom networks of ours were made for. */
  owners(): Promise<readonly NetworkOwner[]>;
}

const asIs = (text: string) => text;
const TRIES = 20;
const PAUSE_MS = 250;
const REMEMBERED_MS = 5_000;

export function overlays({ quick }: Daemon, instance: string, clock: Clock): Overlays {
  const oneAtATime = locks();
  const kept = new Map<string, NetworkOwner>();
  /** Ids by name, for a moment: many services are brought up at once. */
  const made = new Map<string, { readonly id: string; readonly at: number }>();

  async function find(name: string, labels: Labels): Promise<string | undefined> {
    const found = await orMissing(() => quick.getNetwork(name).inspect());
    if (found === undefined) return undefined;
    const ours = Object.entries(labels).every(([key, value]) => found.Labels?.[key] === value);
    if (ours) return found.Id;
    throw new Failed('refused', `network ${name} exists and is not ours: remove or rename it`);
  }

  async function make(name: string, labels: Labels): Promise<string> {
    const found = await find(name, labels);
    if (found !== undefined) return found;
    const wanted = { Name: name, Driver: 'overlay', Labels: { ...labels }, CheckDuplicate: true };
    try {
      return (await quick.createNetwork(wanted)).id;
    } catch (error) {
      // Another server of ours was faster.
      const made = isTaken(error) ? await find(name, labels) : undefined;
      if (made !== undefined) return made;
      throw error;
    }
  }

  function ensure(name: string, labels: Labels, owner: NetworkOwner): Promise<string> {
    kept.delete(keyOf(owner));
    return oneAtATime.run(name, async () => {
      const known = made.get(name);
      if (known !== undefined && clock.monotonic() - known.at < REMEMBERED_MS) return known.id;
      const id = await doing(`making network ${name}`, asIs, () => make(name, labels));
      made.set(name, { id, at: clock.monotonic() });
      return id;
    });
  }

  async function list(owner?: NetworkOwner) {
    const label = [`${INSTANCE}=${instance}`];
    if (owner !== undefined)
      label.push('user' in owner ? `${USER}=${owner.user}` : `${SERVICE}=${owner.service}`);
    const found = await quick.listNetworks({ filters: { label } });
    return owner === undefined || 'service' in owner
      ? found
      : found.filter(({ Labels }) => Labels?.[SERVICE] === undefined);
  }

  /** `used`: by a service, which keeps it. `leaving`: by what is on its way out. */
  async function tryDrop(owner: NetworkOwner): Promise<'gone' | 'used' | 'leaving'> {
    for (const { Id } of await list(owner)) {
      try {
        await orMissing(() => quick.getNetwork(Id).remove());
      } catch (error) {
        return error instanceof Error && /in use by service/.test(error.message) ? 'used' : 'leaving';
      }
    }
    return 'gone';
  }

  return {
    home: (user) =>
      ensure(
        `${instance}-user-${slug(user, 24)}-${digest(user).slice(0, 8)}`,
        ownerLabels({ instance, user }),
        { user },
      ),
    link: (user, target, name) =>
      ensure(
        `${instance}-link-${slug(name, 24)}-${digest(`${target} ${name}`).slice(0, 12)}`,
        { ...ownerLabels({ instance, user }), [SERVICE]: target },
        { service: target },
      ),
    drop: (owner) =>
      doing(`removing the networks of ${Object.values(owner)[0]}`, asIs, async () => {
        made.clear();
        // The nodes leave it a moment after their containers.
        for (let tries = 1; tries <= TRIES; tries += 1) {
          const is = await tryDrop(owner);
          if (is === 'gone') return;
          if (is === 'used') break;
          await clock.sleep(PAUSE_MS);
        }
        kept.set(keyOf(owner), owner);
      }),
    async dropKept() {
      if (kept.size > 0) made.clear();
      for (const [key, owner] of kept)
        if ((await tryDrop(owner).catch(() => 'used')) === 'gone') kept.delete(key);
    },
    forget: () => made.clear(),
    owners: () =>
      doing('listing networks', asIs, async () =>
        (await list()).flatMap(({ Labels }): NetworkOwner[] => {
          const [service, user] = [Labels?.[SERVICE], Labels?.[USER]];
          if (service !== undefined) return [{ service }];
          return user === undefined ? [] : [{ user }];
        }),
      ),
  };
}

function keyOf(owner: NetworkOwner): string {
  return 'user' in owner ? `user ${owner.user}` : `service ${owner.service}`;
}
