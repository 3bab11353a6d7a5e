/**
 * The event stream as messages to people and forges. It listens and looks at the status from time to time; nothing it
 * does can fail a pass or hold one up: what is to be told goes to the outbox, which writes it down by itself.
 *
 * What is about to be told is noted before it goes to the outbox, and taken up by the next life if this one ends in
 * between: a crash tells something twice, never not, and no end of a cause is lost.
 */
import type { Event } from '../service/event.ts';
import type { ApiFailure } from '../service/failure.ts';
import type { Clock, Random } from '../service/ports.ts';
import type { Block, Objection } from '../service/service.ts';
import type { FleetStatus } from '../service/status.ts';
import { Alerts, type Told } from './alerts.ts';
import { Commits } from './commits.ts';
import type { CommitState, Content, Message } from './message.ts';

/** What was told before a restart. */
export interface Notes {
  readonly told: readonly Told[];
  readonly commit?: CommitState;
  /** The revision whose convergence was told last. */
  readonly converged?: string;
  /** On its way to the outbox. */
  readonly pending?: readonly Message[];
}

export interface NotifierParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly notes: Notes;
  /** Undefined before the fleet was seen. */
  readonly status: () => FleetStatus | undefined;
  /** Resolves when it is written down for every target that wants it; never rejects. */
  readonly post: (messages: readonly Message[]) => Promise<void>;
  /** Keeps what was told; never rejects. */
  readonly keep: (notes: Notes) => Promise<void>;
  readonly words: {
    readonly block: (name: string, block: Block) => string;
    readonly failure: (failure: ApiFailure) => string;
    readonly objection: (objection: Objection) => string;
  };
}

const LOOK_EVERY_MS = 15_000;
/** Blocked on purpose, or for another's sake: that other is told. */
const QUIET: readonly Block['code'][] = ['suspended', 'dependency', 'deletes-refused'];

export class Notifier {
  readonly #parts: NotifierParts;
  readonly #alerts: Alerts;
  readonly #commits: Commits;
  #posting = Promise.resolve();
  #settled = false;
  #changed: { readonly revision: string; readonly names: readonly string[] } | undefined;
  #converged: string | undefined;
  #kept = '';

  constructor(parts: NotifierParts) {
    this.#parts = parts;
    this.#alerts = new Alerts(parts.clock, parts.notes.told);
    this.#commits = new Commits(parts.notes.commit);
    const { pending = [], ...notes } = parts.notes;
    this.#converged = notes.converged;
    if (pending.length > 0) this.#posting = parts.post(pending).then(() => parts.keep(notes));
  }

  /** Causes that were told and have not ended. */
  open(): number {
    return this.#alerts.told().length;
  }

  listen(event: Event): void {
    this.#note(event);
    const messages: Content[] = [];
    const commit = this.#commits.listen(event);
    if (commit !== undefined) messages.push(commit);
    if (event.type === 'fleet:converged' && event.blocked === 0 && this.#changed !== undefined) {
      const { revision, names } = this.#changed;
      this.#changed = undefined;
      this.#converged = revision;
      const count = `${event.services} service${event.services === 1 ? '' : 's'}`;
      const title = `converged: ${count} as wished`;
      messages.push({
        kind: 'converged',
        title,
        text: '',
        causes: [`revision ${revision}`],
        services: names,
        revision,
      });
    }
    const ends = event.type === 'pass:end' || event.type === 'pass:failed';
    this.#post(ends ? [...messages, ...this.#look()] : messages);
  }

  /** Looks at times of its own too, so that five minutes are five minutes; until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#parts.clock.sleep(LOOK_EVERY_MS, signal);
      if (!signal.aborted) this.#post(this.#look());
    }
    await this.#posting;
  }

  #note(event: Event): void {
    const { words } = this.#parts;
    switch (event.type) {
      case 'observation:failed':
        this.#alerts.holds('api', words.failure(event.failure));
        return;
      case 'pass:failed':
        this.#alerts.failedAgain('api');
        return;
      case 'observation:recovered':
        this.#alerts.ends('api');
        return;
      case 'source:incomplete':
        this.#alerts.holds('source', event.problems.slice(0, 5).join('\n'));
        return;
      case 'pass:start':
        if (event.complete) this.#alerts.ends('source');
        else this.#alerts.failedAgain('source');
        return;
      case 'source:changed':
        this.#changed = { revision: event.revision, names: event.names };
        return;
      case 'operation:accepted':
        this.#written(event.name, event.revision);
        return;
      case 'journal:failed':
        this.#alerts.holds('journal', event.message);
        return;
      case 'deletes:refused':
        this.#alerts.holds('deletes', words.objection(event.objection));
        return;
      case 'operation:failed':
        this.#alerts.holds('failing', words.failure(event.failure), {
          service: event.name,
          failures: event.attempts,
        });
        return;
      case 'pass:end':
        this.#settled = true;
        this.#alerts.ends('api');
        return;
      default:
        return;
    }
  }

  /**
   * What a first pass creates no change of the manifests announces, so writes do. What drifts and is healed later under
   * a revision that has converged is no news.
   */
  #written(name: string, revision: string | undefined): void {
    if (revision === undefined || revision === this.#converged) return;
    const { names } = this.#changed ?? { names: [] };
    if (this.#changed !== undefined && this.#changed.revision !== revision) return;
    this.#changed = { revision, names: [...new Set([...names, name])].sort() };
  }

  /** What holds for single services is read from the status; then what is due. */
  #look(): readonly Content[] {
    const services = this.#parts.status()?.services;
    if (services !== undefined) {
      const blocked = services.filter(({ sync, block }) => sync === 'blocked' && block !== undefined);
      for (const { name, block } of blocked)
        if (block !== undefined && !QUIET.includes(block.code))
          this.#alerts.holds('blocked', this.#parts.words.block(name, block), { service: name });
      const loud = blocked.filter(({ block }) => block !== undefined && !QUIET.includes(block.code));
      this.#alerts.endAllBut('blocked', new Set(loud.map(({ name }) => name)));
      if (!blocked.some(({ block }) => block?.code === 'deletes-refused')) this.#alerts.ends('deletes');
      const stalled = services.filter(({ sync }) => sync === 'stalled');
      for (const { name, state, note } of stalled)
        this.#alerts.holds(
          'stalled',
          `in ${state} for longer than it may take${note === undefined ? '' : `: ${note}`}`,
          {
            service: name,
          },
        );
      this.#alerts.endAllBut('stalled', new Set(stalled.map(({ name }) => name)));
      for (const { name, sync, waitsFor } of services)
        if (sync === 'waiting' && waitsFor?.startsWith('backoff'))
          this.#alerts.holds('failing', waitsFor, { service: name });
      // While it is tried again it is not well yet.
      const trying = services.filter(({ sync }) => ['waiting', 'out-of-sync', 'changing'].includes(sync));
      this.#alerts.endAllBut('failing', new Set(trying.map(({ name }) => name)));
    }
    return this.#alerts.due(this.#settled);
  }

  #post(contents: readonly Content[]): void {
    const messages = contents.map((content) => ({ ...content, id: this.#parts.random.uuid() }));
    const notes = {
      told: this.#alerts.told(),
      ...commitOf(this.#commits.told()),
      ...(this.#converged !== undefined && { converged: this.#converged }),
    };
    const text = JSON.stringify(notes);
    if (messages.length === 0 && text === this.#kept) return;
    this.#kept = text;
    this.#posting = this.#posting.then(async () => {
      const { keep, post } = this.#parts;
      if (messages.length > 0) {
        await keep({ ...notes, pending: messages });
        await post(messages);
      }
      await keep(notes);
    });
  }
}

const commitOf = (commit: CommitState | undefined) => (commit === undefined ? {} : { commit });
