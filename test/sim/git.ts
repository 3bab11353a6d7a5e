/**
 * git as the source runs it, in memory: a remote, mirrors, and every command an edge at which a kill can come. A mirror
 * is a directory on the real disk, because the source handles it there; what it holds is told by the file `HEAD` in it.
 *
 * A command whose process is killed may still do what it was asked to: git is in a group of its own.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GitCommand, GitResult, RunGit } from '../../src/source/git/command.ts';
import { chance } from './chance.ts';
import { answer, type Store } from './git-answers.ts';
import { BRANCH, type Remote } from './git-remote.ts';
import type { Incarnation } from './incarnation.ts';
import type { World } from './world.ts';

export type { Store } from './git-answers.ts';

/** New each time: one that all wait for would keep every world for ever. */
const never = () => new Promise<never>(() => {});

/** What is told of every exchange, as the server knows it. */
export interface Watch {
  /** A question for the branch leaves. */
  asks(): void;
  /** It was answered: the branch stands at `head`; undefined = no such answer came. */
  asked(head: string | undefined): void;
  /** The branch was brought, as it stood on the replica that was met. */
  brought(head: string): void;
  /** A command did not do what it was asked for. */
  failed(): void;
}

const DEAF: Watch = { asks: () => {}, asked: () => {}, brought: () => {}, failed: () => {} };

export class SimGit {
  readonly remote: Remote;
  readonly #world: World;
  readonly #stores = new Map<string, Store>();
  readonly #watch: Watch;
  /** Nobody, while a dead process's command ends. */
  #heard: Watch = DEAF;
  /** Of the commands, how many go wrong on this machine. */
  failing = 0;
  /** Milliseconds of an exchange at most. */
  exchangeMs = 2_000;
  #commands = 0;
  /** Commands that have not come back. */
  underWay = 0;

  constructor(world: World, remote: Remote, watch: Watch) {
    this.#world = world;
    this.remote = remote;
    this.#watch = watch;
  }

  /** The port, for one life. */
  run(life: Incarnation): RunGit {
    const world = this.#world;
    return async (command) => {
      const [name] = command.args;
      if (!world.edge(`git:${name}`, life)) return never();
      if (command.signal.aborted) return none('aborted');
      const number = ++this.#commands;
      this.underWay += 1;
      const result = await this.#during(command, number, life);
      if (life.alive) this.underWay -= 1;
      if (!world.edge(`git:${name}:done`, life)) return never();
      if (result.stdout.length > command.maxBytes) return none('output');
      return result;
    };
  }

  /** A process is dead: nobody waits for what it began. */
  forget(): void {
    this.underWay = 0;
  }

  #luck(number: number, ...words: readonly string[]): number {
    return chance(this.#world.options.seed, 'git', number, ...words);
  }

  async #during(command: GitCommand, number: number, life: Incarnation): Promise<GitResult> {
    const { scheduler } = this.#world;
    const [name] = command.args;
    const remote = name === 'ls-remote' || name === 'fetch';
    const mood = remote ? this.remote.mood : 'well';
    const luck = this.#luck(number, 'time');
    const takes = mood === 'hangs' ? Number.POSITIVE_INFINITY : remote ? 5 + this.exchangeMs * luck ** 3 : 2;
    if (name === 'ls-remote') this.#watch.asks();
    if (name === 'init') this.#dated(command.args.at(-1) ?? '');
    return new Promise((resolve) => {
      let over = false;
      const end = (made: () => GitResult) => {
        if (over) return;
        over = true;
        scheduler.cancel(timer);
        command.signal.removeEventListener('abort', abort);
        // Of a dead process, some commands go on to their end.
        if (!life.alive && this.#luck(number, 'orphan') < 0.5) return this.#torn(command, number);
        this.#heard = life.alive ? this.#watch : DEAF;
        const result = made();
        if (!result.ok && result.stderr !== '') this.#heard.failed();
        resolve(result);
      };
      const abort = () => {
        this.#watch.failed();
        end(() => none('aborted'));
      };
      const late = takes > command.timeoutMs;
      const timer = scheduler.after(Math.min(takes, command.timeoutMs), () =>
        end(() => {
          if (late) this.#heard.failed();
          return late ? none('timeout') : this.#done(command, number, mood);
        }),
      );
      command.signal.addEventListener('abort', abort, { once: true });
    });
  }

  #done(command: GitCommand, number: number, mood: Remote['mood']): GitResult {
    const [name] = command.args;
    if (name === 'ls-remote' || name === 'fetch') {
      const trouble = TROUBLE[mood];
      if (trouble !== undefined) {
        if (mood === 'breaks' && name === 'fetch') this.#torn(command, number);
        if (name === 'ls-remote') this.#heard.asked(undefined);
        return failed(trouble);
      }
    }
    if (this.#luck(number, 'fails') < this.failing)
      return failed(
        this.#luck(number, 'how') < 0.5 ? 'fatal: No space left on device' : 'fatal: unable to read',
      );
    switch (name) {
      case 'ls-remote':
        return this.#asked(command, mood, number);
      case 'fetch':
        return this.#fetched(command, number);
      case 'init':
        return this.#made(command.args.at(-1) ?? '', number);
      default: {
        const store = this.#store(command.env['GIT_DIR'] ?? '');
        if (store === undefined) return failed('fatal: not a git repository');
        if (name === 'repack') this.#repacked(command.env['GIT_DIR'] ?? '', store, number);
        return answer(command, store, this.remote.objects);
      }
    }
  }

  // ── exchanges ───────────────────────────────────────────────────────────────────────────────────────────────

  #asked({ args }: GitCommand, mood: Remote['mood'], number: number): GitResult {
    const head = mood === 'empty' ? undefined : this.remote.shown(number);
    const main = args.includes(BRANCH);
    if (main) this.#heard.asked(head);
    const line = head === undefined ? '' : `${head}\t${BRANCH}\n`;
    const other = main || mood === 'empty' ? '' : `${'ab'.repeat(20)}\trefs/heads/other\n`;
    return said(line + other);
  }

  #fetched({ args, env }: GitCommand, number: number): GitResult {
    const directory = env['GIT_DIR'] ?? '';
    const store = this.#store(directory);
    const head = this.remote.mood === 'empty' ? undefined : this.remote.shown(number);
    if (store === undefined) return failed('fatal: not a git repository');
    if (head === undefined) return failed(`fatal: couldn't find remote ref ${BRANCH}`);
    const [, as = ''] = (args.at(-1) ?? '').split(':');
    if (lockOf(directory, as)) return failed(`error: cannot lock ref '${as}': Unable to create '${as}.lock'`);
    // It asks for what does not follow from its refs: what they lead to is believed to be there.
    const had = new Set([...store.refs.values()].flatMap((ref) => [...this.remote.objects.closure(ref)]));
    for (const id of this.remote.objects.closure(head)) if (!had.has(id)) store.holds.add(id);
    if (!store.holds.has(head)) return failed('fatal: bad object; remote did not send all necessary objects');
    store.refs.set(as, head);
    this.#pack(directory, `pack-${number}.pack`);
    this.#heard.brought(head);
    return said('');
  }

  // ── the directory ───────────────────────────────────────────────────────────────────────────────────────────

  #store(directory: string): Store | undefined {
    try {
      return this.#stores.get(readFileSync(join(directory, 'HEAD'), 'utf8'));
    } catch {
      return undefined;
    }
  }

  #made(directory: string, number: number): GitResult {
    const id = `store ${number}`;
    mkdirSync(join(directory, 'objects', 'pack'), { recursive: true });
    mkdirSync(join(directory, 'refs', 'evenkeel'), { recursive: true });
    writeFileSync(join(directory, 'HEAD'), id);
    this.#stores.set(id, { holds: new Set(), refs: new Map(), rotten: new Set() });
    return said('');
  }

  #pack(directory: string, name: string): void {
    const file = join(directory, 'objects', 'pack', name);
    writeFileSync(file, 'x');
    this.#dated(file);
  }

  #repacked(directory: string, store: Store, number: number): void {
    const packs = join(directory, 'objects', 'pack');
    for (const file of readdirSync(packs)) rmSync(join(packs, file));
    this.#pack(directory, `pack-${number}.pack`);
    const all = new Set([...store.refs.values()].flatMap((ref) => [...this.remote.objects.closure(ref)]));
    for (const id of store.holds) if (!all.has(id)) store.holds.delete(id);
  }

  /** What a killed command leaves: nothing, a draft of a pack, or a lock. */
  #torn({ args, env }: GitCommand, number: number): void {
    const directory = env['GIT_DIR'] ?? '';
    if (this.#store(directory) === undefined) return;
    const luck = this.#luck(number, 'left');
    const [name] = args;
    if (name === 'fetch' && luck < 0.4) this.#pack(directory, `tmp_pack_${number}`);
    const [, as = ''] = (args.at(-1) ?? '').split(':');
    if (name === 'fetch' && luck > 0.7) {
      const lock = join(directory, `${as}.lock`);
      writeFileSync(lock, '');
      this.#dated(lock);
    }
  }

  /** Its age is of this world. */
  #dated(file: string): void {
    const seconds = this.#world.wall() / 1_000;
    utimesSync(file, seconds, seconds);
  }

  /** The disk under the mirror `base` goes bad: what `how` says, of some of its objects. */
  damage(base: string, how: 'gone' | 'rot' | 'lost' | 'refs', seed: number): void {
    for (const name of readdirSync(base)) {
      const directory = join(base, name);
      const store = this.#store(directory);
      if (store === undefined) continue;
      if (how === 'gone') rmSync(join(directory, 'HEAD'));
      if (how === 'refs') store.refs.clear();
      for (const id of store.holds) {
        if (chance(seed, 'damage', id) > 0.3) continue;
        if (how === 'lost') store.holds.delete(id);
        if (how === 'rot') store.rotten.add(id);
      }
    }
  }
}

const TROUBLE: Readonly<Partial<Record<Remote['mood'], string>>> = {
  away: 'fatal: unable to access: Failed to connect: Connection refused',
  refuses: 'fatal: Authentication failed',
  breaks: 'fatal: the remote end hung up unexpectedly; early EOF',
};

function lockOf(directory: string, ref: string): boolean {
  return readdirSync(join(directory, 'refs', 'evenkeel')).includes(`${ref.split('/').at(-1)}.lock`);
}

function none(ended: GitResult['ended']): GitResult {
  return { ok: false, stdout: Buffer.alloc(0), stderr: '', ended };
}

function failed(stderr: string): GitResult {
  return { ok: false, stdout: Buffer.alloc(0), stderr, ended: undefined };
}

function said(text: string): GitResult {
  return { ok: true, stdout: Buffer.from(text), stderr: '', ended: undefined };
}
