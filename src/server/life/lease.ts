/**
 * Several servers on one store: each operation is carried out by the server that accepted it, and by another one only
 * when that one is gone (design §10).
 *
 * A server gives signs of life while it carries something out, the first before the operation is stored. Whoever sees
 * no new one for a while takes over what it left, by a write that only one of them can make. Nobody compares clocks: the
 * waiting is measured by the one who waits, and begins anew when it could not see the store itself.
 */
import type { Definition, Operation } from '../../service/definition.ts';
import { type Servers, StoreConflict } from '../../service/store.ts';
import type { World } from '../types.ts';
import type { Jobs } from './jobs.ts';
import type { Locks } from './locks.ts';

const BEAT_MS = 3_000;
const LOOK_MS = 3_000;
/** Without a sign of life. A leader's election and a busy machine take less. */
const DEAD_MS = 15_000;
const GRACE_MS = 3_000;

export interface Lease {
  /** To be awaited before an operation of this server is stored. Rejects when nothing can be stored. */
  prove(): Promise<void>;
  /** Takes up what is nobody's, and goes on doing so. */
  begin(unfinished: readonly Definition[]): Promise<void>;
  close(): Promise<void>;
}

/** A store that no other server can have open. */
export function alone(jobs: Jobs): Lease {
  return {
    prove: async () => {},
    async begin(unfinished) {
      for (const definition of unfinished) jobs.start(definition);
    },
    close: async () => {},
  };
}

export function shared(world: World, locks: Locks, jobs: Jobs, server: string, servers: Servers): Lease {
  const { clock, store, log } = world;
  const ending = new AbortController();
  const loops: Promise<void>[] = [];
  let provedAt: number | undefined;
  /** What each other server's last sign was, and since when it has been that. */
  let seen = new Map<string, { readonly sign: number; readonly since: number }>();

  async function prove(): Promise<void> {
    const now = clock.monotonic();
    if (provedAt !== undefined && now - provedAt < BEAT_MS) return;
    await servers.beat(server);
    provedAt = now;
  }

  async function every(ms: number, task: () => Promise<void>): Promise<void> {
    while (!ending.signal.aborted) {
      await clock.sleep(ms, ending.signal);
      if (ending.signal.aborted) return;
      await task().catch((error: unknown) => {
        if (error instanceof StoreConflict) return;
        seen = new Map();
        log('warn', 'the other servers cannot be seen', { error: String(error) });
      });
    }
  }

  /** Servers that carry out one of these and are gone. */
  async function gone(holders: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    const signs = await servers.signs();
    const now = clock.monotonic();
    const next: typeof seen = new Map();
    const dead = new Set<string>();
    for (const holder of holders) {
      const sign = signs.get(holder);
      const before = seen.get(holder);
      if (sign === undefined) dead.add(holder);
      else if (before?.sign !== sign) next.set(holder, { sign, since: now });
      else {
        next.set(holder, before);
        if (now - before.since >= DEAD_MS) dead.add(holder);
      }
    }
    seen = next;
    return dead;
  }

  async function look(unfinished: readonly Definition[]): Promise<void> {
    // One of ours that no job is at: its acceptance was stored, and the store's answer was lost.
    for (const definition of unfinished)
      if (definition.operation?.server === server && !jobs.has(definition.operation.action))
        await locks.run(definition.uuid, () => resume(definition));
    const others = unfinished.filter(({ operation }) => operation?.server !== server);
    if (others.length === 0) return;
    const dead = await gone(new Set(others.flatMap(({ operation }) => operation?.server ?? [])));
    for (const definition of others) {
      if (dead.has(definition.operation?.server ?? ''))
        await locks.run(definition.uuid, () => takeOver(definition.uuid, definition.operation));
    }
    for (const holder of dead) await servers.leave(holder);
  }

  async function resume({ uuid, operation }: Definition): Promise<void> {
    const now = await store.definition(uuid);
    const is = now?.operation;
    if (
      now !== undefined &&
      is?.action === operation?.action &&
      is?.server === server &&
      !jobs.has(is.action)
    )
      jobs.start(now);
  }

  async function takeOver(uuid: string, operation: Operation | null): Promise<void> {
    const now = await store.definition(uuid);
    if (now === undefined || operation === null || now.operation?.action !== operation.action) return;
    if (now.operation.server !== operation.server) return;
    await prove();
    const mine = { ...now, operation: { ...operation, server }, version: now.version + 1 };
    try {
      await store.write([{ table: 'definitions', put: mine }]);
    } catch (error) {
      if (error instanceof StoreConflict) return;
      throw error;
    }
    log('info', `${operation.verb} of ${now.name} is taken over`, { service: uuid, from: operation.server });
    jobs.start(mine);
  }

  const isUnfinished = ({ operation, destroyedAt }: Definition) => operation !== null && destroyedAt === null;

  return {
    prove,
    async begin(unfinished) {
      await look(unfinished);
      loops.push(every(LOOK_MS, async () => look((await store.definitions()).filter(isUnfinished))));
      loops.push(every(BEAT_MS, async () => (jobs.busy() ? prove() : undefined)));
    },
    async close() {
      ending.abort();
      // What it leaves is anybody's at once. A store that says nothing keeps nobody from ending.
      const leave = async () => {
        await Promise.all(loops);
        if (provedAt !== undefined) await servers.leave(server);
      };
      const enough = new AbortController();
      await Promise.race([leave().catch(() => undefined), clock.sleep(GRACE_MS, enough.signal)]);
      enough.abort();
    },
  };
}
