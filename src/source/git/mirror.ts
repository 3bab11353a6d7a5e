/**
 * The private, bare mirror on disk. It is a cache: whatever is wrong with it, it is made anew in a directory of its
 * own and put in place by a rename, so that another process never sees half of one (`research/reliability.md` G8).
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { GitResult, RunGit, Subcommand } from './command.ts';
import { environment } from './environment.ts';
import type { GitLimits } from './limits.ts';

export interface MirrorOptions {
  /** The directory that it and its drafts are in; made if it is not there. */
  readonly base: string;
  /** A file name. */
  readonly name: string;
  readonly inherited: Readonly<Record<string, string>>;
  readonly run: RunGit;
  readonly limits: GitLimits;
  /** Wall-clock milliseconds. */
  readonly now: () => number;
}

/** So many times the longest command after its last change a draft is nobody's. */
const STALE = 2;
/** Milliseconds after which a lock is nobody's: one is held for an instant. */
const STALE_LOCK_MS = 30_000;

export class Mirror {
  readonly dir: string;
  readonly #options: MirrorOptions;

  constructor(options: MirrorOptions) {
    this.#options = options;
    this.dir = join(options.base, options.name);
  }

  /** Runs a command that only needs the mirror. */
  local(
    args: readonly [Subcommand, ...string[]],
    signal: AbortSignal,
    more: { readonly input?: string; readonly maxBytes?: number; readonly config?: [string, string][] } = {},
  ): Promise<GitResult> {
    const { inherited, run, limits } = this.#options;
    return run({
      args,
      cwd: this.dir,
      env: environment(inherited, more.config ?? [], { GIT_DIR: this.dir }),
      maxBytes: more.maxBytes ?? 1024 * 1024,
      timeoutMs: limits.localMs,
      signal,
      ...(more.input === undefined ? {} : { input: more.input }),
    });
  }

  /** Makes it if it is not there. Throws the system's error, or one with what git said. */
  async open(idLength: number, signal: AbortSignal): Promise<void> {
    if (existsSync(join(this.dir, 'HEAD'))) {
      this.#sweep();
      return;
    }
    const draft = await this.#draft(idLength, signal);
    try {
      renameSync(draft, this.dir);
    } catch {
      // Another process was first, or something is in its place.
      if (existsSync(join(this.dir, 'HEAD'))) rmSync(draft, { recursive: true, force: true });
      else this.#replace(draft);
    }
  }

  /** Makes it anew, empty. */
  async rebuild(idLength: number, signal: AbortSignal): Promise<void> {
    this.#replace(await this.#draft(idLength, signal));
  }

  async #draft(idLength: number, signal: AbortSignal): Promise<string> {
    const { base, name, inherited, run, limits } = this.#options;
    mkdirSync(base, { recursive: true, mode: 0o700 });
    const draft = mkdtempSync(join(base, `${name}.draft-`));
    const format = idLength === 64 ? ['--object-format=sha256'] : [];
    const made = await run({
      args: ['init', '--quiet', '--bare', '--template=', '--initial-branch=none', ...format, draft],
      cwd: base,
      env: environment(inherited, []),
      maxBytes: 1024 * 1024,
      timeoutMs: limits.localMs,
      signal,
    });
    if (!made.ok) {
      rmSync(draft, { recursive: true, force: true });
      throw new MirrorError(made);
    }
    return draft;
  }

  #replace(draft: string): void {
    // Two steps: a directory does not replace one that holds something.
    const old = `${draft}.old`;
    try {
      renameSync(this.dir, old);
    } catch {
      // There was none.
    }
    renameSync(draft, this.dir);
    rmSync(old, { recursive: true, force: true });
  }

  /** Lets a ref and all that only it led to go, and drafts of packs. What cannot be let go makes a new mirror. */
  async shrink(ref: string, idLength: number, signal: AbortSignal): Promise<void> {
    const packs = join(this.dir, 'objects', 'pack');
    for (const file of list(packs)) if (file.startsWith('tmp_')) rmSync(join(packs, file), { force: true });
    if (this.bytes() <= this.#options.limits.mirrorBytes) return;
    await this.local(['update-ref', '-d', '--end-of-options', ref], signal);
    await this.local(['repack', '-a', '-d', '-q'], signal);
    if (this.bytes() > this.#options.limits.mirrorBytes) await this.rebuild(idLength, signal);
  }

  /** Bytes of packs, drafts of packs included. */
  bytes(): number {
    return sum(this.#packs().map(({ bytes }) => bytes));
  }

  get manyPacks(): boolean {
    return this.#packs().filter(({ name }) => name.endsWith('.pack')).length > this.#options.limits.packs;
  }

  #packs(): readonly { readonly name: string; readonly bytes: number }[] {
    const dir = join(this.dir, 'objects', 'pack');
    return list(dir).flatMap((name) => {
      const stats = statSync(join(dir, name), { throwIfNoEntry: false });
      return stats === undefined ? [] : [{ name, bytes: stats.size }];
    });
  }

  /** Takes away what killed commands left: locks, drafts of packs, drafts of whole mirrors. */
  #sweep(): void {
    const { base, name, limits, now } = this.#options;
    const longest = STALE * Math.max(limits.exchangeMs, limits.localMs);
    const dead = (path: string, ms = longest) => {
      const stats = statSync(path, { throwIfNoEntry: false });
      if (stats !== undefined && stats.mtimeMs < now() - ms) rmSync(path, { recursive: true, force: true });
    };
    const refs = join(this.dir, 'refs');
    for (const ref of list(refs, true)) if (ref.endsWith('.lock')) dead(join(refs, ref), STALE_LOCK_MS);
    for (const file of list(this.dir)) if (file.endsWith('.lock')) dead(join(this.dir, file), STALE_LOCK_MS);
    const packs = join(this.dir, 'objects', 'pack');
    for (const file of list(packs)) if (/^tmp_|\.(?:lock|keep)$/.test(file)) dead(join(packs, file));
    for (const file of list(base)) if (file.startsWith(`${name}.draft-`)) dead(join(base, file));
  }
}

/** git could not make or read the mirror. */
export class MirrorError extends Error {
  readonly result: GitResult;
  constructor(result: GitResult) {
    super('the mirror cannot be used');
    this.result = result;
  }
}

function list(dir: string, recursive = false): readonly string[] {
  try {
    return readdirSync(dir, { encoding: 'utf8', recursive });
  } catch {
    return [];
  }
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);
