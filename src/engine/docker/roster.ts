/**
 * Which containers of ours there are: always the engine's own answer, in one round trip.
 *
 * The list leaves out dates and reasons. Those come from an inspection that is kept as long as the list shows the same
 * container in the same condition and the event stream, being connected, has told of nothing. Without the stream
 * everything is inspected anew.
 */
import type { Daemon } from './daemon.ts';
import { doing, orMissing, type Scrub } from './failures.ts';
import { type Detail, type Found, readDetail, readRow } from './found.ts';
import { gate } from './gate.ts';
import { INSTANCE, SERVICE } from './labels.ts';

export interface Roster {
  /** Of one service, or of all; two of one ordinal while it is replaced. */
  list(uuid?: string): Promise<readonly Found[]>;
  /** undefined = gone. */
  inspect(id: string): Promise<(Detail & { readonly found: Found }) | undefined>;
  /** With details; a container that went away meanwhile is left out. */
  detailed(found: readonly Found[]): Promise<readonly (readonly [Found, Detail])[]>;
  /** An event told of this container. */
  changed(id: string): void;
  /** Whether events are being heard. */
  hearing(connected: boolean): void;
}

const asIs: Scrub = (text) => text;
const INSPECTIONS_AT_ONCE = 8;

export function roster(daemon: Daemon, instance: string): Roster {
  const kept = new Map<string, { readonly status: string; readonly detail: Detail }>();
  const inspections = gate(INSPECTIONS_AT_ONCE);
  let hears = false;

  async function detailOf(found: Found): Promise<Detail | undefined> {
    const known = kept.get(found.id);
    if (known?.status === found.status) return known.detail;
    const info = await doing('inspecting a container', asIs, () =>
      inspections(() => orMissing(() => daemon.quick.getContainer(found.id).inspect())),
    );
    if (info === undefined) return undefined;
    const detail = readDetail(info);
    // What changed between the two answers is not kept.
    if (hears && info.State.Status === found.phase) kept.set(found.id, { status: found.status, detail });
    return detail;
  }

  return {
    async list(uuid) {
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
    },
    async inspect(id) {
      const info = await doing('inspecting a container', asIs, () =>
        orMissing(() => daemon.quick.getContainer(id).inspect()),
      );
      if (info === undefined) return undefined;
      const row = {
        Id: info.Id,
        Names: [info.Name],
        Labels: info.Config.Labels,
        State: info.State.Status,
        Status:
          info.State.Health === undefined
            ? ''
            : `(${info.State.Health.Status})`.replace('(starting)', '(health: starting)'),
        Ports: [],
      };
      const found = readRow(instance, row);
      return found === undefined ? undefined : { ...readDetail(info), found };
    },
    async detailed(found) {
      const all = await Promise.all(found.map(async (one) => [one, await detailOf(one)] as const));
      return all.flatMap(([one, detail]) => (detail === undefined ? [] : [[one, detail] as const]));
    },
    changed(id) {
      kept.delete(id);
    },
    hearing(connected) {
      hears = connected;
      kept.clear();
    },
  };
}
