/**
 * Builds the server's parts and puts them together, as `compose.ts` does for the client's.
 */
import { dockerEngine } from '../engine/docker/engine.ts';
import { createSimulatedEngine } from '../engine/simulated/engine.ts';
import { swarmParts } from '../engine/swarm/engine.ts';
import { createServer, type Server } from '../server/app.ts';
import { createUsers, type Users } from '../server/auth/users.ts';
import { loadUsers } from '../server/auth/users-file.ts';
import { type FaultFile, loadFaults } from '../server/faults/file.ts';
import { createFaults } from '../server/faults/rules.ts';
import type { AuditEvent } from '../server/observe.ts';
import { openStore } from '../server/store/lmdb.ts';
import { memoryStore } from '../server/store/memory.ts';
import type { Engine } from '../service/engine.ts';
import { UserError } from '../service/failure.ts';
import type { Store } from '../service/store.ts';
import { dockerHost } from './docker-host.ts';
import type { Io } from './io.ts';
import type { SERVER_KEYS } from './keys.ts';
import type { Log } from './log.ts';
import type { Values } from './rows.ts';

type ServerValues = Values<(typeof SERVER_KEYS)[number]>;

/** The user that is made up where no users file is given. */
export interface MadeUpUser {
  readonly user: string;
  readonly key: string;
}

export interface OpenServer {
  readonly origin: string;
  readonly remarks: readonly string[];
  readonly madeUp: MadeUpUser | undefined;
  /** Finishes what is under way; operations go on at the next start. */
  close(): Promise<void>;
}

/** Listens when it resolves. Throws UserError: users, store, faults, engine or address cannot be used. */
export async function openServer(values: ServerValues, io: Io, log: Log): Promise<OpenServer> {
  const madeUp = values.users === undefined ? madeUpUser(values, io) : undefined;
  const users = await usersOf(values, madeUp);
  const faults: FaultFile = values.faults === undefined ? {} : await loadFaults(values.faults);
  const seed = values.seed ?? faults.seed ?? 1;
  const { engine, store } = await partsOf(values, io, faults, seed);
  let server: Server | undefined;
  const close = async () => {
    await server?.close();
    await store.close();
  };
  try {
    server = await createServer({
      engine,
      store,
      users,
      clock: io.clock,
      random: io.random,
      log: (level, message, details) => log.write(level, message, details),
      audit: (event) => log.write('info', 'write', auditFacts(event)),
      faults: createFaults(faults.rules ?? [], seed),
      options: {
        strict: values.strict,
        globalRole:
          values.globalRole === undefined ? null : { url: values.globalRole, scope: values.globalRoleScope },
      },
    });
    return { origin: await listen(server, values), remarks: server.remarks, madeUp, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function madeUpUser({ listen: { host } }: ServerValues, io: Io): MadeUpUser {
  if (!/^(?:127\.\d+\.\d+\.\d+|::1|localhost)$/.test(host))
    throw new UserError(
      'EK803',
      `--listen ${host} can be reached by others, so say who may come in: --users FILE (schemas/users.schema.json)`,
      3,
    );
  return { user: 'evenkeel', key: io.random.uuid() };
}

async function usersOf(values: ServerValues, madeUp: MadeUpUser | undefined): Promise<Users> {
  if (values.users !== undefined) return loadUsers(values.users);
  return createUsers(madeUp === undefined ? [] : [{ name: madeUp.user, key: madeUp.key }]);
}

interface Parts {
  readonly engine: Engine;
  readonly store: Store;
}

async function partsOf(values: ServerValues, io: Io, faults: FaultFile, seed: number): Promise<Parts> {
  const { clock } = io;
  const { publishAddress, pull, instance, registryConfig } = values;
  const ofEngine = async () => ({
    clock,
    pull,
    instance,
    ...(registryConfig === undefined ? {} : { registryConfig }),
    ...(await dockerHost(io)),
  });
  switch (values.engine) {
    case 'simulated': {
      const store = await storeOf(values);
      return { engine: createSimulatedEngine({ ...faults.engine, clock, store, seed }), store };
    }
    case 'docker':
      return {
        engine: dockerEngine({ publishAddress, ...(await ofEngine()) }),
        store: await storeOf(values),
      };
    case 'swarm':
      if (values.store !== undefined)
        throw new UserError(
          'EK802',
          `--store ${values.store}: with --engine swarm the memory of the server is in the swarm itself, where every manager has it; leave --store out`,
          3,
        );
      return swarmParts(await ofEngine());
  }
}

async function storeOf({ store }: ServerValues): Promise<Store> {
  return store === undefined ? memoryStore() : openStore(store);
}

async function listen(server: Server, { listen: at }: ServerValues): Promise<string> {
  try {
    return await server.listen(at);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === '') throw error;
    const why = code === 'EADDRINUSE' ? 'something listens there already' : code;
    throw new UserError('EK806', `--listen ${at.host}:${at.port}: ${why}`);
  }
}

function auditFacts(event: AuditEvent) {
  const { user, ip, userAgent, method, path, service, name, status, committed, action } = event;
  return { user, ip, userAgent, method, path, service, name, status, committed, action };
}
