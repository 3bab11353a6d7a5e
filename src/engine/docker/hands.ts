/**
 * What is done to single containers. Each may find its work done already (by an interrupted job, by somebody else):
 * that is success. At most `concurrency` of them burden the engine at once; stops, which mostly wait, have a wider door.
 */
import type { ContainerCreateOptions } from 'dockerode';
import type { Daemon } from './daemon.ts';
import { doing, Failed, orMissing, type Scrub, statusOf, translate } from './failures.ts';
import { type Found, isStoppable } from './found.ts';
import { gate } from './gate.ts';
import { SPEC } from './labels.ts';
import { shownName } from './names.ts';
import type { Settings } from './options.ts';
import type { Roster } from './roster.ts';

export type Target = Pick<Found, 'id' | 'uniqueName' | 'ordinal' | 'phase'>;

type Body = ContainerCreateOptions & { readonly name: string };

export interface Hands {
  /** Returns the container's id. One of ours that is made from exactly this is taken as it is. */
  create(
    body: ContainerCreateOptions & { readonly name: string },
    shown: string,
    scrub: Scrub,
  ): Promise<string>;
  start(target: Target, scrub: Scrub): Promise<void>;
  /** Both in one go: cheaper for the engine than all creates before all starts (measured). */
  createAndStart(body: Body, target: Omit<Target, 'id'>, scrub: Scrub): Promise<string>;
  stop(target: Target): Promise<void>;
  /** The stop signal first, while its process runs. Its volumes stay. */
  remove(target: Target): Promise<void>;
  restartPolicy(target: Target, name: string): Promise<void>;
}

const asIs: Scrub = (text) => text;
const STOPS_AT_ONCE = 32;
const NAME_CONFLICTS = 3;

/** For one who has passed the door already. */
const inside = <T>(work: () => Promise<T>): Promise<T> => work();

export function hands(daemon: Daemon, roster: Roster, settings: Settings): Hands {
  const door = gate(settings.concurrency);
  const stopDoor = gate(STOPS_AT_ONCE);
  const container = (id: string) => daemon.quick.getContainer(id);

  async function stop(target: Target): Promise<void> {
    if (!isStoppable(target)) return;
    await doing(`stopping ${shownName(target)}`, asIs, () =>
      stopDoor(async () => {
        if (target.phase === 'paused') await unlessDone(() => container(target.id).unpause(), 409, 500);
        await unlessDone(() => container(target.id).stop(), 304, 404);
      }),
    );
    roster.changed(target.id);
  }

  /** Who has the name: ours and the same is adopted, ours and another makes way, a stranger is left alone. */
  async function settleConflict(
    name: string,
    spec: string | undefined,
    shown: string,
  ): Promise<string | undefined> {
    const there = await doing(`looking at container ${name}`, asIs, () =>
      orMissing(() => container(name).inspect()),
    );
    if (there === undefined) return undefined;
    const ours = await roster.inspect(there.Id);
    if (ours === undefined) {
      throw new Failed(
        'refused',
        `cannot make ${shown}: container name '${name}' is taken by ${there.Id.slice(0, 12)}, which is not ours; rename or remove it`,
      );
    }
    if (ours.spec === spec && ours.phase === 'created') return there.Id;
    await remove(ours, inside);
    return undefined;
  }

  async function remove(target: Target, through: typeof door): Promise<void> {
    await stop(target);
    await doing(`removing ${shownName(target)}`, asIs, () =>
      through(() => unlessDone(() => container(target.id).remove({ force: true, v: true }), 404, 409)),
    );
    roster.changed(target.id);
  }

  async function create(body: Body, shown: string, scrub: Scrub): Promise<string> {
    // The library would put the whole body, environment included, into the URL as well.
    const request = { name: body.name, _query: { name: body.name }, _body: { ...body, name: undefined } };
    for (let conflicts = 0; ; conflicts += 1) {
      try {
        return (await daemon.quick.createContainer(request)).id;
      } catch (error) {
        if (statusOf(error) !== 409 || conflicts === NAME_CONFLICTS) {
          throw translate(error, `making ${shown}`, scrub);
        }
        const adopted = await settleConflict(body.name, body.Labels?.[SPEC], shown);
        if (adopted !== undefined) return adopted;
      }
    }
  }

  async function start(target: Target, scrub: Scrub): Promise<void> {
    await doing(`starting ${shownName(target)}`, scrub, async () => {
      if (target.phase === 'paused') await unlessDone(() => container(target.id).unpause(), 409, 500);
      else await unlessDone(() => container(target.id).start(), 304);
    });
    roster.changed(target.id);
  }

  return {
    stop,
    remove: (target) => remove(target, door),
    create: (body, shown, scrub) => door(() => create(body, shown, scrub)),
    start: (target, scrub) => door(() => start(target, scrub)),
    createAndStart: (body, target, scrub) =>
      door(async () => {
        const id = await create(body, shownName(target), scrub);
        await start({ ...target, id }, scrub);
        return id;
      }),
    async restartPolicy(target, name) {
      await doing(`setting the restart policy of ${shownName(target)}`, asIs, () =>
        door(() => unlessDone(() => container(target.id).update({ RestartPolicy: { Name: name } }), 404)),
      );
      roster.changed(target.id);
    },
  };
}

/** These status codes say that it is so already, or that there is nothing left to do it to. */
async function unlessDone(work: () => Promise<unknown>, ...done: readonly number[]): Promise<void> {
  try {
    await work();
  } catch (error) {
    const status = statusOf(error);
    if (status === undefined || !done.includes(status)) throw error;
  }
}
