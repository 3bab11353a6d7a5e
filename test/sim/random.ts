/**
 * Many services, many faults, one seed: a storm over a daemon that is killed and restarted, then calm, in which all must
 * come to be as the manifests say and then stay so.
 *
 * Each run draws its own rates, most of them nought, so that rare meetings become common (swarm testing).
 */
import type { Wish } from '../../src/service/service.ts';
import { wish } from '../support/services.ts';
import { canaryIn, canaryInPlan } from './canaries.ts';
import { chance, pick } from './chance.ts';
import { count, type Finding, outcome, type Tally } from './crash.ts';
import type { Tear } from './disk.ts';
import { expectations } from './expect.ts';
import { FAULTS, fits } from './faults.ts';
import type { Exchange } from './network.ts';
import * as truth from './truth.ts';
import { type Running, World } from './world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** How long the calm may take until all is well, and how long it must then stay so. */
const RECOVERY = 2 * HOUR;
const STABLE = 11 * MINUTE;

export interface RandomNumbers {
  /** Milliseconds of virtual time from the calm to convergence. */
  readonly recovery: number | undefined;
  readonly kills: number;
  readonly faults: number;
  readonly services: number;
  readonly blocked: number;
}

const RATES = [0, 0, 0.01, 0.1, 0.5] as const;

export async function random(seed: number, into: Tally): Promise<RandomNumbers> {
  const storm = new Storm(seed);
  let numbers: RandomNumbers | undefined;
  const wrong = await outcome(async () => {
    numbers = await storm.run();
    return storm.wrong;
  });
  const finding: Finding = { seed: String(seed), text: storm.describe(), wrong };
  count(into, storm.world, finding);
  return numbers ?? { recovery: undefined, kills: 0, faults: 0, services: 0, blocked: 0 };
}

export class Storm {
  readonly seed: number;
  readonly world: World;
  readonly wrong: string[] = [];
  readonly #rate: Readonly<Record<'net' | 'kill' | 'meddle' | 'edit' | 'disk' | 'clock' | 'suspend', number>>;
  /** Which faults this run has at all. */
  readonly #kinds: readonly (typeof FAULTS)[number][];
  #running: Running | undefined;
  #kills = 0;
  #faults = 0;
  #step = 0;

  constructor(seed: number) {
    this.seed = seed;
    const rate = (what: string) => pick(RATES, seed, 'rate', what);
    this.#rate = {
      net: rate('net'),
      kill: rate('clock') === 0 ? rate('kill') : 0,
      meddle: rate('meddle'),
      edit: rate('edit'),
      disk: rate('disk'),
      clock: rate('clock'),
      // Older seeds keep the stories for which they are kept.
      suspend: seed >= 100_000 ? rate('suspend') : 0,
    };
    this.#kinds = FAULTS.filter(({ name }) => name !== '429-huge' && chance(seed, 'kind', name) < 0.4);
    const profile = pick(['ours', 'ours', 'reference'] as const, seed, 'profile');
    this.world = new World({
      seed,
      server: {
        profile,
        pageSize: pick([2, 5, 100], seed, 'page'),
        moveMs: pick([500, 3_000, 30_000], seed, 'move'),
        failing: pick([0, 0, 0.1, 0.4], seed, 'failing'),
        stuck: pick([0, 0, 0.05], seed, 'stuck'),
      },
      pace: {
        rate: pick([2, 10, 50], seed, 'pace'),
        burst: pick([1, 10], seed, 'burst'),
        concurrency: pick([1, 4], seed, 'concurrency'),
      },
      prune: pick(['owned', 'never'] as const, seed, 'prune'),
      graceMs: 10 * MINUTE,
    });
    this.world.network.way = {
      up: ({ number }) => 1 + 200 * chance(seed, 'up', number) ** 4,
      down: ({ number }) => 1 + 200 * chance(seed, 'down', number) ** 4,
    };
    this.#populate();
  }

  describe(): string {
    const rates = Object.entries(this.#rate).map(([what, rate]) => `${what} ${rate}`);
    const { profile, moveMs, failing, stuck } = this.world.server.options;
    const { pace, prune } = this.world.options;
    return `${this.world.wishes.length} services, ${profile}, ${rates.join(' ')}, move ${moveMs}, failing ${failing}, stuck ${stuck}, pace ${pace.rate}/${pace.burst}/${pace.concurrency}, prune ${prune}`;
  }

  // ── the fleet ───────────────────────────────────────────────────────────────────────────────────────────────

  #populate(): void {
    const { seed, world } = this;
    const size = 1 + Math.floor(chance(seed, 'size') ** 2 * 24);
    const wishes: Wish[] = [];
    for (let index = 0; index < size; index++) wishes.push(this.#wish(`s${index}`, index, 0));
    world.wishes = wishes;
    for (const { name } of wishes) {
      const luck = chance(seed, name, 'exists');
      if (luck < 0.4) continue;
      const state = pick(truth.STATES, seed, name, 'state');
      const image = pick(['nginx:1', 'nginx:2'], seed, name, 'image at first');
      const target = pick([1, 2, 5], seed, name, 'target at first');
      const spec = { image, target_num_containers: target };
      // Some of another's carry a mark, of another owner.
      const theirs = luck < 0.43 ? mark(name, 'other') : {};
      if (luck < 0.47) world.server.put(name, 'another', { state, spec: { ...spec, ...theirs } });
      else world.server.put(name, 'us', { state, spec: { ...spec, ...mark(name) } });
      if (luck > 0.96) world.server.put(name, 'us', { state: 'Running', spec: { ...spec, ...mark(name) } });
    }
    for (let index = 0; index < 4; index++) {
      if (chance(seed, 'orphan', index) < 0.3)
        world.server.put(`o${index}`, 'us', { spec: mark(`o${index}`) });
    }
  }

  /** The wish of `name` in its `edition`; it may lean on names before it. */
  #wish(name: string, index: number, edition: number): Wish {
    const luck = (what: string) => chance(this.seed, name, edition, what);
    const { profile } = this.world.server.options;
    const dependsOn = Array.from({ length: index }, (_, other) => `s${other}`).filter(
      (other) => luck(`on ${other}`) < 0.6 / (index + 1),
    );
    const linked = dependsOn.filter((other) => luck(`links ${other}`) < 0.6);
    const spec = {
      image: pick(['nginx:1', 'nginx:2', 'nginx'], this.seed, name, edition, 'image'),
      target_num_containers: pick([1, 2, 2, 5, 0], this.seed, name, edition, 'target'),
      ...(linked.length > 0
        ? { linked_to_service: linked.map((other) => ({ to_service: other, name: other })) }
        : {}),
      ...(luck('env') < 0.3
        ? { container_envvars: [{ key: 'SECRET', value: `canary-${name}-${edition}` }] }
        : {}),
      ...(luck('restart') < 0.2 && profile === 'ours' ? { autorestart: 'ALWAYS' as const } : {}),
    };
    return wish(name, {
      want: luck('want') < 0.15 ? 'stopped' : 'running',
      spec,
      dependsOn,
      allowReplace: luck('replace') < 0.4,
      protect: luck('protect') < 0.1,
      adopt: luck('adopt') < 0.1,
      redeploy: luck('token') < 0.15 && profile === 'ours' ? `t${edition}` : undefined,
    });
  }

  // ── the storm ───────────────────────────────────────────────────────────────────────────────────────────────

  async run(): Promise<RandomNumbers> {
    const { world, seed } = this;
    world.oracles.fights = false;
    world.watchLogs = true;
    world.oracles.contends = this.#rate.kill === 0 && this.#rate.clock === 0 && this.#rate.disk === 0;
    world.network.faultOf = (exchange) => {
      if (chance(seed, 'net', exchange.number) >= this.#rate.net) return undefined;
      const fitting = this.#kinds.filter((one) => fits(one, exchange));
      if (fitting.length === 0) return undefined;
      this.#faults += 1;
      return pick(fitting, seed, 'fault', exchange.number);
    };
    world.onEdge = (_, number) => {
      if (chance(seed, 'kill', number) >= this.#rate.kill / 20) return;
      world.tear = pick(['lost', 'torn', 'kept'] as readonly Tear[], seed, 'tear', number);
      world.kill();
    };
    await this.#begin();
    const until = world.scheduler.now + MINUTE * pick([5, 20, 40], seed, 'storm');
    while (world.scheduler.now < until) await this.#gust();
    return this.#calm();
  }

  async #begin(): Promise<void> {
    for (let tries = 0; tries < 50; tries++) {
      this.#running = await this.world.tryRun({ intervalMs: MINUTE });
      if (this.#running !== undefined) return;
      this.#kills += 1;
      await this.world.pass(1_000);
    }
  }

  /** Some time, and then something happens. */
  async #gust(): Promise<void> {
    const { world, seed } = this;
    const step = ++this.#step;
    const luck = (what: string) => chance(seed, step, what);
    await world.pass(100 + 40_000 * luck('pause') ** 3);
    if (this.#running?.life.alive !== true) {
      this.#kills += 1;
      await world.pass(20_000 * luck('dead') ** 2);
      await this.#begin();
    }
    if (luck('meddle') < this.#rate.meddle) this.#meddle(step);
    if (luck('edit') < this.#rate.edit) this.#edit(step);
    if (luck('suspend') < this.#rate.suspend / 2) this.#suspend(step);
    if (luck('disk') < this.#rate.disk) world.disk.full = luck('full') < 0.5 ? 'ENOSPC' : undefined;
    if (luck('clock') < this.#rate.clock)
      world.jumpWall((luck('jump') - 0.5) * pick([2 * HOUR, 10_000 * HOUR], seed, step, 'far'));
    if (luck('term') < this.#rate.kill / 10) {
      await this.#running?.stop();
      await this.#begin();
    }
  }

  #meddle(step: number): void {
    const { server } = this.world;
    const known = pick(server.all(), this.seed, step, 'whom');
    const service = known === undefined ? undefined : server.now(known.uuid);
    if (known === undefined || service === undefined || service.state === 'Terminated') return;
    const verb = pick(
      ['start', 'stop', 'redeploy', 'terminate', 'update', 'dies', 'namesake'] as const,
      this.seed,
      step,
      'how',
    );
    const lasting = chance(this.seed, step, 'really') < 0.2;
    if (verb === 'dies') {
      if (service.state === 'Running')
        server.become(known.uuid, pick(['Partly running', 'Stopped', 'Not running'], this.seed, step, 'to'));
    } else if (verb === 'namesake') {
      if (lasting) server.put(known.name, 'another', {});
    } else if (verb !== 'terminate' || lasting) {
      const image = pick(['nginx:1', 'nginx:9'], this.seed, step, 'image');
      server.ask(verb, known.uuid, {
        target_num_containers: pick([0, 1, 7], this.seed, step, 'target'),
        image,
      });
    }
  }

  /** Somebody suspends one service or all of them; from when that is on disk, nothing is written. */
  #suspend(step: number): void {
    const { world, seed } = this;
    const running = this.#running;
    const one = pick(world.wishes, seed, step, 'suspended');
    const all = chance(seed, step, 'all are') < 0.2;
    if (running === undefined || one === undefined) return;
    const ms = MINUTE * (1 + 9 * chance(seed, step, 'for'));
    const names = all ? [] : [one.name];
    const asked = { names, until: world.wall() + ms, by: 'sim', reason: 'a storm' };
    world.oracles.suspending(all ? undefined : one.name);
    running.fleet.suspensions.suspend(asked).then(
      () => {
        if (running.life.alive && this.#rate.clock === 0)
          world.oracles.suspend(all ? undefined : one.name, world.scheduler.now, ms);
      },
      () => {},
    );
  }

  #edit(step: number): void {
    const { world, seed } = this;
    const how = pick(
      ['change', 'change', 'remove', 'add', 'break', 'mend', 'empty'] as const,
      seed,
      step,
      'edit',
    );
    const named = new Map(world.wishes.map((one) => [one.name, one]));
    const index = Math.floor(chance(seed, step, 'which') * 24);
    const name = `s${index}`;
    if (how === 'break') {
      world.complete = false;
      // The last good versions of what the broken files described are kept.
      const broken = (other: string) => chance(seed, step, other, 'broken') < 0.3;
      for (const one of world.wishes) named.set(one.name, { ...one, frozen: broken(one.name) });
    } else if (how === 'mend') {
      world.complete = true;
      for (const one of world.wishes) named.set(one.name, { ...one, frozen: false });
    } else if (how === 'empty') {
      if (chance(seed, step, 'all') < 0.2) {
        named.clear();
        world.complete = chance(seed, step, 'believed') < 0.5;
      }
    } else if (how === 'remove') named.delete(name);
    else if (how === 'add' || named.has(name)) named.set(name, this.#wish(name, index, step));
    // A load in which a dependency is missing is not a complete one; its dependants are broken with it.
    let left = [...named.values()];
    for (let before = -1; before !== left.length; ) {
      before = left.length;
      const names = new Set(left.map((one) => one.name));
      left = left.filter((one) => one.dependsOn.every((other) => names.has(other)));
    }
    world.wishes = left;
    if (chance(seed, step, 'hint') < 0.7) this.#running?.hint();
  }

  // ── the calm ────────────────────────────────────────────────────────────────────────────────────────────────

  async #calm(): Promise<RandomNumbers> {
    const { world } = this;
    const { server, network } = world;
    world.calm();
    world.oracles.contends = false;
    world.onEdge = () => {};
    world.disk.full = undefined;
    world.complete = true;
    world.wishes = world.wishes.map((one) => ({ ...one, frozen: false }));
    server.outcome = () => 'well';
    for (const { uuid } of server.all()) {
      const service = server.now(uuid);
      if (service === undefined || !truth.MOVING.includes(service.state)) continue;
      // What hung is let go; what was on its way begins once more.
      server.become(uuid, service.state);
    }
    // Where the wall clock jumps, nobody lives again: what an hour is to another life, nobody could say.
    if (this.#running?.life.alive === true && this.#rate.clock === 0) await this.#running.stop();
    // Late requests are still on their way.
    await world.pass(2 * MINUTE);
    if (this.#running?.life.alive !== true) await this.#begin();
    const running = this.#running as Running;
    const begun = world.scheduler.now;
    await world.until(running.fleet.suspensions.resume([], 'sim'), MINUTE);
    world.oracles.resume();
    for (const { name } of world.wishes) running.fleet.retry(name);
    const missing = () => expectations(world, running);
    let well: number | undefined;
    while (well === undefined && world.scheduler.now < begun + RECOVERY) {
      await world.pass(20_000);
      if (missing().wrong.length === 0) well = world.scheduler.now;
    }
    if (well === undefined) this.wrong.push(...missing().wrong.map((one) => `O4: ${one}`));
    else {
      const { length } = network.log;
      const { limited } = missing();
      await world.pass(STABLE);
      const mayMove = ({ name = '', verb }: Exchange) =>
        limited.has(name) || (world.options.prune === 'owned' && verb === 'terminate');
      const writes = network.log
        .slice(length)
        .filter((one) => (one.kind === 'write' || one.kind === 'create') && !mayMove(one));
      for (const one of writes.slice(0, 3)) this.wrong.push(`O5: ${one.verb} ${one.name} when all was well`);
      this.wrong.push(...missing().wrong.map((one) => `O5: no more: ${one}`));
    }
    await running.stop();
    this.#secrets(running);
    this.wrong.push(...world.oracles.violations.map(({ oracle, text }) => `${oracle}: ${text}`));
    return {
      recovery: well === undefined ? undefined : well - begun,
      kills: this.#kills,
      faults: this.#faults,
      services: world.wishes.length,
      blocked: missing().blocked,
    };
  }

  /** O10: no value of an environment variable and no key in the journal, in a plan or in the log. */
  #secrets(running: Running): void {
    const { wishes, complete } = this.world;
    const load = { wishes, complete, documents: wishes.length, problems: [], revision: 'r' };
    const safety = { prune: 'owned', allowEmpty: false, allowDeletes: undefined } as const;
    const { plan } = running.fleet.plan(load, safety, new Set());
    const piece = canaryInPlan(plan) ?? canaryIn(Buffer.from(this.world.disk.bytes).toString('latin1'));
    if (piece !== undefined) this.wrong.push(`O10: a secret is told: ${piece}`);
  }
}

const mark = (name: string, owner = 'default') => ({
  container_envvars: [
    { key: 'EVENKEEL_OWNER', value: `${owner}/${name}/11111111-2222-4333-8444-555555555555` },
  ],
});
