/**
 * The life of services: what is accepted is stored before anybody is told, then carried out, then settled
 * (life/jobs.ts). One operation per service at a time; while it stands, the moving state refuses everything else.
 */
import type { Definition, JobVerb } from '../../service/definition.ts';
import { type Change, StoreConflict } from '../../service/store.ts';
import { withRoleKey } from '../auth/role-keys.ts';
import type { Verdict } from '../decide.ts';
import { stateOf } from '../derive.ts';
import { invalid, notFound, Unavailable, WrongState } from '../http/problem.ts';
import type { Asker, World } from '../types.ts';
import { createJobs } from './jobs.ts';
import { alone, shared } from './lease.ts';
import { dropDeadLinks } from './links.ts';
import { createLocks, type Locks } from './locks.ts';
import { definitionOf, definitionsOf, look, type Seen } from './look.ts';
import { createNames, type Names } from './names.ts';
import { newAction, withAction } from './records.ts';
import { createSweep } from './sweep.ts';

/** Only another server on the same store makes a second attempt necessary. */
const MOST_ATTEMPTS = 5;

/** What is known when a request is decided. */
export interface Moment extends Seen {
  /** All of the user's services, tombstones included. */
  readonly neighbours: readonly Definition[];
}

export interface Outcome {
  /** As it is after the request. */
  readonly seen: Seen;
  /** The action record's uuid; undefined where nothing changed. */
  readonly action: string | undefined;
}

export interface Services {
  readonly world: World;
  readonly locks: Locks;
  readonly names: Names;
  /**
   * Decides about one service at one moment and carries it on. Throws a Problem: 404, 400 (WrongState, validation), 503.
   * `title`: the action's name, in the platform's words.
   */
  accept(
    uuid: string,
    asker: Asker,
    title: string,
    decide: (moment: Moment) => Verdict | Promise<Verdict>,
  ): Promise<Outcome>;
  /** To be called after a service was stored or removed by other means. */
  sweep(): Promise<void>;
  /** Takes up the engine, and what the last run left unfinished. Resolves to the engine's remarks. */
  boot(): Promise<readonly string[]>;
  /** Resolves when no operation is in flight. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

export function createServices(world: World): Services {
  const { clock, engine, log, random, store } = world;
  const locks = createLocks();
  const jobs = createJobs(world, locks);
  const sweep = createSweep(world, locks);
  const server = random.uuid();
  const lease = store.servers === undefined ? alone(jobs) : shared(world, locks, jobs, server, store.servers);

  async function carry(
    verdict: Extract<Verdict, { kind: 'change' }>,
    seen: Seen,
    asker: Asker,
    title: string,
  ) {
    const action = random.uuid();
    const at = clock.wall();
    const operation = verdict.job === undefined ? null : begin(verdict.job, action, at, verdict.reuseVolumes);
    const { definition, forget } = withAction(verdict.definition, action);
    const note = operation === null ? definition.note : null;
    const next: Definition = { ...withRoleKey(definition, random), operation, note };
    const record = newAction(action, next.uuid, title, asker, at, operation === null);
    const changes: readonly Change[] = [
      { table: 'definitions', put: next },
      { table: 'actions', put: record },
      ...forget,
    ];
    if (operation !== null) await lease.prove();
    await store.write(changes);
    if (operation !== null) jobs.start(next, seen.containers);
    if (verdict.settings) await tellSettings(next);
    return { next, action };
  }

  const begin = (verb: JobVerb, action: string, startedAt: number, reuseVolumes: boolean) => ({
    verb,
    action,
    startedAt,
    server,
    reuseVolumes,
  });

  async function tellSettings(definition: Definition): Promise<void> {
    const told = await engine.settings(definition);
    if (!told.ok) log('warn', `${definition.name}: ${told.failure.message}`, { service: definition.uuid });
  }

  async function accept(
    uuid: string,
    asker: Asker,
    title: string,
    decide: (moment: Moment) => Verdict | Promise<Verdict>,
  ): Promise<Outcome> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await locks.run(uuid, () => acceptOnce(uuid, asker, title, decide));
      } catch (error) {
        if (!(error instanceof StoreConflict)) throw error;
        if (attempt === MOST_ATTEMPTS)
          throw new Unavailable('another server changes this service at the same time');
      }
    }
  }

  async function acceptOnce(
    uuid: string,
    asker: Asker,
    title: string,
    decide: (moment: Moment) => Verdict | Promise<Verdict>,
  ): Promise<Outcome> {
    const definition = await definitionOf(uuid, asker.user, world);
    if (definition === undefined) throw notFound();
    const [seen] = await look([definition], world);
    if (seen === undefined) throw new Unavailable('the service could not be looked at');
    const verdict = await decide({ ...seen, neighbours: await definitionsOf(asker.user, world) });
    if (verdict.kind === 'wrong-state') throw new WrongState(verdict.message);
    if (verdict.kind === 'invalid') throw invalid(verdict.fields);
    if (verdict.kind === 'unchanged') return { seen, action: undefined };
    const { next, action } = await carry(verdict, seen, asker, title);
    return { seen: { ...seen, definition: next, state: stateOf(next, seen.containers) }, action };
  }

  return {
    world,
    locks,
    names: createNames(locks),
    accept,
    sweep,
    async boot() {
      const all = await store.definitions();
      const live = all.filter((one) => one.destroyedAt === null);
      const remarks = await engine.start(live);
      await lease.begin(live.filter(({ operation }) => operation !== null));
      await dropDeadLinks(world, locks);
      return remarks;
    },
    idle: () => jobs.idle(),
    async close() {
      await jobs.close();
      await lease.close();
      await engine.close();
    },
  };
}
