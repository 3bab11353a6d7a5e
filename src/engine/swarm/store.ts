/**
 * The server's memory in the swarm (design §10): definitions, tombstones and action records. Nothing is lost with a
 * node, the server may be started on any manager, and two servers see the same.
 *
 * There are no transactions: a crash leaves the first few changes of a write, in the order given. But a definition and
 * the record of the action that changed it are one object of the swarm: each write there waits for most managers' disks.
 */
import type { ActionRecord, Definition } from '../../service/definition.ts';
import {
  type Change,
  type Servers,
  type Store,
  StoreConflict,
  StoreUnavailable,
} from '../../service/store.ts';
import type { Daemon } from '../docker/daemon.ts';
import { Failed } from '../docker/failures.ts';
import { records, type Stored } from './records.ts';
import { shared } from './shared.ts';

const ATTEMPTS = 5;

interface ServerRecord {
  readonly uuid: string;
}

/** What one object of the swarm holds. */
interface Kept {
  readonly definition: Definition;
  /** Its latest action records, the newest last. Older ones are objects of their own. */
  readonly recent: readonly ActionRecord[];
}

/** Two are what a service needs to be made and started; more would be read with every list. */
const MOST_RECENT = 2;
/** Characters. A record of a longer request is read by nobody but who asks for it. */
const LONGEST_BODY = 4_000;

/** `daemon` is asked at each call: it is connected when the engine is started. */
export function swarmStore(daemon: () => Promise<Daemon>, instance: string): Store {
  const tables = async () => {
    const connected = await daemon();
    return {
      definitions: records(connected, instance, 'definition', (stored) => stored as Kept),
      actions: records(connected, instance, 'action', (stored) => stored as ActionRecord),
      servers: records(connected, instance, 'server', (stored) => stored as ServerRecord),
    };
  };

  /** What was read last and not written since, so that a write need not read it again. */
  const seen = {
    definitions: new Map<string, Stored<Kept>>(),
    actions: new Map<string, Stored<ActionRecord>>(),
  };

  async function readDefinition(uuid: string): Promise<Definition | undefined> {
    const found = await (await tables()).definitions.get(uuid);
    const definition = found?.record.definition;
    if (found === undefined || definition?.destroyedAt !== null) seen.definitions.delete(uuid);
    else seen.definitions.set(uuid, found);
    return definition;
  }

  const readKept = shared(async () => recordsOf(await (await tables()).definitions.all()));
  const allKept = () => readKept([]);

  /** Those under way: they are read to be ended. */
  async function readAction(uuid: string): Promise<ActionRecord | undefined> {
    const recent = (await allKept()).flatMap((kept) => kept.recent).find((one) => one.uuid === uuid);
    if (recent !== undefined) return recent;
    const found = await (await tables()).actions.get(uuid);
    if (found?.record.endedAt === null) seen.actions.set(uuid, found);
    return found?.record;
  }

  async function readActions(): Promise<readonly ActionRecord[]> {
    const old = recordsOf(await (await tables()).actions.all());
    const recent = (await allKept()).flatMap((kept) => kept.recent);
    return [...new Map([...old, ...recent].map((one) => [one.uuid, one])).values()];
  }

  async function putDefinition(definition: Definition, added: readonly ActionRecord[]): Promise<void> {
    const { definitions } = await tables();
    const { uuid, version } = definition;
    if (version === 1) {
      if (!(await definitions.add(uuid, { definition, recent: added.filter(fits) })))
        throw new StoreConflict(`definition ${uuid} is there already`);
      for (const one of added) if (!fits(one)) await putAction(one);
      return;
    }
    // What a decision was read from, as a rule. A record of that version in another version of the config cannot be.
    const read = seen.definitions.get(uuid);
    seen.definitions.delete(uuid);
    const before = read?.record.definition.version === version - 1 ? read : await definitions.get(uuid);
    if (before?.record.definition.version !== version - 1) {
      throw new StoreConflict(`definition ${uuid} is not at version ${version - 1} any more`);
    }
    const wasRecent = ({ uuid }: ActionRecord) => before.record.recent.some((one) => one.uuid === uuid);
    const all = merged(
      before.record.recent,
      added.filter((one) => fits(one) || wasRecent(one)),
    );
    // First, so that none is lost; found twice, it is the same: only the latest action is still changed.
    for (const old of all.slice(0, -MOST_RECENT)) await putAction(old);
    if (!(await definitions.replace(uuid, before, { definition, recent: all.slice(-MOST_RECENT) }))) {
      throw new StoreConflict(`definition ${uuid} was changed meanwhile`);
    }
    for (const one of added) if (!all.includes(one)) await putAction(one);
  }

  /** Without its definition. */
  async function putLone(action: ActionRecord): Promise<void> {
    const { definitions } = await tables();
    for (const stored of await definitions.all()) {
      const { definition, recent } = stored.record;
      if (!recent.some(({ uuid }) => uuid === action.uuid)) continue;
      const kept = { definition, recent: merged(recent, [action]) };
      if (await definitions.replace(definition.uuid, stored, kept)) return;
      return putLone(action);
    }
    return putAction(action);
  }

  /** The last one wins: a record is written by the server that carries the action out. */
  async function putAction(action: ActionRecord): Promise<void> {
    const { actions } = await tables();
    const read = seen.actions.get(action.uuid);
    seen.actions.delete(action.uuid);
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const before = attempt === 1 ? read : await actions.get(action.uuid);
      const done =
        before === undefined
          ? await actions.add(action.uuid, action)
          : await actions.replace(action.uuid, before, action);
      if (done) return;
    }
    throw new Failed('internal', `action ${action.uuid} is changed by somebody else all the time`);
  }

  async function apply(change: Change, changes: readonly Change[]): Promise<void> {
    const { definitions, actions } = await tables();
    switch (change.table) {
      case 'definitions':
        if ('remove' in change) return definitions.remove(change.remove);
        return putDefinition(change.put, actionsOf(change.put, changes));
      case 'actions':
        return 'put' in change ? putLone(change.put) : actions.remove(change.remove);
      case 'engine':
        // This engine's memory is the swarm.
        return;
    }
  }

  /** The sign is the version that the swarm gives the record with every write. */
  const servers: Servers = {
    async beat(uuid) {
      const table = (await tables()).servers;
      const before = await table.get(uuid);
      if (before === undefined) await table.add(uuid, { uuid });
      else await table.replace(uuid, before, { uuid });
    },
    async signs() {
      const all = await (await tables()).servers.all();
      return new Map(all.map(({ record, version }) => [record.uuid, version]));
    },
    leave: async (uuid) => (await tables()).servers.remove(uuid),
  };
  return guarded({
    servers,
    definitions: async () => (await allKept()).map(({ definition }) => definition),
    definition: readDefinition,
    actions: readActions,
    action: readAction,
    engine: async () => new Map(),
    async write(changes) {
      const withDefinitions = changes.flatMap((one) =>
        one.table === 'definitions' && 'put' in one ? actionsOf(one.put, changes) : [],
      );
      for (const change of changes)
        if (!('put' in change && withDefinitions.includes(change.put as ActionRecord)))
          await apply(change, changes);
    },
    close: async () => {},
  });
}

const recordsOf = <T>(all: readonly Stored<T>[]) => all.map(({ record }) => record);

/** The action records that a write of many changes puts for this service. */
function actionsOf({ uuid }: Definition, changes: readonly Change[]): readonly ActionRecord[] {
  return changes.flatMap((one) =>
    one.table === 'actions' && 'put' in one && one.put.service === uuid ? one.put : [],
  );
}

function fits({ body }: ActionRecord): boolean {
  return body.length <= LONGEST_BODY;
}

function merged(before: readonly ActionRecord[], added: readonly ActionRecord[]): readonly ActionRecord[] {
  return [...before.filter((old) => !added.some(({ uuid }) => uuid === old.uuid)), ...added];
}

/** A swarm that does not answer, or has no leader, in the words of the port. */
function guarded(store: Store): Store {
  const ask = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Failed && error.failure.reason === 'unavailable')
        throw new StoreUnavailable(error.message);
      throw error;
    }
  };
  return {
    ...store,
    definitions: () => ask(store.definitions),
    definition: (uuid) => ask(() => store.definition(uuid)),
    actions: () => ask(store.actions),
    action: (uuid) => ask(() => store.action(uuid)),
    write: (changes) => ask(() => store.write(changes)),
  };
}
