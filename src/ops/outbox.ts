/**
 * Letters on their way: each is a file, synced, before anybody counts on it, and goes away when its target has taken it.
 * So a letter arrives at least once whatever ends this process, and the same one, by its id, perhaps again.
 *
 * Each target has a queue of its own, in order, with backoff; one that is down holds up no other. A queue is bounded:
 * when it is full the oldest letter whose topic has a newer one is left out (the newer says for how many it stands),
 * else the oldest.
 */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Random } from '../service/ports.ts';
import type { Letter, Message } from './message.ts';
import { writeSynced } from './synced.ts';

/** What became of an attempt. `refused`: this letter will not be taken, whatever is tried. */
export type Outcome =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'failed' | 'refused'; readonly why: string; readonly retryAfterMs?: number };

export interface Target {
  readonly name: string;
  readonly type: 'webhook' | 'slack' | 'commit-status';
  /** The letter's topic where it wants the message; undefined where it does not. */
  topicOf(message: Message): { readonly topic: string; readonly latestOnly: boolean } | undefined;
  /** One attempt, until `signal` aborts; never rejects. */
  send(letter: Letter, signal: AbortSignal): Promise<Outcome>;
}

export interface OutboxParts {
  readonly dir: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly targets: readonly Target[];
  readonly told: (type: Target['type'], result: 'delivered' | 'failed' | 'dropped') => void;
  readonly log: (
    level: 'warn' | 'info',
    message: string,
    facts: Readonly<Record<string, string | number>>,
  ) => void;
}

interface Waiting {
  readonly letter: Letter;
  readonly file: string;
}

const MOST = 200;
const FIRST_MS = 1_000;
const LONGEST_MS = 5 * 60_000;
/** Attempts for a letter that its target refuses for what it says. */
const REFUSALS = 5;

export class Outbox {
  readonly #parts: OutboxParts;
  readonly #queues = new Map<string, Waiting[]>();
  readonly #wake = new Map<string, () => void>();
  #made = 0;
  #diskBroken = false;

  private constructor(parts: OutboxParts) {
    this.#parts = parts;
  }

  /** Takes up what an earlier life left. Rejects as the file system says it. */
  static async open(parts: OutboxParts): Promise<Outbox> {
    const outbox = new Outbox(parts);
    await mkdir(parts.dir, { recursive: true, mode: 0o700 });
    for (const { name } of parts.targets) outbox.#queues.set(name, []);
    for (const name of (await readdir(parts.dir)).sort()) {
      const file = join(parts.dir, name);
      const letter = name.endsWith('.json') ? await readLetter(file) : undefined;
      const queue = letter === undefined ? undefined : outbox.#queues.get(letter.target);
      if (letter !== undefined && queue === undefined)
        parts.log('warn', 'a message is left out: its target is no longer there', { target: letter.target });
      if (letter === undefined || queue === undefined) await rm(file, { force: true, recursive: true });
      else queue.push({ letter, file });
    }
    return outbox;
  }

  waiting(): number {
    return [...this.#queues.values()].reduce((sum, queue) => sum + queue.length, 0);
  }

  /** Resolves when it is on disk for each target that wants it (or the disk does not take it: then it is kept in mind). */
  async post(message: Message): Promise<void> {
    for (const target of this.#parts.targets) {
      const topic = target.topicOf(message);
      if (topic !== undefined) await this.#enqueue(target, { ...topic, message });
    }
  }

  /** Delivers until `signal` aborts; what has not left then leaves in the next life. */
  async run(signal: AbortSignal): Promise<void> {
    const wakeAll = () => {
      for (const wake of this.#wake.values()) wake();
    };
    signal.addEventListener('abort', wakeAll, { once: true });
    await Promise.all(this.#parts.targets.map((target) => this.#deliver(target, signal)));
    signal.removeEventListener('abort', wakeAll);
  }

  async #enqueue(target: Target, part: Pick<Letter, 'topic' | 'latestOnly' | 'message'>): Promise<void> {
    const { clock, dir } = this.#parts;
    const queue = this.#queues.get(target.name) ?? [];
    const { id } = part.message;
    // Posted by an earlier life that did not come to note it.
    if (queue.some(({ letter }) => letter.id === id)) return;
    let collapsed = 0;
    // The first one may be under way.
    const older = part.latestOnly ? queue.slice(1).filter(({ letter }) => letter.topic === part.topic) : [];
    for (const one of older) collapsed += 1 + this.#leaveOut(queue, one);
    if (queue.length >= MOST) {
      const [, ...rest] = queue;
      const later = (one: Waiting) =>
        rest.findLast(({ letter }) => letter.topic === one.letter.topic) !== one;
      const victim = rest.find((one) => one.letter.topic === part.topic || later(one)) ?? rest[0];
      if (victim !== undefined) {
        const stood = 1 + this.#leaveOut(queue, victim);
        if (victim.letter.topic === part.topic) collapsed += stood;
        this.#parts.told(target.type, 'dropped');
      }
    }
    const at = clock.wall();
    this.#made += 1;
    const letter: Letter = { id, target: target.name, at, collapsed, ...part };
    const order = `${String(Math.round(at)).padStart(15, '0')}-${String(this.#made).padStart(6, '0')}`;
    const file = join(dir, `${order}-${id}.json`);
    await this.#write(file, letter);
    queue.push({ letter, file });
    this.#wake.get(target.name)?.();
  }

  async #write(file: string, letter: Letter): Promise<void> {
    try {
      await writeSynced(file, JSON.stringify(letter));
      this.#diskBroken = false;
    } catch (error) {
      if (!this.#diskBroken) {
        const why = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
        this.#parts.log('warn', 'a message cannot be written down; it is lost if the daemon ends now', {
          why,
        });
      }
      this.#diskBroken = true;
    }
  }

  /** Takes it out, and answers for how many it stood. */
  #leaveOut(queue: Waiting[], one: Waiting): number {
    const index = queue.indexOf(one);
    if (index >= 0) queue.splice(index, 1);
    void rm(one.file, { force: true }).catch(() => {});
    return one.letter.collapsed;
  }

  async #deliver(target: Target, signal: AbortSignal): Promise<void> {
    const { clock, random, told, log } = this.#parts;
    const queue = this.#queues.get(target.name) ?? [];
    for (let attempts = 0; !signal.aborted; ) {
      const first = queue[0];
      if (first === undefined) {
        await new Promise<void>((resolve) => this.#wake.set(target.name, resolve));
        continue;
      }
      const outcome = await target.send(first.letter, signal);
      if (signal.aborted && outcome.kind !== 'delivered') return;
      attempts += 1;
      if (outcome.kind === 'delivered' || (outcome.kind === 'refused' && attempts >= REFUSALS)) {
        told(target.type, outcome.kind === 'delivered' ? 'delivered' : 'dropped');
        if (outcome.kind === 'refused')
          log('warn', 'a message is given up: its target refuses it', {
            target: target.name,
            why: outcome.why,
          });
        else if (attempts > 1) log('info', 'messages are delivered again', { target: target.name, attempts });
        attempts = 0;
        queue.splice(queue.indexOf(first), 1);
        await rm(first.file, { force: true }).catch(() => {});
        continue;
      }
      told(target.type, 'failed');
      const { why, retryAfterMs = 0 } = outcome;
      if (attempts === 1)
        log('warn', 'a message could not be delivered; it is tried again', { target: target.name, why });
      const backoff =
        Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempts - 1, 20)) * (0.5 + random.next() / 2);
      await clock.sleep(Math.max(backoff, retryAfterMs), signal);
    }
  }
}

async function readLetter(file: string): Promise<Letter | undefined> {
  try {
    const letter = JSON.parse(await readFile(file, 'utf8')) as Letter;
    return typeof letter.id === 'string' && typeof letter.message.kind === 'string' ? letter : undefined;
  } catch {
    return undefined;
  }
}
