/**
 * What goes on by itself while the engine is in use: listening to events, a look at everything now and then, and the
 * containers' own policies. Tells subscribers what may have changed.
 */
import { setMaxListeners } from 'node:events';
import { listen } from './events.ts';
import { attempt } from './failures.ts';
import { hasEnded } from './found.ts';
import type { Locks } from './gate.ts';
import type { Known } from './known.ts';
import type { Settings } from './options.ts';
import { type Tending, tending } from './tend.ts';
import type { Workshop } from './workshop.ts';

export type Hint = (uuid: string | undefined) => void;

export interface Watching {
  begin(shop: Workshop): void;
  tend(uuid: string): Promise<void>;
  /** A job wants the service now. */
  giveWay(uuid: string): void;
  subscribe(hint: Hint): () => void;
  /** Resolves when nothing of it is under way any more. */
  end(): Promise<void>;
}

export function watching(settings: Settings, known: Known, jobs: Locks): Watching {
  const { clock, instance, sweepMs } = settings;
  const ending = new AbortController();
  // A pause before each replacement listens to it; Node takes more than ten for a leak and says so.
  setMaxListeners(0, ending.signal);
  const subscribers = new Set<Hint>();
  const underWay = new Set<Promise<void>>();
  const hint: Hint = (uuid) => {
    for (const subscriber of subscribers) subscriber(uuid);
  };
  let tender: Tending | undefined;

  function track(work: Promise<void>): Promise<void> {
    underWay.add(work);
    return work.finally(() => underWay.delete(work));
  }

  const tend = (uuid: string) => track(tender?.tend(uuid) ?? Promise.resolve());

  /** Tells of every service whose containers look otherwise than at the last sweep. */
  async function sweep(
    shop: Workshop,
    before: ReadonlyMap<string, string>,
  ): Promise<ReadonlyMap<string, string>> {
    const looks = new Map<string, string>();
    const found = await attempt('sweeping', () => shop.roster.list());
    if (!found.ok) return before;
    for (const one of found.value) {
      looks.set(one.uuid, `${looks.get(one.uuid) ?? ''} ${one.id} ${one.phase} ${one.health}`);
      if (hasEnded(one)) await tend(one.uuid);
    }
    for (const uuid of new Set([...before.keys(), ...looks.keys()])) {
      if (before.get(uuid) !== looks.get(uuid)) hint(uuid);
    }
    return looks;
  }

  async function sweeps(shop: Workshop): Promise<void> {
    let looks: ReadonlyMap<string, string> = new Map();
    while (!ending.signal.aborted) {
      await clock.sleep(sweepMs, ending.signal);
      if (!ending.signal.aborted) looks = await sweep(shop, looks);
    }
  }

  return {
    tend,
    giveWay: (uuid) => tender?.giveWay(uuid),
    begin(shop) {
      tender = tending(shop, { known, jobs, hint, ending: ending.signal });
      const listener = {
        up() {
          shop.roster.hearing(true);
          hint(undefined);
          for (const uuid of known.uuids()) void tend(uuid);
        },
        down() {
          shop.roster.hearing(false);
          hint(undefined);
        },
        happened(event: { action: string; container: string; service: string }) {
          shop.roster.changed(event.container);
          hint(event.service);
          if (event.action === 'die') void tend(event.service);
        },
      };
      void track(listen(shop.daemon, instance, clock, listener, ending.signal));
      void track(sweeps(shop));
    },
    subscribe(subscriber) {
      subscribers.add(subscriber);
      return () => subscribers.delete(subscriber);
    },
    async end() {
      ending.abort();
      subscribers.clear();
      await Promise.allSettled([...underWay]);
    },
  };
}
