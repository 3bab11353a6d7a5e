/**
 * A fleet that is fed from a repository, by a seed: the real source, the real reading of manifests and the real daemon,
 * while people push, rewind and rewrite, the remote lags or is away, the mirror is damaged and the process is killed
 * between two commands of git. Then calm, in which all must come to be as the newest commit says, and stay so.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { follow } from '../../src/cli/follow.ts';
import { createResolver } from '../../src/manifest/resolver.ts';
import { LIMITS } from '../../src/service/limits.ts';
import type { Load } from '../../src/service/ports.ts';
import { parseBranch, parseGitUrl } from '../../src/source/git/address.ts';
import { GIT_LIMITS } from '../../src/source/git/limits.ts';
import { gitSource } from '../../src/source/git/source.ts';
import { chance, pick } from './chance.ts';
import { count, outcome, type Tally } from './crash.ts';
import type { Tear } from './disk.ts';
import { expectations } from './expect.ts';
import { FAULTS, fits } from './faults.ts';
import { SimGit } from './git.ts';
import { GitJudge } from './git-judge.ts';
import { People } from './git-people.ts';
import { type Mood, Remote } from './git-remote.ts';
import type { Incarnation } from './incarnation.ts';
import { type Reader, type Running, World } from './world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const RECOVERY = 2 * HOUR;
const STABLE = 11 * MINUTE;
const RATES = [0, 0, 0.05, 0.2, 0.5] as const;
const MOODS: readonly Mood[] = ['well', 'well', 'away', 'hangs', 'refuses', 'breaks', 'empty'];

export interface GitNumbers {
  /** Milliseconds of virtual time from the calm to convergence. */
  readonly recovery: number | undefined;
  readonly kills: number;
  /** Of them, between two commands of git. */
  readonly killedInGit: number;
  readonly commits: number;
  readonly rewritten: number;
  readonly writes: number;
  /** Loads that trouble or the hold kept from being complete. */
  readonly incomplete: number;
}

export async function gitStory(seed: number, into: Tally): Promise<GitNumbers> {
  const story = new GitStory(seed);
  try {
    const wrong = await outcome(async () => {
      await story.run();
      return story.wrong;
    });
    count(into, story.world, { seed: String(seed), text: story.describe(), wrong: [...new Set(wrong)] });
    return story.numbers();
  } finally {
    story.close();
  }
}

export class GitStory {
  readonly seed: number;
  readonly world: World;
  readonly wrong: string[] = [];
  readonly #remote: Remote;
  readonly #people: People;
  readonly #git: SimGit;
  readonly #judge: GitJudge;
  readonly #holdMs: number;
  /** The state directory. */
  readonly #dir: string;
  readonly #rate: Readonly<
    Record<'push' | 'mood' | 'lag' | 'damage' | 'machine' | 'kill' | 'net' | 'dies', number>
  >;
  readonly #signers: string | undefined;
  #running: Running | undefined;
  #latest: Load | undefined;
  #kills = 0;
  #killedInGit = 0;
  #recovery: number | undefined;
  #step = 0;

  constructor(seed: number) {
    this.seed = seed;
    const rate = (what: string) => pick(RATES, seed, 'git rate', what);
    this.#rate = {
      push: pick([0.1, 0.3, 0.6], seed, 'git rate', 'push'),
      mood: rate('mood'),
      lag: rate('lag'),
      damage: rate('damage'),
      machine: rate('machine'),
      kill: rate('kill'),
      net: rate('net'),
      dies: rate('dies'),
    };
    this.world = new World({
      seed,
      server: {
        profile: pick(['ours', 'ours', 'reference'] as const, seed, 'profile'),
        moveMs: pick([500, 3_000, 30_000], seed, 'move'),
      },
      pace: { rate: 10, burst: 10, concurrency: 4 },
      prune: pick(['owned', 'owned', 'never'] as const, seed, 'prune'),
      graceMs: pick([MINUTE, 10 * MINUTE], seed, 'grace'),
    });
    const { world } = this;
    this.#holdMs = MINUTE * pick([2, 10], seed, 'hold');
    this.#dir = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'evenkeel-sim-git-'));
    const signed = chance(seed, 'signed') < 0.25;
    this.#signers = signed ? join(this.#dir, 'signers') : undefined;
    if (this.#signers !== undefined) writeFileSync(this.#signers, 'somebody\n');
    this.#remote = new Remote(world.scheduler, seed);
    this.#people = new People(this.#remote, seed, signed ? 0.3 : undefined);
    const truthOf = (sha: string) => this.#people.truthOf(sha);
    this.#judge = new GitJudge(world, this.#remote, this.#holdMs, truthOf);
    this.#git = new SimGit(world, this.#remote, this.#judge);
    this.#git.exchangeMs = pick([100, 2_000, 60_000], seed, 'exchange');
    world.reader = (life) => this.#reader(life);
    world.onSent = (exchange) => this.#judge.sent(exchange);
  }

  describe(): string {
    const rates = Object.entries(this.#rate).map(([what, rate]) => `${what} ${rate}`);
    const { profile, moveMs } = this.world.server.options;
    const { prune, graceMs } = this.world.options;
    const signed = this.#signers === undefined ? '' : ', signed';
    return `${profile}, ${rates.join(' ')}, move ${moveMs}, prune ${prune}, grace ${graceMs}, hold ${this.#holdMs}, exchange ${this.#git.exchangeMs}${signed}`;
  }

  numbers(): GitNumbers {
    const { commits, rewritten } = this.#people;
    const { writes, incomplete } = this.#judge;
    const [recovery, kills, killedInGit] = [this.#recovery, this.#kills, this.#killedInGit];
    return { recovery, kills, killedInGit, commits, rewritten, writes, incomplete };
  }

  close(): void {
    rmSync(this.#dir, { recursive: true, force: true });
  }

  /** As `run` puts it together (src/cli/compose-git.ts). */
  #reader(life: Incarnation): Reader {
    const source = gitSource({
      url: parseGitUrl('https://git.sim/fleet.git'),
      ref: parseBranch('main'),
      path: 'fleet',
      access: {
        user: 'git',
        tokenFile: undefined,
        keyFile: undefined,
        knownHosts: undefined,
        caFile: undefined,
        agent: undefined,
      },
      inherited: {},
      mirrors: join(this.#dir, 'git'),
      memoryFile: join(this.#dir, 'git.json'),
      allowedSigners: this.#signers,
      holdMs: this.#holdMs,
      allowEmpty: false,
      clock: life.clock,
      run: this.#git.run(life),
      limits: { ...GIT_LIMITS, packs: 3 },
      manifestLimits: LIMITS,
    });
    const follower = follow(source, createResolver({ env: {}, allow: [] }));
    return {
      load: async (signal) => {
        const { load } = await follower.read(signal);
        this.#latest = load;
        this.#judge.loaded(load, this.#git.underWay === 0);
        return load;
      },
      watch: (hint) => source.watch(hint),
      close: () => source.close(),
    };
  }

  // ── the storm ───────────────────────────────────────────────────────────────────────────────────────────────

  async run(): Promise<void> {
    const { world, seed } = this;
    world.oracles.fights = false;
    world.watchLogs = true;
    const kinds = FAULTS.filter(({ name }) => name !== '429-huge' && chance(seed, 'kind', name) < 0.3);
    world.network.faultOf = (exchange) => {
      if (chance(seed, 'net', exchange.number) >= this.#rate.net / 5) return undefined;
      const fitting = kinds.filter((one) => fits(one, exchange));
      return fitting.length === 0 ? undefined : pick(fitting, seed, 'fault', exchange.number);
    };
    world.onEdge = (name, number) => {
      const git = name.startsWith('git:');
      if (chance(seed, 'kill', number) >= this.#rate.kill / (git ? 10 : 200)) return;
      if (git) this.#killedInGit += 1;
      world.tear = pick(['lost', 'torn', 'kept'] as readonly Tear[], seed, 'tear', number);
      this.#killed(number);
    };
    await this.#begin();
    const until = world.scheduler.now + MINUTE * pick([10, 30, 60], seed, 'storm');
    while (world.scheduler.now < until) await this.#gust();
    await this.#calm();
  }

  #killed(number: number): void {
    this.world.kill();
    this.#git.forget();
    this.#judge.forget();
    // A memory that was being written; the one before is still there.
    if (chance(this.seed, 'draft', number) < 0.3)
      writeFileSync(join(this.#dir, 'git.json.new'), '{"formatVersion":1,');
  }

  async #begin(): Promise<void> {
    for (let tries = 0; tries < 50; tries++) {
      this.#judge.forget();
      this.#running = await this.world.tryRun({ intervalMs: MINUTE });
      if (this.#running !== undefined) return;
      this.#kills += 1;
      await this.world.pass(1_000);
    }
  }

  async #gust(): Promise<void> {
    const { world, seed } = this;
    const step = ++this.#step;
    const luck = (what: string) => chance(seed, step, what);
    const git = this.#git;
    await world.pass(100 + 4 * MINUTE * luck('pause') ** 2);
    if (luck('dies') < this.#rate.dies / 5) this.#killed(step);
    if (this.#running?.life.alive !== true) {
      this.#kills += 1;
      await world.pass(20_000 * luck('dead') ** 2);
      await this.#begin();
    }
    if (luck('push') < this.#rate.push) {
      this.#people.act(step);
      if (luck('hint') < 0.5) this.#running?.hint();
    }
    if (luck('mood') < this.#rate.mood) this.#remote.mood = pick(MOODS, seed, step, 'which mood');
    if (luck('lag') < this.#rate.lag) {
      this.#remote.lagMs = MINUTE * pick([0, 1, 5, 30], seed, step, 'behind');
      this.#remote.lagging = pick([0, 0.3, 1], seed, step, 'share');
    }
    if (luck('machine') < this.#rate.machine) git.failing = pick([0, 0.02, 0.2], seed, step, 'how bad');
    if (luck('damage') < this.#rate.damage / 2) {
      mkdirSync(join(this.#dir, 'git'), { recursive: true });
      git.damage(
        join(this.#dir, 'git'),
        pick(['gone', 'rot', 'lost', 'refs'] as const, seed, step, 'damage'),
        step,
      );
    }
    if (luck('meddle') < 0.05) this.#meddle(step);
    if (luck('term') < this.#rate.kill / 10) {
      await this.#running?.stop();
      await this.#begin();
    }
  }

  /** A service stops by itself, so that there is something to heal while the source is in trouble. */
  #meddle(step: number): void {
    const { server } = this.world;
    const known = pick(server.all(), this.seed, step, 'whom');
    if (known !== undefined && server.now(known.uuid)?.state === 'Running')
      server.become(known.uuid, pick(['Stopped', 'Not running'], this.seed, step, 'to'));
  }

  // ── the calm ────────────────────────────────────────────────────────────────────────────────────────────────

  async #calm(): Promise<void> {
    const { world } = this;
    world.calm();
    world.onEdge = () => {};
    Object.assign(this.#git, { failing: 0, exchangeMs: 2_000 });
    Object.assign(this.#remote, { mood: 'well', lagging: 0 });
    const head = this.#people.mend(++this.#step);
    world.wishes = this.#people.truthOf(head).wishes();
    // Late requests are still on their way.
    await world.pass(2 * MINUTE);
    if (this.#running?.life.alive !== true) await this.#begin();
    const running = this.#running as Running;
    const begun = world.scheduler.now;
    for (const { name } of world.wishes) running.fleet.retry(name);
    const missing = (): readonly string[] => {
      const { wrong } = expectations(world, running);
      const { revision, complete = false, problems = [] } = this.#latest ?? {};
      const taken = complete && revision === head;
      return taken ? wrong : [`${revision} is taken and not ${head}: ${problems.join('; ')}`, ...wrong];
    };
    while (missing().length > 0 && world.scheduler.now < begun + RECOVERY) await world.pass(20_000);
    if (missing().length > 0) this.wrong.push(...missing().map((one) => `O4: ${one}`));
    else {
      this.#recovery = world.scheduler.now - begun;
      const { length } = world.network.log;
      const { limited } = expectations(world, running);
      await world.pass(STABLE);
      const writes = world.network.log
        .slice(length)
        .filter(
          ({ kind, verb, name = '' }) =>
            (kind === 'write' || kind === 'create') && verb !== 'terminate' && !limited.has(name),
        );
      for (const one of writes.slice(0, 3)) this.wrong.push(`O5: ${one.verb} ${one.name} when all was well`);
      this.wrong.push(...missing().map((one) => `O5: no more: ${one}`));
    }
    await running.stop();
    this.wrong.push(...world.oracles.violations.map(({ oracle, text }) => `${oracle}: ${text}`));
  }
}
