/**
 * One attempt to bring the newest commit: ask, fetch, judge, read, remember. Trouble with the mirror is mended by making
 * it anew, at most once in ten minutes; all other trouble is a problem in words.
 */
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import type { SourceFile } from '../../service/ports.ts';
import { reason } from '../files.ts';
import { BlobCache } from './blobs.ts';
import type { GitResult } from './command.ts';
import { explain, type GitFailure } from './failure.ts';
import { commitOf } from './history.ts';
import { Mirror, MirrorError } from './mirror.ts';
import type { GitSourceOptions } from './options.ts';
import { askHead, fetchHead, type Head, type Remote } from './remote.ts';
import { type Taken, Taking } from './taking.ts';
import { type Local, listTree, treeId } from './tree.ts';

export type Outcome =
  | { readonly kind: 'taken'; readonly taken: Taken }
  | { readonly kind: 'problems'; readonly problems: readonly string[] };

const REBUILD_MS = 10 * 60_000;
/** How often, and how long in milliseconds, another process on the same mirror is given way. */
const CONTENDED = 5;
const CONTENDED_MS = 50;

/** The mirror is suspected; `message` for the case that a new one does not help. */
class Suspicion extends Error {}

/** Said as it is. */
class Problem extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems[0]);
    this.problems = problems;
  }
}

/** The manifests' directory of the commit read last. */
interface Tree {
  readonly commit: string;
  readonly id: string;
  readonly files: readonly SourceFile[];
}

export class Attempt {
  readonly #options: GitSourceOptions;
  readonly #remote: Remote;
  readonly #mirror: Mirror;
  readonly #taking: Taking;
  readonly #blobs = new BlobCache();
  /** Where the fetched head is kept in the mirror. */
  readonly #incoming: string;
  readonly #begun: number[] = [];
  #tree: Tree | undefined;
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
      const files = await this.#files(sha, this.#local(signal));
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
    if (typeof commit !== 'string') throw this.#suspect(commit, `${head.name} is no commit`);
    this.#brought = { id: head.id, commit };
    const taken = await this.#taking.take(commit, head.name, signal, () => this.#files(commit, local));
    if ('problems' in taken) throw new Problem(taken.problems);
    if ('failed' in taken) throw this.#suspect(taken.failed, 'the history cannot be read');
    if (fetched && this.#mirror.manyPacks)
      this.#tidying = this.#mirror.local(['repack', '-a', '-d', '-q'], signal);
    return taken;
  }

  /** The head is in the mirror when it returns. */
  async #bring(signal: AbortSignal): Promise<{ readonly head: Head; readonly fetched: boolean }> {
    const { ref, url, limits, clock, mirrors } = this.#options;
    mkdirSync(mirrors, { recursive: true, mode: 0o700 });
    const asked = await askHead(this.#remote, ref, signal);
    if (!asked.ok) {
      if (asked.failure === 'gone') throw new Problem([`EK408 ${url.text}: there is no ${ref.text}`]);
      throw new Problem([`EK407 ${url.text}: ${asked.failure.message}`]);
    }
    const head = asked.value;
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
    if (got.ok && !tooMuch()) return { head, fetched: true };
    if (got.ok || (got.failure !== 'gone' && got.failure.fault === 'size')) {
      this.#tooLarge = { id: head.id, until: clock.monotonic() + limits.tooLargeMs };
      await this.#mirror.rebuild(head.id.length, signal);
      throw new Problem([this.#tooLargeText()]);
    }
    if (got.failure === 'gone') throw new Problem([`EK408 ${url.text}: there is no ${ref.text}`]);
    if (got.failure.fault === 'mirror') throw new Suspicion(got.failure.message);
    throw new Problem([`EK407 ${url.text}: ${got.failure.message}`]);
  }

  async #has(head: Head, signal: AbortSignal): Promise<boolean> {
    const there = await this.#mirror.local(['rev-parse', '--verify', '--quiet', this.#incoming], signal);
    return there.ok && there.stdout.toString('utf8').trim() === head.id;
  }

  #tooLargeText(): string {
    const { url, limits } = this.#options;
    return `EK407 ${url.text}: the repository is larger than the ${Math.floor(limits.mirrorBytes / 1024 / 1024)} MiB that are taken`;
  }

  /** The manifests of a commit. Throws a Problem where it cannot be read whole. */
  async #files(commit: string, local: Local): Promise<readonly SourceFile[]> {
    const { path, limits, manifestLimits, memoryFile, allowEmpty } = this.#options;
    const where = `${path === '' ? 'the repository' : `${path}/`} at ${commit.slice(0, 12)}`;
    if (this.#tree?.commit === commit) return this.#tree.files;
    const tree = await treeId(local, commit, path);
    if (tree.kind === 'failed') throw this.#suspect(tree.result, 'the tree cannot be read');
    if (tree.kind === 'absent') throw new Problem([`EK409 ${where}: ${tree.what}`]);
    if (this.#tree?.id === tree.id) {
      this.#tree = { ...this.#tree, commit };
      return this.#tree.files;
    }
    const listed = await listTree(local, tree.id, path, limits.listBytes);
    if (listed.kind !== 'tree')
      throw this.#suspect('result' in listed ? listed.result : undefined, 'no listing');
    if (listed.problems.length > 0) throw new Problem(listed.problems.slice(0, manifestLimits.messages));
    if (listed.blobs.length === 0 && memoryFile !== undefined && !allowEmpty)
      throw new Problem([`EK409 ${where}: no manifest is there; --allow-empty says that this is meant`]);
    const read = await this.#blobs.read(local, listed.blobs, manifestLimits);
    if (read.kind === 'failed') throw this.#suspect(read.result, 'an object is missing or damaged');
    if (read.kind === 'refused') throw new Problem(read.problems.slice(0, manifestLimits.messages));
    this.#tree = { commit, id: tree.id, files: read.files };
    return read.files;
  }

  #local(signal: AbortSignal): Local {
    return (args, more) => this.#mirror.local(args, signal, more);
  }

  /** A local command failed: the mirror is suspected, unless something else was the reason. */
  #suspect(result: GitResult | undefined, what: string): Error {
    if (result === undefined || (result.ended === undefined && result.stderr === ''))
      return new Suspicion(what);
    const { fault, message } = explain(result, [], this.#options.limits.localMs);
    if (fault === 'mirror' || (fault === 'remote' && result.ended === undefined))
      return new Suspicion(`${what}: ${message}`);
    return new Problem([`EK413 ${this.#mirror.dir}: ${what}: ${message}`]);
  }
}

function said(error: unknown): string {
  if (error instanceof Suspicion) return `${error.message}; it is damaged, and a new one did not help`;
  if (error instanceof MirrorError) return explain(error.result, [], 0).message;
  return reason(error);
}

function isContended(failure: GitFailure | 'gone'): boolean {
  return failure !== 'gone' && failure.fault === 'contended';
}

const hash = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 16);
