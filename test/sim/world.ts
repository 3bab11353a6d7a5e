/**
 * A whole world from a seed: server, network, disk, time, and one life after the other of the real program.
 *
 * Everything is driven from here, so a run is a function of its options; `trace` says in one text what happened.
 */
import { createHash } from 'node:crypto';
import { type ApplyOptions, type ApplyResult, apply } from '../../src/drive/apply.ts';
import { Daemon, type DaemonOptions } from '../../src/drive/daemon.ts';
import type { Fleet } from '../../src/drive/fleet.ts';
import type { Event } from '../../src/service/event.ts';
import type { Plan } from '../../src/service/plan.ts';
import type { Commit, Load } from '../../src/service/ports.ts';
import type { Wish } from '../../src/service/service.ts';
import { canaryIn, canaryInPlan } from './canaries.ts';
import { Disk, type Tear } from './disk.ts';
import { Incarnation } from './incarnation.ts';
import { type Exchange, Network } from './network.ts';
import { Oracles } from './oracles.ts';
import { Scheduler } from './scheduler.ts';
import { SERVER, Server, type ServerOptions, wallAt } from './server.ts';
import type { Witness } from './witness.ts';

export interface WorldOptions {
  readonly seed: number;
  readonly server: Partial<ServerOptions>;
  readonly pace: { readonly rate: number; readonly burst: number; readonly concurrency: number };
  readonly uncertainMs: number;
  readonly prune: 'never' | 'owned';
  readonly allowDeletes: number | undefined;
  readonly graceMs: number;
}

export const WORLD: WorldOptions = {
  seed: 1,
  server: {},
  pace: { rate: 10, burst: 10, concurrency: 4 },
  uncertainMs: 120_000,
  prune: 'never',
  allowDeletes: undefined,
  graceMs: 0,
};

export interface Running {
  readonly life: Incarnation;
  readonly fleet: Fleet;
  readonly daemon: Daemon;
  /** Something changed on disk. */
  hint(): void;
  /** SIGTERM, while time is already running. */
  term(): void;
  /** SIGTERM, if it was not sent yet; resolves to how long it took to end, in milliseconds. */
  stop(): Promise<number>;
}

/** Where a life of the daemon gets its manifests from, in place of `World.wishes`. */
export interface Reader {
  load(signal: AbortSignal): Promise<Load>;
  watch(hint: () => void): () => void;
  close(): Promise<void>;
}

export interface Shown {
  readonly plan: Plan;
  readonly result: ApplyResult | undefined;
}

export class World {
  readonly options: WorldOptions;
  readonly scheduler = new Scheduler();
  readonly server: Server;
  readonly network: Network;
  readonly disk = new Disk();
  readonly oracles: Oracles;
  readonly lives: Incarnation[] = [];
  wishes: readonly Wish[] = [];
  complete = true;
  readonly #former = new Map<string, Wish>();
  /** What the program has read last. */
  #loaded: { readonly byName: ReadonlyMap<string, Wish>; readonly complete: boolean } = {
    byName: new Map(),
    complete: true,
  };
  /** Names no manifest names any more. */
  readonly absent = new Map<string, { since: number; loads: number }>();
  #wallOffset = 0;
  /** Port edges passed so far. */
  edges = 0;
  /** The process is killed before this edge. */
  killAt: number | undefined;
  tear: Tear = 'lost';
  onEdge: (name: string, number: number) => void = () => {};
  onEvent: (event: Event, life: Incarnation) => void = () => {};
  onSent: (exchange: Exchange) => void = () => {};
  /** Every line of the log is written and searched for secrets. */
  watchLogs = false;
  /** Chance drawn so far, in all lives. */
  draws = 0;
  /** Watches what the processes are shown. */
  witness: Witness | undefined;
  /** Another run stands for the rest of this one. */
  halted = false;
  readonly #hash = createHash('sha256');

  constructor(options: Partial<WorldOptions> = {}) {
    this.options = { ...WORLD, ...options };
    const { seed, server, pace, prune, allowDeletes, graceMs } = this.options;
    this.server = new Server(this.scheduler, { ...SERVER, seed, ...server });
    this.oracles = new Oracles(this.server, {
      profile: this.server.options.profile,
      pace,
      prune,
      allowDeletes,
      graceMs,
      intent: (name) => this.#loaded.byName.get(name),
      former: (name) => this.#former.get(name),
      named: () => this.#loaded.byName.size,
      isDaemon: (process) => this.lives[process]?.isDaemon === true,
      absence: (name) => this.absent.get(name),
      complete: () => this.#loaded.complete,
      isApproved: (name) => this.approved.has(name),
    });
    this.network = new Network(this.server, {
      sent: (exchange) => {
        this.#trace('sent', exchange);
        this.oracles.sent(exchange);
        this.onSent(exchange);
      },
      arrived: (exchange) => {
        this.#trace('arrived', exchange);
        this.oracles.arrived(exchange);
        const life = this.lives[exchange.process];
        if (life !== undefined) this.edge('http:arrived', life);
      },
      ended: (exchange) => {
        this.#trace('ended', exchange);
        if (this.lives[exchange.process]?.alive === true) this.oracles.ended(exchange);
      },
    });
  }

  // ── time, wall and death ────────────────────────────────────────────────────────────────────────────────────

  wall(): number {
    return wallAt(this.scheduler.now) + this.#wallOffset;
  }

  jumpWall(ms: number): void {
    this.#wallOffset += ms;
  }

  /** A kill can come here; false when the process does not live to see what follows. */
  edge(name: string, life: Incarnation): boolean {
    if (!life.alive) return false;
    this.edges += 1;
    this.onEdge(name, this.edges);
    if (this.edges === this.killAt) this.kill();
    return life.alive;
  }

  /** The rest of this run is known. */
  halt(): void {
    this.halted = true;
    for (const life of this.lives) if (life.alive) life.die();
  }

  kill(): void {
    for (const life of this.lives) if (life.alive) life.die();
    this.disk.crash(this.tear);
    this.oracles.forget();
  }

  #life(): Incarnation {
    const life = new Incarnation(this, this.lives.length);
    if (this.watchLogs) life.watchLog();
    this.lives.push(life);
    return life;
  }

  /** Runs until `promise` settles, the process is dead, or `ms` are over. */
  async until<T>(promise: Promise<T>, ms: number): Promise<{ value: T } | 'killed' | 'time' | 'idle'> {
    let settled: { value: T } | { error: unknown } | undefined;
    promise.then(
      (value) => {
        settled = { value };
      },
      (error: unknown) => {
        settled = { error };
      },
    );
    const life = this.lives.at(-1);
    const end = await this.scheduler.run(
      () => settled !== undefined || life?.alive === false,
      this.scheduler.now + ms,
    );
    if (this.halted) throw new Error('halted');
    if (settled !== undefined && 'error' in settled) throw settled.error;
    if (settled !== undefined) return settled;
    if (life?.alive === false) return 'killed';
    return end === 'idle' ? 'idle' : 'time';
  }

  /** From now on nobody is killed and nothing fails; what has happened so far is the story. */
  calm(): void {
    this.story ??= { edges: this.edges, requests: this.network.count };
    this.killAt = undefined;
    this.network.faultOf = () => undefined;
  }
  /** How long it was up to the calm. */
  story: { readonly edges: number; readonly requests: number } | undefined;

  /** Time passes; nothing of ours need be running. */
  async pass(ms: number): Promise<void> {
    const end = this.scheduler.now + ms;
    await this.scheduler.run(() => false, end);
    this.scheduler.now = end;
  }

  // ── what people do ──────────────────────────────────────────────────────────────────────────────────────────

  load(): Load {
    const { wishes, complete, commit } = this;
    const problems = complete ? [] : ['a file is broken'];
    const read = { wishes, complete, documents: wishes.length, problems };
    return this.#noted(
      commit === undefined
        ? { ...read, revision: `r${wishes.length}` }
        : { ...read, revision: commit.sha, commit },
    );
  }

  /** What the program goes by from now on. */
  #noted(load: Load): Load {
    const { wishes, complete, commit } = load;
    for (const wish of wishes) this.#former.set(wish.name, wish);
    this.#loaded = { byName: new Map(wishes.map((wish) => [wish.name, wish])), complete };
    for (const name of commit?.allowDeletes ?? []) this.approved.add(name);
    for (const wish of wishes) this.approved.delete(wish.name);
    return load;
  }
  /** How a daemon reads its manifests; undefined: they are `wishes`. */
  reader: ((life: Incarnation) => Reader) | undefined;
  /** The commit that is read, where the source is a repository. */
  commit: Commit | undefined;
  /** Names whose removal a commit has approved, and that were not wished again since. */
  readonly approved = new Set<string>();

  /** `evenkeel plan`. undefined: it was killed or could not see the fleet. */
  async plan(): Promise<Plan | undefined> {
    this.oracles.readOnly = true;
    const written = this.disk.writes;
    const shown = await this.#show(this.#life(), true);
    this.oracles.readOnly = false;
    if (this.disk.writes !== written) this.oracles.fail('O15', 'a plan wrote to the journal');
    this.#secret(shown?.plan);
    return shown?.plan;
  }

  /** `evenkeel apply --yes`. */
  async apply(over: Partial<ApplyOptions> = {}): Promise<Shown | 'killed' | 'blind' | 'stuck'> {
    const life = this.#life();
    const shown = await this.#show(life);
    if (shown === undefined) return life.alive ? 'blind' : 'killed';
    const { plan, fleet } = shown;
    const options: ApplyOptions = {
      deadlineMs: 1_800_000,
      inOrder: this.options.pace.concurrency === 1,
      signal: new AbortController().signal,
      ...over,
    };
    const end = await this.until(apply(fleet, plan, life.clock, options), 4 * 3_600_000);
    if (end === 'killed') return 'killed';
    if (typeof end === 'string') return 'stuck';
    life.die();
    this.#secret(plan);
    this.#asShown(plan, life, end.value.exitCode === 0 && options.inOrder);
    return { plan, result: end.value };
  }

  /** What was carried out of one life is an ordered part of what its plan showed (O15b), in the plan's order (O15c). */
  #asShown(plan: Plan, life: Incarnation, inOrder: boolean): void {
    const done = this.network.log.filter(
      (one) => one.process === life.number && one.answer?.committed === true,
    );
    const shown = plan.services.flatMap(({ name, want, uuid, course }) =>
      course.flatMap((move) => {
        const whom = want === 'absent' ? uuid : name;
        return move.kind === 'operation' ? [{ seq: move.seq, whom, verb: move.operation.verb }] : [];
      }),
    );
    // Of what no manifest names there may be several of one name.
    const named = new Set(plan.services.flatMap(({ name, want }) => (want === 'absent' ? [] : [name])));
    const last = new Map<string, number>();
    const told = new Map<string, boolean>();
    let before = 0;
    for (const exchange of done) {
      const { name = '', uuid = '', verb, number } = exchange;
      const whom = named.has(name) ? name : uuid;
      const from = last.get(whom) ?? 0;
      const again =
        told.get(whom) === false && shown.find((one) => one.whom === whom && one.seq === from)?.verb === verb;
      told.set(whom, wasTold(exchange));
      // What was carried out and not told may be asked for once more.
      const found = again
        ? from
        : shown.find((one) => one.whom === whom && one.verb === verb && one.seq > from)?.seq;
      if (found === undefined) {
        this.oracles.fail('O15b', `#${number} ${verb} ${name}, which the plan did not show`);
        continue;
      }
      last.set(whom, found);
      if (inOrder && found < before)
        this.oracles.fail('O15c', `#${number} ${verb} ${name} out of the plan's order`);
      before = Math.max(before, found);
    }
  }

  /** O10: no output of a plan shows a secret, and the journal holds none. */
  #secret(plan: Plan | undefined): void {
    const piece = plan === undefined ? undefined : canaryInPlan(plan);
    if (piece !== undefined) this.oracles.fail('O10', `a secret in a plan: ${piece}`);
    const kept = canaryIn(Buffer.from(this.disk.bytes).toString('latin1'));
    if (kept !== undefined) this.oracles.fail('O10', `a secret in the journal: ${kept}`);
  }

  async #show(life: Incarnation, readOnly = false) {
    const { prune, allowDeletes } = this.options;
    const look = async () => {
      const { fleet } = await life.fleet({}, readOnly);
      const load = this.load();
      fleet.setWishes(load.wishes, load);
      for (let tries = 0; tries < 8; tries++) {
        if (await fleet.look(prune === 'owned', new AbortController().signal)) return fleet;
        await life.clock.sleep(2_000);
      }
      return undefined;
    };
    const end = await this.until(look(), 600_000);
    if (typeof end === 'string' || end.value === undefined) return undefined;
    const fleet = end.value;
    const safety = { prune, allowEmpty: false, allowDeletes };
    return { fleet, plan: fleet.plan(this.load(), safety, new Set()).plan };
  }

  /** `evenkeel retry NAME`. */
  async retry(name: string): Promise<void> {
    const life = this.#life();
    const { fleet } = await life.fleet();
    fleet.retry(name);
    await this.pass(10);
    life.die();
  }

  /** `evenkeel run`, where nothing stands against it. */
  async run(over: Partial<DaemonOptions> = {}): Promise<Running> {
    const running = await this.tryRun(over);
    if (running === undefined) throw new Error('the daemon could not begin');
    return running;
  }

  /** `evenkeel run`, in the background until it is stopped or killed. undefined: it was killed while it began. */
  async tryRun(over: Partial<DaemonOptions> = {}): Promise<Running | undefined> {
    const life = this.#life();
    life.isDaemon = true;
    const { prune, graceMs } = this.options;
    const end = new AbortController();
    // A disk that is full may keep a journal from being opened: then there is no process.
    const opening = life.fleet({ healAfterMs: 60_000 }).catch(() => undefined);
    const opened = await this.until(opening, 60_000);
    if (typeof opened === 'string') return undefined;
    if (opened.value === undefined) {
      life.die();
      return undefined;
    }
    const { fleet } = opened.value;
    let hint = () => {};
    this.absent.clear();
    const reader = this.reader?.(life);
    const load = async (signal: AbortSignal): Promise<Load> => {
      const now = reader === undefined ? this.load() : this.#noted(await reader.load(signal));
      this.#noteAbsence();
      return now;
    };
    const daemon = new Daemon(
      fleet,
      {
        clock: life.clock,
        random: life.random,
        listen: (event) => life.tell(event),
        load,
        watch: (changed) => {
          hint = changed;
          const unwatch = reader?.watch(changed);
          return () => {
            hint = () => {};
            unwatch?.();
          };
        },
      },
      {
        intervalMs: 60_000,
        graceMs,
        safety: { prune, allowEmpty: false, allowDeletes: undefined },
        signal: end.signal,
        ...over,
      },
    );
    let endedAt: number | undefined;
    const done = daemon.run().then(async () => {
      await reader?.close();
      endedAt = this.scheduler.now;
    });
    const term = () => {
      this.oracles.stoppedAt ??= this.scheduler.now;
      end.abort();
    };
    return {
      life,
      fleet,
      daemon,
      hint: () => hint(),
      term,
      stop: async () => {
        term();
        const stopped = await this.until(done, 60_000);
        const took = (endedAt ?? this.scheduler.now) - (this.oracles.stoppedAt ?? 0);
        if (stopped === 'time' || stopped === 'idle') this.oracles.fail('O11', `it did not end: ${stopped}`);
        else if (took > 8_000) this.oracles.fail('O11', `it took ${took} ms to end`);
        life.die();
        this.oracles.stoppedAt = undefined;
        return took;
      },
    };
  }

  /** What complete loads say of the names that live in the server. */
  #noteAbsence(): void {
    const { byName, complete } = this.#loaded;
    for (const { name } of this.server.all()) {
      if (byName.has(name)) this.absent.delete(name);
      else if (complete) {
        const before = this.absent.get(name);
        this.absent.set(name, {
          since: before?.since ?? this.scheduler.now,
          loads: (before?.loads ?? 0) + 1,
        });
      }
    }
  }

  // ── the record ──────────────────────────────────────────────────────────────────────────────────────────────

  #trace(what: string, exchange: Exchange): void {
    const { number, method, path, body, fault, answer } = exchange;
    const line = [this.scheduler.now, what, number, method, path, body, fault?.name, answer?.status];
    this.#hash.update(JSON.stringify(line));
  }

  /** Equal runs have equal traces. */
  trace(): string {
    return this.#hash.copy().update(this.disk.bytes).digest('hex');
  }
}

/** Whether its sender got the answer that it was carried out. */
function wasTold({ answer, outcome }: Exchange): boolean {
  return outcome?.kind === 'response' && outcome.status === answer?.status && outcome.body === answer.body;
}
