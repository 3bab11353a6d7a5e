/**
 * An overlay network per service. Its containers are on it under their names, and the containers of the services that
 * link to it join it, so a service reaches what it links to and nothing else (docs/decisions/0008).
 */

import type { Clock } from '../../service/ports.ts';
import type { Daemon } from '../docker/daemon.ts';
import { doing, Failed, orMissing } from '../docker/failures.ts';
import { locks } from '../docker/gate.ts';
import { INSTANCE, ownerLabels, SERVICE } from '../docker/labels.ts';
import { slug } from '../docker/names.ts';

export interface Overlays {
  /** Id of the service's network; made if it is missing. */
  ensure(user: string, uuid: string, uniqueName: string): Promise<string>;
  /** Of a service that is gone. A dependant that is still on it keeps it; it goes with a later call. */
  drop(uuid: string): Promise<void>;
  /** Tries again what was kept. */
  dropKept(): Promise<void>;
  /** Uuids of the services that networks of ours were made for. */
  owners(): Promise<readonly string[]>;
}

const asIs = (text: string) => text;
const TRIES = 20;
const PAUSE_MS = 250;

export function overlays({ quick }: Daemon, instance: string, clock: Clock): Overlays {
  const oneAtATime = locks();
  const kept = new Set<string>();

  async function make(user: string, uuid: string, name: string): Promise<string> {
    const found = await orMissing(() => quick.getNetwork(name).inspect());
    if (found === undefined) {
      const labels = { ...ownerLabels({ instance, user }), [SERVICE]: uuid };
      return (
        await quick.createNetwork({ Name: name, Driver: 'overlay', Labels: labels, CheckDuplicate: true })
      ).id;
    }
    if (found.Labels?.[INSTANCE] !== instance || found.Labels[SERVICE] !== uuid) {
      throw new Failed('refused', `network ${name} exists and is not ours: remove or rename it`);
    }
    return found.Id;
  }

  async function list(uuid?: string) {
    const label = [`${INSTANCE}=${instance}`, uuid === undefined ? SERVICE : `${SERVICE}=${uuid}`];
    return quick.listNetworks({ filters: { label } });
  }

  /** `used`: by a service, which keeps it. `leaving`: by what is on its way out. */
  async function tryDrop(uuid: string): Promise<'gone' | 'used' | 'leaving'> {
    for (const { Id } of await list(uuid)) {
      try {
        await orMissing(() => quick.getNetwork(Id).remove());
      } catch (error) {
        return error instanceof Error && /in use by service/.test(error.message) ? 'used' : 'leaving';
      }
    }
    return 'gone';
  }

  return {
    ensure(user, uuid, uniqueName) {
      const name = `${instance}-${slug(uniqueName, 30)}-${uuid.slice(0, 8)}`;
      kept.delete(uuid);
      return oneAtATime.run(uuid, () => doing(`making network ${name}`, asIs, () => make(user, uuid, name)));
    },
    drop: (uuid) =>
      doing(`removing the network of service ${uuid}`, asIs, async () => {
        // The nodes leave it a moment after their containers.
        for (let tries = 1; tries <= TRIES; tries += 1) {
          const is = await tryDrop(uuid);
          if (is === 'gone') return;
          if (is === 'used') break;
          await clock.sleep(PAUSE_MS);
        }
        kept.add(uuid);
      }),
    async dropKept() {
      for (const uuid of [...kept])
        if ((await tryDrop(uuid).catch(() => 'used')) === 'gone') kept.delete(uuid);
    },
    owners: () =>
      doing('listing networks', asIs, async () =>
        (await list()).flatMap(({ Labels }) => Labels?.[SERVICE] ?? []),
      ),
  };
}
