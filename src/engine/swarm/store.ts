/**
 * The server's memory in the swarm (design §10): definitions, tombstones and action records. Nothing is lost with a
 * node, the server may be started on any manager, and two servers see the same.
 *
 * There are no transactions: a crash leaves the first few changes of a write, in the order given.
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

const ATTEMPTS = 5;

interface ServerRecord {
  readonly uuid: string;
}

/** `daemon` is asked at each call: it is connected when the engine is started. */
export function swarmStore(daemon: () => Promise<Daemon>, instance: string): Store {
  const tables = async () => {
    const connected = await daemon();
    return {
      definitions: records(connected, instance, 'definition', (stored) => stored as Definition),
      actions: records(connected, instance, 'action', (stored) => stored as ActionRecord),
      servers: records(connected, instance, 'server', (stored) => stored as ServerRecord),
    };
  };

  /** What was read last and not written since, so that a write need not read it again. */
  const seen = {
    definitions: new Map<string, Stored<Definition>>(),
    actions: new Map<string, Stored<ActionRecord>>(),
  };

  async function readDefinition(uuid: string): Promise<Definition | undefined> {
    const found = await (await tables()).definitions.get(uuid);
    if (found === undefined || found.record.destroyedAt !== null) seen.definitions.delete(uuid);
    else seen.definitions.set(uuid, found);
    return found?.record;
  }

  /** Those under way: they are read to be ended. */
  async function readAction(uuid: string): Promise<ActionRecord | undefined> {
    const found = await (await tables()).actions.get(uuid);
    if (found?.record.endedAt === null) seen.actions.set(uuid, found);
    return found?.record;
  }

  async function putDefinition(definition: Definition): Promise<void> {
    const { definitions } = await tables();
    const { uuid, version } = definition;
    if (version === 1) {
      if (!(await definitions.add(uuid, definition)))
        throw new StoreConflict(`definition ${uuid} is there already`);
      return;
    }
    // What a decision was read from, as a rule. A record of that version in another version of the config cannot be.
    const read = seen.definitions.get(uuid);
    seen.definitions.delete(uuid);
    const before = read?.record.version === version - 1 ? read : await definitions.get(uuid);
    if (before?.record.version !== version - 1) {
      throw new StoreConflict(`definition ${uuid} is not at version ${version - 1} any more`);
    }
    if (!(await definitions.replace(uuid, before, definition))) {
      throw new StoreConflict(`definition ${uuid} was changed meanwhile`);
    }
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

  async function apply(change: Change): Promise<void> {
    const { definitions, actions } = await tables();
    switch (change.table) {
      case 'definitions':
        return 'put' in change ? putDefinition(change.put) : definitions.remove(change.remove);
      case 'actions':
        return 'put' in change ? putAction(change.put) : actions.remove(change.remove);
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
  const recordsOf = <T>(all: readonly Stored<T>[]) => all.map(({ record }) => record);

  return guarded({
    servers,
    definitions: async () => recordsOf(await (await tables()).definitions.all()),
    definition: readDefinition,
    actions: async () => recordsOf(await (await tables()).actions.all()),
    action: readAction,
    engine: async () => new Map(),
    async write(changes) {
      for (const change of changes) await apply(change);
    },
    close: async () => {},
  });
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
