/**
 * One attempt to bring the newest commit: ask, fetch, judge, read, remember. Trouble with the mirror is mended by making
 * it anew, at most once in ten minutes; all other trouble is a problem in words.
 */
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { reason } from '../files.ts';
import type { GitResult } from './command.ts';
import { CommitFiles } from './commit-files.ts';
import { explain, type GitFailure } from './failure.ts';
import { commitOf } from './history.ts';
import { Mirror, MirrorError } from './mirror.ts';
import type { GitSourceOptions } from './options.ts';
import { askHead, branchesOf, fetchHead, type Head, type Remote } from './remote.ts';
import { type Taken, Taking } from './taking.ts';
import type { Local } from './tree.ts';
import { Problem, Suspicion, suspect } from './trouble.ts';

export type Outcome =
  | { readonly kind: 'taken'; readonly taken: Taken }
  | { readonly kind: 'problems'; readonly problems: readonly string[] };

const REBUILD_MS = 10 * 60_000;
/** How often, and how long in milliseconds, another process on the same mirror is given way. */
const CONTENDED = 5;
const CONTENDED_MS = 50;

export class Attempt {
  readonly #options: GitSourceOptions;
  readonly #remote: Remote;
  readonly #mirror: Mirror;
  readonly #taking: Taking;
  readonly #files: CommitFiles;
  /** Where the fetched head is kept in the mirror. */
  readonly #incoming: string;
  readonly #begun: number[] = [];
  /** The head whose commit is in the mirror: one that has not moved costs one question to the server. */
  #brought: { readonly id: string; readonly commit: string } | undefined;
  #tooLarge: { readonly id: string; readonly until: number } | undefined;
  #rebuiltAt = Number.NEGATIVE_INFINITY;
  #tidying: Promise<unknown> = Promise.resolve();

  constructor(options: GitSourceOptions) {
    this.#options = options;
    const { url, ref, path, access, inherited, run, limits, mirrors, clock } = options;
    this.#remote = { url, access, inherited, run, limits, cwd: mirrors };
    const now = () => clock.wall();
    this.#mirror = new Mirror({
      base: mirrors,
      name: `${hash(url.text)}.git`,
      inherited,
      run,
      limits,
      now,
    });
    this.#files = new CommitFiles(options, this.#mirror.dir);
    const of = [url.text, ref.candidates.join(' '), path].join('\n');
    this.#incoming = `refs/evenkeel/incoming-${hash(of)}`;
    this.#taking = new Taking({ options, mirror: this.#mirror, of, as: `refs/evenkeel/taken-${hash(of)}` });
  }

  /** Never rejects. */
  async run(signal: AbortSignal): Promise<Outcome> {
    try {
      await this.#space(signal);
      await this.#tidying;
      return { kind: 'taken', taken: await this.#mended(signal) };
    } catch (error) {
      if (error instanceof Problem) return { kind: 'problems', problems: error.problems };
      return { kind: 'problems', problems: [`EK413 ${this.#mirror.dir}: ${said(error)}`] };
    }
  }

  /** What was taken last, also before a restart, as long as the mirror has it. Never rejects. */
  async kept(signal: AbortSignal): Promise<Pick<Taken, 'files' | 'commit'> | undefined> {
    const last = this.#taking.last;
    if (last !== undefined) return last;
    const sha = this.#taking.lastSha;
    if (sha === undefined) return undefined;
    try {
      const files = await this.#files.read(sha, this.#local(signal));
      return { files, commit: { sha, allowDeletes: [] } };
    } catch {
      return undefined;
    }
  }

  async close(): Promise<void> {
    await this.#tidying;
  }

  /** At most two attempts begin within the spacing, however many hints come. */
  async #space(signal: AbortSignal): Promise<void> {
    const { clock, limits } = this.#options;
    const before = this.#begun.at(-2);
    const wait = before === undefined ? 0 : before + limits.spacingMs - clock.monotonic();
    if (wait > 0) await clock.sleep(wait, signal);
    this.#begun.push(clock.monotonic());
    this.#begun.splice(0, this.#begun.length - 2);
  }

  async #mended(signal: AbortSignal): Promise<Taken> {
    try {
      return await this.#once(signal);
    } catch (error) {
      const { clock } = this.#options;
      const soon = clock.monotonic() - this.#rebuiltAt < REBUILD_MS;
      if (!(error instanceof Suspicion) || soon || signal.aborted) throw error;
      this.#rebuiltAt = clock.monotonic();
      this.#brought = undefined;
      await this.#mirror.rebuild(this.#idLength, signal);
      return this.#once(signal);
    }
  }
  #idLength = 40;

  async #once(signal: AbortSignal): Promise<Taken> {
    const local = this.#local(signal);
    const { head, fetched } = await this.#bring(signal);
    const commit =
      this.#brought?.id === head.id ? this.#brought.commit : await commitOf(local, this.#incoming);
    if (typeof commit !== 'string') throw suspect(commit, `${head.name} is no commit`, this.#mirror.dir);
    this.#brought = { id: head.id, commit };
    const taken = await this.#taking.take(commit, head.name, signal, () => this.#files.read(commit, local));
    if ('problems' in taken) throw new Problem(taken.problems);
    if ('failed' in taken) throw suspect(taken.failed, 'the history cannot be read', this.#mirror.dir);
    if (fetched && this.#mirror.manyPacks)
      this.#tidying = this.#mirror.local(['repack', '-a', '-d', '-q'], signal);
    return taken;
  }

  /** The head is in the mirror when it returns. */
  async #bring(signal: AbortSignal): Promise<{ readonly head: Head; readonly fetched: boolean }> {
    const { ref, limits, clock, mirrors } = this.#options;
    mkdirSync(mirrors, { recursive: true, mode: 0o700 });
    const asked = await askHead(this.#remote, ref, signal);
    if (!asked.ok) {
      if (asked.failure === 'gone') throw await this.#gone(signal);
      throw this.#unfetched(asked.failure);
    }
    const head = asked.value;
    this.#branches = undefined;
    if (this.#brought?.id === head.id) this.#unwell = undefined;
    this.#idLength = head.id.length;
    if (this.#brought?.id === head.id) return { head, fetched: false };
    if (this.#tooLarge?.id === head.id && clock.monotonic() < this.#tooLarge.until)
      throw new Problem([this.#tooLargeText()]);
    await this.#mirror.open(head.id.length, signal);
    const tooMuch = () => this.#mirror.bytes() > limits.mirrorBytes;
    const fetch = () => fetchHead(this.#remote, head, this.#mirror.dir, this.#incoming, tooMuch, signal);
    if (await this.#has(head, signal)) return { head, fetched: false };
    let got = await fetch();
    for (let again = 1; again < CONTENDED && !got.ok && isContended(got.failure); again++) {
      await clock.sleep(CONTENDED_MS * again, signal);
      // The other one may have brought the same.
      if (await this.#has(head, signal)) return { head, fetched: false };
      got = await fetch();
    }
    if (got.ok) this.#unwell = undefined;
    if (got.ok && !tooMuch()) {
      // Another replica may have answered, or somebody has pushed: what came counts, not what was announced.
      const came = await this.#came(signal);
      if (typeof came !== 'string') throw suspect(came, `${head.name} did not come`, this.#mirror.dir);
      return { head: { ...head, id: came }, fetched: true };
    }
    if (got.ok || (got.failure !== 'gone' && got.failure.fault === 'size')) {
      this.#tooLarge = { id: head.id, until: clock.monotonic() + limits.tooLargeMs };
      await this.#mirror.shrink(this.#incoming, head.id.length, signal);
      throw new Problem([this.#tooLargeText()]);
    }
    if (got.failure === 'gone') throw await this.#gone(signal);
    if (got.failure.fault === 'mirror') throw new Suspicion(got.failure.message);
    throw this.#unfetched(got.failure);
  }

  /** The branches that are there are asked for once, so that each poll says the same. */
  async #gone(signal: AbortSignal): Promise<Problem> {
    const { ref, url } = this.#options;
    this.#branches ??= await branchesOf(this.#remote, signal);
    const branches = this.#branches;
    const there = branches.length === 0 ? '' : `; branches that are there: ${branches.join(', ')}`;
    const [kind, otherwise] = kindOf(ref);
    return new Problem([`EK408 ${url.text}: there is no ${kind} ${ref.text}${otherwise}${there}`]);
  }
  #branches: readonly string[] | undefined;

  async #has(head: Head, signal: AbortSignal): Promise<boolean> {
    return (await this.#came(signal)) === head.id;
  }

  /** What was fetched last, as far as the mirror knows. */
  async #came(signal: AbortSignal): Promise<string | GitResult> {
    const there = await this.#mirror.local(['rev-parse', '--verify', '--quiet', this.#incoming], signal);
    return there.ok ? there.stdout.toString('utf8').trim() : there;
  }

  /**
   * What the server says of one trouble varies (times, request ids): while the trouble is the same, so are the words,
   * or each poll would be news. Credentials that cannot be used have a code of their own.
   */
  #unfetched({ message }: GitFailure): Problem {
    const kind = message.split(' (')[0] ?? '';
    if (this.#unwell?.kind !== kind) {
      const text = message.startsWith('EK') ? message : `EK407 ${this.#options.url.text}: ${message}`;
      this.#unwell = { kind, text };
    }
    return new Problem([this.#unwell.text]);
  }
  #unwell: { readonly kind: string; readonly text: string } | undefined;

  #tooLargeText(): string {
    const { url, limits } = this.#options;
    return `EK407 ${url.text}: the repository is larger than the ${Math.floor(limits.mirrorBytes / 1024 / 1024)} MiB that are taken`;
  }

  #local(signal: AbortSignal): Local {
    return (args, more) => this.#mirror.local(args, signal, more);
  }
}

function said(error: unknown): string {
  if (error instanceof Suspicion) return `${error.message}; it is damaged, and a new one did not help`;
  if (error instanceof MirrorError) return explain(error.result, [], 0).message;
  return reason(error);
}

/** What was asked for, and how another is named. */
function kindOf({ kind, candidates }: GitSourceOptions['ref']): readonly [kind: string, otherwise: string] {
  if (kind === 'commit') return ['commit', ''];
  if (candidates.length > 1) return ['branch or tag', '; --ref names another'];
  return candidates[0]?.startsWith('refs/heads/') ? ['branch', '; --branch names another'] : ['ref', ''];
}

function isContended(failure: GitFailure | 'gone'): boolean {
  return failure !== 'gone' && failure.fault === 'contended';
}

const hash = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 16);
