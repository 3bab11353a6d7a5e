/**
 * Our own server, asked over its real routes, judged by what the design says of it (oracles S1 to S9).
 */
import { createSimulatedEngine } from '../../src/engine/simulated/engine.ts';
import { createServer, type Server } from '../../src/server/app.ts';
import { createUsers } from '../../src/server/auth/users.ts';
import { decideAction, decideUpdate } from '../../src/server/decide.ts';
import { deriveState } from '../../src/server/derive.ts';
import { DEFAULTS } from '../../src/server/input/fields.ts';
import { newDefinition } from '../../src/server/life/records.ts';
import { memoryStore } from '../../src/server/store/memory.ts';
import type { ServiceState } from '../../src/service/states.ts';
import type { Store } from '../../src/service/store.ts';
import * as truth from '../sim/truth.ts';
import { seededRandom, virtualClock } from '../support/clock.ts';

const HOUR = 3_600_000;
const ALICE = 'ApiKey alice:alice-key-0123456789';
const BOB = 'ApiKey bob:bob-key-0123456789';
const PATH = '/api/v1/service/';

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly json: Record<string, unknown>;
}

interface Ask {
  readonly body?: unknown;
  readonly as?: string;
  readonly key?: string;
}

class Bench {
  readonly clock = virtualClock();
  readonly store: Store = memoryStore();
  readonly wrong: string[] = [];
  #server: Server | undefined;
  #starts = 0;

  /** Milliseconds that each transition takes. */
  async start(ms = 0): Promise<void> {
    const { clock, store } = this;
    const delays = { start: ms, scale: ms, redeploy: ms, stop: ms, terminate: ms };
    this.#server = await createServer({
      engine: createSimulatedEngine({ delays, jitter: 0, clock, store, seed: 1 }),
      store,
      clock,
      random: seededRandom(1 + this.#starts++),
      users: createUsers([
        { name: 'alice', key: 'alice-key-0123456789' },
        { name: 'alice', key: 'alice-reads-0123456789', scope: 'read' },
        { name: 'bob', key: 'bob-key-0123456789' },
      ]),
    });
  }

  async stop(): Promise<void> {
    await this.#server?.close();
  }

  async ask(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, ask: Ask = {}): Promise<Reply> {
    const reply = await this.#server?.inject({
      method,
      url: path,
      headers: {
        ...(ask.as === '' ? {} : { authorization: ask.as ?? ALICE }),
        ...(ask.key === undefined ? {} : { 'idempotency-key': ask.key }),
        'content-type': 'application/json',
      },
      ...(ask.body === undefined ? {} : { payload: JSON.stringify(ask.body) }),
    });
    const text = reply?.payload ?? '';
    return {
      status: reply?.statusCode ?? 0,
      headers: reply?.headers ?? {},
      json: text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {},
    };
  }

  async create(body: Readonly<Record<string, unknown>> = {}, ask: Ask = {}): Promise<string> {
    const reply = await this.ask('POST', PATH, { body: { image: 'nginx', ...body }, ...ask });
    return String(reply.json['uuid']);
  }

  async idle(): Promise<void> {
    if (this.#server !== undefined) await this.clock.runUntil(this.#server.idle());
  }

  async act(uuid: string, verb: string, ask: Ask = {}): Promise<Reply> {
    const reply = await this.ask('POST', `${PATH}${uuid}/${verb}/`, ask);
    await this.idle();
    return reply;
  }

  async names(as = ALICE): Promise<readonly unknown[]> {
    const { json } = await this.ask('GET', `${PATH}?limit=1000`, { as });
    return ((json['objects'] ?? []) as readonly { name: string }[]).map(({ name }) => name);
  }

  expect(oracle: string, what: string, got: unknown, wanted: unknown): void {
    const [one, other] = [JSON.stringify(got), JSON.stringify(wanted)];
    if (one !== other) this.wrong.push(`${oracle}: ${what}: ${one}, not ${other}`);
  }
}

const on = (work: (bench: Bench) => Promise<void>) => async () => {
  const bench = new Bench();
  await bench.start();
  await work(bench);
  await bench.stop();
  return bench.wrong;
};

const definition = (image = 'nginx:1') =>
  newDefinition({
    uuid: 'u',
    user: 'alice',
    name: 'web',
    uniqueName: 'web',
    spec: { ...DEFAULTS, image },
    image: null,
    redeployToken: null,
    keyedBody: null,
    at: 0,
  });

export const AT_SERVER: Readonly<Record<string, () => Promise<readonly string[]>>> = {
  /** S1: the state table, held against the one of the simulation, which was typed by hand. */
  states: on(async (bench) => {
    for (const profile of ['ours', 'reference'] as const)
      for (const state of truth.STATES as readonly ServiceState[])
        for (const verb of ['start', 'stop', 'redeploy', 'terminate'] as const) {
          const verdict = decideAction(verb, definition(), state, () => profile === 'ours', {
            reuseVolumes: true,
          });
          const wanted = truth.isAllowed(profile, state, verb) ? 'change' : 'wrong-state';
          bench.expect('S1', `${verb} in ${state} (${profile})`, verdict.kind, wanted);
        }
  }),
  /** S1: what containers show. */
  derived: on(async (bench) => {
    const of = (...states: ('running' | 'stopped')[]) => states.map((state) => ({ state }));
    const cases = [
      [2, of('running', 'running'), 'Running'],
      [2, of('running'), 'Partly running'],
      [2, of('running', 'stopped'), 'Partly running'],
      [2, of('stopped', 'stopped'), 'Stopped'],
      [1, of('running', 'running'), 'Partly running'],
      [0, [], 'Not running'],
    ] as const;
    for (const [target, containers, wanted] of cases)
      bench.expect('S1', `${target} wished`, deriveState(target, containers, undefined, true), wanted);
    bench.expect('S1', 'never deployed', deriveState(2, [], undefined, false), 'Init');
  }),
  /** S2: one key is one service, whatever happens in between. */
  keys: on(async (bench) => {
    const body = { image: 'nginx', name: 'web' };
    const create = (over: Ask = {}) => bench.ask('POST', PATH, { body, key: 'k1', ...over });
    const [one, two] = await Promise.all([create(), create()]);
    bench.expect('S2', 'two at once', two.json['uuid'], one.json['uuid']);
    await bench.stop();
    await bench.start();
    bench.expect('S2', 'after a restart', (await create()).json['uuid'], one.json['uuid']);
    bench.expect('S2', 'another body', (await create({ body: { ...body, name: 'x' } })).status, 409);
    const other = await create({ as: BOB });
    bench.expect('S2', "another user's key is another", other.json['uuid'] === one.json['uuid'], false);
    bench.expect('S2', 'another key', (await create({ key: 'k2' })).json['uuid'] === one.json['uuid'], false);
    await bench.ask('DELETE', `${PATH}${one.json['uuid']}/`);
    await bench.idle();
    await bench.clock.advance(20 * HOUR);
    await bench.create();
    await bench.clock.advance(HOUR);
    await bench.create();
    const again = await create();
    bench.expect('S2', 'a day is not over', again.json['uuid'], one.json['uuid']);
    bench.expect('S2', 'what is repeated was made then', again.headers['idempotency-replayed'], 'true');
  }),
  /** S3: pages that together are the list, and filters that mean something. */
  list: on(async (bench) => {
    for (let index = 0; index < 60; index++) await bench.create({ name: `s${index}` });
    const uuids: unknown[] = [];
    let path: string | null = PATH;
    for (let pages = 0; path !== null && pages < 10; pages++) {
      const { json }: Reply = await bench.ask('GET', path);
      const meta = json['meta'] as { next: string | null; total_count: number };
      bench.expect('S3', 'total_count', meta.total_count, 60);
      uuids.push(...(json['objects'] as { uuid: string }[]).map(({ uuid }) => uuid));
      path = meta.next;
    }
    bench.expect('S3', 'services on all pages', [uuids.length, new Set(uuids).size], [60, 60]);
    bench.expect('S3', 'an unknown filter', (await bench.ask('GET', `${PATH}?nam=s1`)).status, 400);
    const { json } = await bench.ask('GET', `${PATH}?name=s1`);
    bench.expect('S3', 'a filter', (json['objects'] as unknown[]).length, 1);
  }),
  /** S4: what a PATCH takes and where it leads. */
  patch: on(async (bench) => {
    const uuid = await bench.create({ name: 'web', target_num_containers: 2 });
    await bench.act(uuid, 'start');
    const patch = async (body: unknown) => {
      const { status, json } = await bench.ask('PATCH', `${PATH}${uuid}/`, { body });
      await bench.idle();
      return [status, json['state']];
    };
    bench.expect('S4', 'null is not 0', (await patch({ target_num_containers: null }))[0], 400);
    bench.expect('S4', 'a typo', (await patch({ target_num_container: 3 }))[0], 400);
    bench.expect('S4', 'nothing', await patch({}), [202, 'Running']);
    bench.expect('S4', 'the same', await patch({ target_num_containers: 2 }), [202, 'Running']);
    bench.expect('S4', 'the target', await patch({ target_num_containers: 3 }), [202, 'Scaling']);
    bench.expect('S4', 'an image', await patch({ image: 'nginx:2' }), [202, 'Redeploying']);
    bench.expect('S4', 'a policy', await patch({ autorestart: 'ALWAYS' }), [202, 'Running']);
    await bench.act(uuid, 'stop');
    bench.expect('S4', 'when stopped', await patch({ target_num_containers: 1 }), [202, 'Stopped']);
    for (const state of truth.STATES as readonly ServiceState[]) {
      const { kind } = decideUpdate(definition(), state, { spec: { target_num_containers: 9 } }, () => true);
      const taken = truth.isAllowed('ours', state, 'update');
      bench.expect('S4', `PATCH in ${state}`, kind, taken ? 'change' : 'wrong-state');
    }
  }),
  /** S5: what is gone is shown for an hour, and then not. */
  tombstones: on(async (bench) => {
    const uuid = await bench.create({ name: 'web' });
    await bench.ask('DELETE', `${PATH}${uuid}/`);
    await bench.idle();
    await bench.clock.advance(0.9 * HOUR);
    bench.expect('S5', 'after 54 minutes', await bench.names(), ['web']);
    const { json } = await bench.ask('GET', `${PATH}${uuid}/`);
    bench.expect('S5', 'its state', json['state'], 'Terminated');
    bench.expect('S5', 'to act on it', (await bench.act(uuid, 'start')).status, 400);
    await bench.clock.advance(0.2 * HOUR);
    bench.expect('S5', 'after 66 minutes', await bench.names(), []);
  }),
  /** S6: who may see and do what. */
  users: on(async (bench) => {
    const uuid = await bench.create({ name: 'web' });
    const as = async (who: string) => (await bench.ask('GET', `${PATH}${uuid}/`, { as: who })).status;
    bench.expect('S6', 'nobody', await as(''), 401);
    bench.expect('S6', 'a wrong key', await as('ApiKey alice:alice-key-012345678x'), 401);
    bench.expect('S6', 'a part of the key', await as('ApiKey alice:alice-key'), 401);
    bench.expect('S6', 'an empty key', await as('ApiKey alice:'), 401);
    bench.expect('S6', 'an unknown user', await as('ApiKey mallory:'), 401);
    bench.expect('S6', 'another user', await as(BOB), 404);
    bench.expect('S6', "another user's list", await bench.names(BOB), []);
    const body = { image: 'nginx' };
    const reader = await bench.ask('POST', PATH, { body, as: 'ApiKey alice:alice-reads-0123456789' });
    bench.expect('S6', 'a key that reads', reader.status, 403);
    for (let guesses = 0; guesses < 20; guesses++) await as('ApiKey alice:guess');
    bench.expect('S6', 'a guess too many', await as('ApiKey alice:guess'), 429);
    bench.expect('S6', 'the right key after guesses', await as(ALICE), 200);
  }),
  /** S7: what was accepted is carried out, also by the next process. */
  restart: async () => {
    const bench = new Bench();
    await bench.start(1_000);
    const uuid = await bench.create({ name: 'web', target_num_containers: 2 });
    const { json } = await bench.ask('POST', `${PATH}${uuid}/start/`);
    bench.expect('S7', 'the reply to start', json['state'], 'Starting');
    await bench.stop();
    await bench.start(1_000);
    await bench.idle();
    const { json: then } = await bench.ask('GET', `${PATH}${uuid}/`);
    bench.expect('S7', 'after a restart', then['state'], 'Running');
    await bench.stop();
    return bench.wrong;
  },
  /** S8: of two requests at once the second meets what the first one did. */
  race: async () => {
    const bench = new Bench();
    await bench.start(1_000);
    const uuid = await bench.create({ name: 'web' });
    const start = () => bench.ask('POST', `${PATH}${uuid}/start/`);
    const [one, two] = await Promise.all([start(), start()]);
    bench.expect('S8', 'two starts at once', [one.status, two.status].sort(), [202, 400]);
    bench.expect('S8', 'while it starts', (await bench.ask('DELETE', `${PATH}${uuid}/`)).status, 400);
    await bench.idle();
    await bench.stop();
    return bench.wrong;
  },
  /** S9: links to what is gone are gone. */
  links: on(async (bench) => {
    const db = await bench.create({ name: 'db' });
    const linked_to_service = [{ to_service: `${PATH}${db}/`, name: 'db' }];
    const web = await bench.create({ name: 'web', linked_to_service });
    const links = async () => (await bench.ask('GET', `${PATH}${web}/`)).json['linked_to_service'];
    bench.expect('S9', 'links', ((await links()) as unknown[]).length, 1);
    await bench.ask('DELETE', `${PATH}${db}/`);
    await bench.idle();
    bench.expect('S9', 'links to what is gone', await links(), []);
    const stored = await bench.store.definition(web);
    bench.expect('S9', 'stored links', stored?.spec.linked_to_service, []);
  }),
  /** S2: a token travels with the definition and is told. */
  tokens: on(async (bench) => {
    const uuid = await bench.create({ name: 'web', redeploy_token: 'a' });
    await bench.act(uuid, 'start');
    const token = async () => (await bench.ask('GET', `${PATH}${uuid}/`)).json['redeploy_token'];
    bench.expect('S4', 'the token of a create', await token(), 'a');
    await bench.act(uuid, 'redeploy', { body: { token: 'b' } });
    bench.expect('S4', 'the token of a redeploy', await token(), 'b');
    await bench.act(uuid, 'redeploy');
    bench.expect('S4', 'a redeploy without one', await token(), 'b');
    const { json } = await bench.ask('PATCH', `${PATH}${uuid}/`, { body: { redeploy_token: 'c' } });
    bench.expect('S4', 'a token alone', [json['state'], json['redeploy_token']], ['Running', 'c']);
  }),
};
