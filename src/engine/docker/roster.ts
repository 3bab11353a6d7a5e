/**
 * Which containers of ours there are: always the engine's own answer.
 *
 * The list finds them, all services' in one round trip. What they do, an inspection tells: the list lags behind it and
 * leaves out dates, ports and reasons. An inspection is kept as long as the list shows the same container in the same
 * condition and the event stream, being connected, has told of nothing. Without the stream all is inspected anew.
 */
import type { Daemon } from './daemon.ts';
import { doing, orMissing, type Scrub } from './failures.ts';
import { type Found, readInspection, readRow, type Seen } from './found.ts';
import { gate } from './gate.ts';
import { INSTANCE, SERVICE } from './labels.ts';

export interface Roster {
  /** Of one service, or of all; two of one ordinal while it is replaced. */
  list(uuid?: string): Promise<readonly Found[]>;
  /** undefined = gone, or not ours. */
  inspect(id: string): Promise<Seen | undefined>;
  /** What they do; a container that went away meanwhile is left out. */
  look(found: readonly Found[]): Promise<readonly Seen[]>;
  /** The containers of a service, each inspected now: to decide what to do. */
  fresh(uuid: string): Promise<readonly Seen[]>;
  /** An event, or we ourselves, did something to this container. */
  changed(id: string): void;
  /** Whether events are being heard. */
  hearing(connected: boolean): void;
}

const asIs: Scrub = (text) => text;
const INSPECTIONS_AT_ONCE = 8;

export function roster(daemon: Daemon, instance: string): Roster {
  const kept = new Map<string, Seen>();
  /** Inspections under way; an event that comes meanwhile may be newer than what they tell. */
  const asking = new Map<string, object>();
  const inspections = gate(INSPECTIONS_AT_ONCE);
  let hears = false;

  async function inspect(id: string): Promise<Seen | undefined> {
    const mine = {};
    kept.delete(id);
    asking.set(id, mine);
    const info = await doing('inspecting a container', asIs, () =>
      inspections(() => orMissing(() => daemon.quick.getContainer(id).inspect())),
    );
    const seen = info === undefined ? undefined : readInspection(instance, info);
    if (asking.get(id) === mine) {
      asking.delete(id);
      if (seen !== undefined && hears) kept.set(id, seen);
    }
    return seen;
  }

  function forget(id: string): void {
    kept.delete(id);
    asking.delete(id);
  }

  async function see(found: Found): Promise<Seen | undefined> {
    const known = kept.get(found.id);
    if (known !== undefined && known.phase === found.phase && known.health === found.health) return known;
    const seen = await inspect(found.id);
    // What the list shows otherwise is on the move, and not kept.
    const still = seen !== undefined && seen.phase === found.phase && seen.health === found.health;
    if (!still) kept.delete(found.id);
    return seen;
  }

  async function list(uuid?: string): Promise<readonly Found[]> {
    const label = uuid === undefined ? `${INSTANCE}=${instance}` : `${SERVICE}=${uuid}`;
    const rows = await doing('listing containers', asIs, () =>
      daemon.quick.listContainers({ all: true, filters: { label: [label] } }),
    );
    const found = rows.flatMap((row) => readRow(instance, row) ?? []);
    if (uuid === undefined) {
      const ids = new Set(found.map((one) => one.id));
      for (const id of kept.keys()) if (!ids.has(id)) kept.delete(id);
    }
    return found;
  }

  const there = (all: readonly (Seen | undefined)[]) => all.flatMap((one) => one ?? []);
  return {
    list,
    inspect,
    look: async (found) => there(await Promise.all(found.map(see))),
    fresh: async (uuid) => there(await Promise.all((await list(uuid)).map(({ id }) => inspect(id)))),
    changed: forget,
    hearing(connected) {
      hears = connected;
      kept.clear();
      asking.clear();
    },
  };
}
