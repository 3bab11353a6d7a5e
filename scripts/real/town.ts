/**
 * The two servers that all scenarios share, each scenario as a user of its own, and the truth about each: what there is,
 * who made it, what was carried out for whom. The truth is the server's record, never what the program says.
 */
import { systemClock } from '../../src/cli/system.ts';
import { createSimulatedEngine, type SimulatedEngine } from '../../src/engine/simulated/engine.ts';
import { createServer, type Server } from '../../src/server/app.ts';
import { stateOf } from '../../src/server/derive.ts';
import type { ObservedRequest } from '../../src/server/observe.ts';
import { memoryStore } from '../../src/server/store/memory.ts';
import type { Definition } from '../../src/service/definition.ts';
import type { Store } from '../../src/service/store.ts';
import type { Known } from '../../test/sim/server.ts';
import * as truth from '../../test/sim/truth.ts';
import { seededRandom } from '../../test/support/clock.ts';

/** Milliseconds of a transition of one container: short, and long enough to be seen. */
const DELAYS = { start: 120, scale: 120, redeploy: 160, stop: 80, terminate: 80 };

export const keyOf = (user: string) => `canary-key-${user}-0815`;

interface Hall {
  readonly server: Server;
  readonly store: Store;
  readonly engine: SimulatedEngine;
  readonly port: number;
}

export class Town {
  readonly #halls: Readonly<Record<truth.Profile, Hall>>;
  readonly #houses = new Map<string, House>();

  private constructor(halls: Readonly<Record<truth.Profile, Hall>>, houses: Map<string, House>) {
    this.#halls = halls;
    this.#houses = houses;
  }

  static async open(seed: number): Promise<Town> {
    const houses = new Map<string, House>();
    const open = (profile: truth.Profile) =>
      openHall(profile, seed, (request) => houses.get(request.user ?? '')?.observe(request));
    return new Town({ ours: await open('ours'), reference: await open('reference') }, houses);
  }

  house(user: string, profile: truth.Profile): House {
    const house = new House(user, profile, this.#halls[profile]);
    this.#houses.set(user, house);
    return house;
  }

  async close(): Promise<void> {
    for (const { server } of Object.values(this.#halls)) await server.close();
  }
}

async function openHall(
  profile: truth.Profile,
  seed: number,
  observe: (request: ObservedRequest) => void,
): Promise<Hall> {
  const store = memoryStore();
  const engine = createSimulatedEngine({ delays: DELAYS, clock: systemClock, store, seed });
  const server = await createServer({
    engine,
    store,
    clock: systemClock,
    random: seededRandom(seed * 2 + (profile === 'ours' ? 0 : 1)),
    users: { check: (user, key) => (key === keyOf(user) ? { user, scope: 'write' } : undefined) },
    observe,
    options: { profile: profile === 'ours' ? 'extended' : 'reference' },
  });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  return { server, store, engine, port: Number(new URL(url).port) };
}

export class House {
  readonly user: string;
  readonly profile: truth.Profile;
  readonly hall: Hall;
  readonly requests: ObservedRequest[] = [];
  readonly violations: string[] = [];
  /** Who made what, whatever its mark says; what the program makes is added as it comes. */
  readonly creators = new Map<string, Known['creator']>();
  readonly #madeByProgram = new Set<string>();
  /** Shown to the program as a state that nobody knows. */
  readonly odd = new Set<string>();
  /** Until these are called, some services stay in their moving states. */
  readonly held: (() => void)[] = [];
  #checks: Promise<void> = Promise.resolve();

  constructor(user: string, profile: truth.Profile, hall: Hall) {
    this.user = user;
    this.profile = profile;
    this.hall = hall;
  }

  fail(text: string): void {
    this.violations.push(text);
  }

  observe(request: ObservedRequest): void {
    this.requests.push(request);
    if (!isProgram(request) || !request.committed || request.uuid === undefined) return;
    const { uuid, name, verb } = request;
    if (verb === 'create') {
      if (!this.creators.has(uuid)) this.#madeByProgram.add(uuid);
      this.creators.set(uuid, 'us');
      this.#checks = this.#checks.then(() => this.#noDuplicate(name ?? ''));
    } else if (this.creators.get(uuid) === 'another') {
      this.fail(`O2: ${verb} of ${name} ${uuid}, which is not ours`);
    }
  }

  async #noDuplicate(name: string): Promise<void> {
    const ours = (await this.definitions()).filter(
      (one) => one.name === name && isLive(one) && this.creators.get(one.uuid) === 'us',
    );
    if (ours.length > 1 && ours.some((one) => this.#madeByProgram.has(one.uuid)))
      this.fail(`O3: ${ours.length} live services of ours named ${name}`);
  }

  async definitions(): Promise<readonly Definition[]> {
    return (await this.hall.store.definitions()).filter((one) => one.user === this.user);
  }

  /** Everything there is and was, in the words of the simulation's judges. */
  async known(): Promise<readonly Known[]> {
    await this.#checks;
    const definitions = await this.definitions();
    const views = await this.hall.engine.inspect(definitions.filter((one) => one.destroyedAt === null));
    if (!views.ok) throw new Error(views.failure.message);
    return definitions.map((one): Known => {
      const state = this.odd.has(one.uuid) ? 'Hibernating' : stateOf(one, views.value.get(one.uuid) ?? []);
      const { image, target_num_containers } = one.spec;
      const service: truth.Service = {
        uuid: one.uuid,
        name: one.name,
        state,
        spec: { image, target_num_containers },
        token: one.redeployToken,
        deployedAt: one.deployedAt,
        destroyedAt: one.destroyedAt,
      };
      const touches = this.requests.filter(
        (request) => request.uuid === one.uuid && request.committed && isProgram(request),
      );
      const versions: Known['versions'] = [
        { at: 0, by: 'world', service },
        ...touches.map(({ arrivedAt }) => ({ at: arrivedAt, by: 'us' as const, service })),
      ];
      return {
        uuid: one.uuid,
        name: one.name,
        creator: this.creators.get(one.uuid) ?? 'another',
        versions,
        moves: 0,
      };
    });
  }

  /** Past every proxy, and not as the program. Throws on a refusal. */
  async ask(method: string, path: string, body?: object): Promise<{ readonly text: string; uuid: string }> {
    const response = await fetch(`http://127.0.0.1:${this.hall.port}/api/v1/service/${path}`, {
      method,
      headers: {
        authorization: `ApiKey ${this.user}:${keyOf(this.user)}`,
        'user-agent': 'the world',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return { text, uuid: String((JSON.parse(text) as { uuid?: unknown }).uuid) };
  }

  async stateOf(uuid: string): Promise<string> {
    return (await this.known()).find((one) => one.uuid === uuid)?.versions[0]?.service.state ?? 'absent';
  }

  async until(uuid: string, states: readonly string[]): Promise<void> {
    for (let tries = 0; !states.includes(await this.stateOf(uuid)); tries++) {
      if (tries > 3_000) throw new Error(`${uuid} stays ${await this.stateOf(uuid)}`);
      await systemClock.sleep(10);
    }
  }

  /** Nothing moves any more. */
  async atRest(): Promise<void> {
    for (const release of this.held.splice(0)) release();
    const moves = async () =>
      (await this.known()).some(({ versions }) => truth.MOVING.includes(versions[0]?.service.state ?? ''));
    for (let tries = 0; (await moves()) && tries < 1_000; tries++) await systemClock.sleep(20);
  }
}

export const isProgram = ({ userAgent }: Pick<ObservedRequest, 'userAgent'>) =>
  userAgent.startsWith('evenkeel/');

const isLive = ({ destroyedAt, operation }: Definition) =>
  destroyedAt === null && operation?.verb !== 'terminate';
