/**
 * One network per API user: its services reach each other by name, other users' do not reach them. It is made when
 * the first container needs it and removed with the last.
 *
 * What a link calls its target is no name on this network (two services may each call something else `db`): it is an
 * alias inside the dependant alone, which the engine resolves to the target's own alias at each look-up.
 */
import type { Daemon } from './daemon.ts';
import { doing, Failed, orMissing, type Scrub, statusOf } from './failures.ts';
import { locks } from './gate.ts';
import { INSTANCE, ownerLabels, USER } from './labels.ts';
import { networkName } from './names.ts';
import type { Settings } from './options.ts';

export interface Networks {
  /** Runs `work` with the user's network there and kept. */
  with<T>(user: string, work: (network: string) => Promise<T>): Promise<T>;
  /** A container made on a network that was removed since and made anew by `with`: puts it on the new one. */
  reattach(id: string): Promise<void>;
  /** Removes the user's network unless a container of the user is left, or work that needs it is under way. */
  dropUnused(user: string): Promise<void>;
}

const asIs: Scrub = (text) => text;

export function networks(daemon: Daemon, { instance, clock }: Settings): Networks {
  const { quick } = daemon;
  const oneAtATime = locks();
  const holders = new Map<string, number>();
  /** Found or made while somebody holds it: nobody of ours removes it meanwhile. */
  const ready = new Map<string, string>();

  async function ensure(user: string): Promise<string> {
    const name = networkName(instance, user);
    await doing(`looking for network ${name}`, asIs, async () => {
      const found = await orMissing(() => quick.getNetwork(name).inspect());
      if (found === undefined) {
        await quick.createNetwork({
          Name: name,
          Driver: 'bridge',
          CheckDuplicate: true,
          Labels: ownerLabels({ instance, user }),
        });
      } else if (found.Labels?.[INSTANCE] !== instance || found.Labels[USER] !== user) {
        throw new Failed('refused', `network ${name} exists and is not ours: remove or rename it`);
      }
    });
    return name;
  }

  return {
    async with(user, work) {
      holders.set(user, (holders.get(user) ?? 0) + 1);
      try {
        const network = await oneAtATime.run(user, async () => ready.get(user) ?? (await ensure(user)));
        ready.set(user, network);
        return await work(network);
      } catch (error) {
        // It may be that somebody removed it.
        ready.delete(user);
        throw error;
      } finally {
        const left = (holders.get(user) ?? 1) - 1;
        holders.set(user, left);
        if (left === 0) ready.delete(user);
      }
    },
    async reattach(id) {
      await doing('connecting a container to its network again', asIs, async () => {
        const { HostConfig, NetworkSettings } = await quick.getContainer(id).inspect();
        const name = HostConfig.NetworkMode ?? '';
        const { Aliases, Links } = NetworkSettings.Networks[name] ?? {};
        await quick.getNetwork(name).disconnect({ Container: id, Force: true });
        await quick.getNetwork(name).connect({ Container: id, EndpointConfig: { Aliases, Links } });
      });
    },
    dropUnused(user) {
      return oneAtATime.run(user, async () => {
        const name = networkName(instance, user);
        await doing(`removing network ${name}`, asIs, async () => {
          const label = [`${INSTANCE}=${instance}`, `${USER}=${user}`];
          const left = await quick.listContainers({ all: true, limit: 1, filters: { label } });
          if (left.length > 0 || (holders.get(user) ?? 0) > 0) return;
          const found = await orMissing(() => quick.getNetwork(name).inspect());
          if (found?.Labels?.[INSTANCE] !== instance) return;
          for (let tries = 1; ; tries += 1) {
            try {
              await orMissing(() => quick.getNetwork(name).remove());
              return;
            } catch (error) {
              // 403: something is connected. A container on its way out, or one of a stranger, who keeps it.
              if (statusOf(error) !== 403) throw error;
              if (tries === 3) return;
              await clock.sleep(100);
            }
          }
        });
      });
    },
  };
}
