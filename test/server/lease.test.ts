/** Several servers on one store: who carries an operation out, and who takes it over. */
import { afterEach, describe, expect, it } from 'vitest';
import { createSimulatedEngine } from '../../src/engine/simulated/engine.ts';
import { INSTANT } from '../../src/engine/simulated/options.ts';
import type { Engine } from '../../src/service/engine.ts';
import type { Store } from '../../src/service/store.ts';
import { flush, type VirtualClock, virtualClock } from '../support/clock.ts';
import { call, createOne, getOne, servicePath, startServer, type TestServer } from '../support/server.ts';
import { sharedStore } from '../support/shared-store.ts';

const servers: TestServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

/** Servers on one store and one engine, which counts whose jobs it runs. */
function world() {
  const clock: VirtualClock = virtualClock();
  const store = sharedStore();
  const engine = createSimulatedEngine({ ...INSTANT, clock, store, seed: 1 });
  const started = engine.start([]);
  const ran: string[] = [];
  let frozen: Promise<void> | undefined;
  return {
    clock,
    store,
    ran,
    /** Jobs that begin from now on do not end until the returned function is called. */
    freeze() {
      let release = (): void => undefined;
      frozen = new Promise((resolve) => (release = resolve));
      return release;
    },
    thaw: () => (frozen = undefined),
    async server(name: string, own: Store = store): Promise<TestServer> {
      await started;
      const mine: Engine = {
        ...engine,
        start: async () => [],
        close: async () => {},
        async run(job, signal) {
          ran.push(`${name} ${job.verb}`);
          const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
          await (frozen === undefined ? undefined : Promise.race([frozen, aborted]));
          return engine.run(job, signal);
        },
      };
      const server = await startServer({ engine: mine, store: own, clock });
      servers.push(server);
      return server;
    },
  };
}

/** The same store, whose owner gives no sign of life any more once `dead` says so. */
function mortal(store: Store, dead: () => boolean): Store {
  const { servers: signs } = store;
  if (signs === undefined) throw new Error('a store of one server');
  return {
    ...store,
    servers: { ...signs, beat: async (server) => void (dead() || (await signs.beat(server))) },
  };
}

const begin = async (server: TestServer) => {
  const made = await createOne(server.url, { name: 'web' });
  await call(server.url, 'POST', servicePath(made.uuid, 'start/'));
  await flush();
  return made.uuid;
};

describe('two servers on one store', () => {
  it('each carry out what they accepted, and leave the other’s alone as long as it lives', async () => {
    const w = world();
    const [one, two] = [await w.server('one'), await w.server('two')];
    const release = w.freeze();
    const uuid = await begin(one);
    await w.clock.advance(120_000);
    expect(w.ran).toEqual(['one start']);
    expect((await getOne(two.url, uuid)).state).toBe('Starting');
    release();
    await w.clock.advance(1_000);
    expect((await getOne(two.url, uuid)).state).toBe('Running');
    expect(w.ran).toEqual(['one start']);
  });

  it('take over what a dead one left, one of them and once, and the dead one changes nothing when it wakes', async () => {
    const w = world();
    let dead = false;
    const one = await w.server(
      'one',
      mortal(w.store, () => dead),
    );
    await w.server('two');
    await w.server('three');
    const release = w.freeze();
    const uuid = await begin(one);
    await w.clock.advance(10_000);
    dead = true;
    w.thaw();
    await w.clock.advance(10_000);
    expect(w.ran).toEqual(['one start']);
    await w.clock.advance(20_000);
    expect(w.ran).toHaveLength(2);
    expect(w.ran[1]).toMatch(/^(?:two|three) start$/);
    const settled = await w.store.definition(uuid);
    expect(settled).toMatchObject({ operation: null, note: null });
    release();
    await w.clock.advance(60_000);
    expect(await w.store.definition(uuid)).toEqual(settled);
    expect(w.ran).toHaveLength(2);
  });

  it('go on at once with what one left that ended in good order', async () => {
    const w = world();
    const one = await w.server('one');
    const two = await w.server('two');
    w.freeze();
    const uuid = await begin(one);
    w.thaw();
    await one.close();
    servers.shift();
    await w.clock.advance(4_000);
    expect(w.ran).toEqual(['one start', 'two start']);
    expect((await getOne(two.url, uuid)).state).toBe('Running');
  });

  it('do not count the time in which they could not see the store', async () => {
    const w = world();
    let away = false;
    const signs = w.store.servers;
    if (signs === undefined) throw new Error('a store of one server');
    const blind = {
      ...w.store,
      servers: { ...signs, signs: async () => (away ? Promise.reject(new Error('away')) : signs.signs()) },
    };
    let dead = false;
    const one = await w.server(
      'one',
      mortal(w.store, () => dead),
    );
    await w.server('two', blind);
    w.freeze();
    await begin(one);
    await w.clock.advance(6_000);
    dead = away = true;
    await w.clock.advance(60_000);
    away = dead = false;
    await w.clock.advance(9_000);
    expect(w.ran).toEqual(['one start']);
  });

  it('carry out what was stored although the store’s answer was lost', async () => {
    const w = world();
    let lose = false;
    const store: Store = {
      ...w.store,
      async write(changes) {
        await w.store.write(changes);
        if (lose) throw new Error('the answer was lost');
      },
    };
    const one = await w.server('one', store);
    const made = await createOne(one.url, { name: 'web' });
    lose = true;
    expect((await call(one.url, 'POST', servicePath(made.uuid, 'start/'))).status).toBe(500);
    lose = false;
    await w.clock.advance(4_000);
    expect((await getOne(one.url, made.uuid)).state).toBe('Running');
  });
});
