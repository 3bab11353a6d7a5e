/**
 * The simulated containers, service by service, kept in the store so that they outlive the server as real ones would.
 * Values that the store holds are written here only.
 */
import type { Definition } from '../../service/definition.ts';
import type { ContainerView, LogLine } from '../../service/engine.ts';
import type { Store } from '../../service/store.ts';

export interface SimContainer {
  readonly id: string;
  readonly ordinal: number;
  readonly revision: number;
  readonly deployment: number;
  readonly ports: ContainerView['ports'];
  state: 'running' | 'stopped';
  exitCode: number | null;
  /** It ended on its own: a policy may bring it back. */
  endedItself: boolean;
  reason: string | null;
  startedAt: number;
  stoppedAt: number | null;
  /** Wall-clock milliseconds at which it will end by itself. */
  exitsAt: number | null;
  exitsWith: number;
  restarts: number;
  logs: LogLine[];
}

export interface Site {
  readonly uuid: string;
  /** As last told by the server; undefined for one that the store alone knows. */
  definition: Definition | undefined;
  containers: SimContainer[];
  /** Containers made so far, for ids that never come back. */
  made: number;
  /** Jobs begun so far: chance for each is its own. */
  jobs: number;
}

export interface Sites {
  get(uuid: string): Site | undefined;
  of(definition: Definition): Site;
  all(): Iterable<Site>;
  /** Durable when it resolves. */
  save(site: Site): Promise<void>;
  remove(site: Site): Promise<void>;
}

export async function loadSites(store: Pick<Store, 'engine' | 'write'>): Promise<Sites> {
  const sites = new Map<string, Site>();
  for (const [uuid, value] of await store.engine()) {
    const kept = structuredClone(value) as Pick<Site, 'containers' | 'made' | 'jobs'>;
    sites.set(uuid, { ...kept, uuid, definition: undefined });
  }
  return {
    get: (uuid) => sites.get(uuid),
    of(definition) {
      const known = sites.get(definition.uuid);
      const site = known ?? { uuid: definition.uuid, definition, containers: [], made: 0, jobs: 0 };
      site.definition = definition;
      sites.set(definition.uuid, site);
      return site;
    },
    all: () => sites.values(),
    save: ({ uuid, containers, made, jobs }) =>
      store.write([{ table: 'engine', key: uuid, put: { containers, made, jobs } }]),
    async remove({ uuid }) {
      sites.delete(uuid);
      await store.write([{ table: 'engine', remove: uuid }]);
    },
  };
}

export function viewOf(name: string, container: SimContainer): ContainerView {
  const { id, ordinal, state, exitCode, revision, deployment, startedAt, stoppedAt, ports, reason } =
    container;
  return {
    id,
    name: `${name}-${ordinal}`,
    ordinal,
    state,
    exitCode,
    revision,
    deployment,
    startedAt,
    stoppedAt,
    ports,
    reason,
  };
}
