/**
 * The manifests as another commit of the same checkout has them, for `plan --base`: where the branch left the base, so
 * that what happened on the base since is not shown as this branch's doing. Reads the repository's objects only: no
 * work tree, no index, no hook, no fetch.
 */
import { existsSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import type { Limits } from '../../service/limits.ts';
import type { Snapshot, SourceFile } from '../../service/ports.ts';
import { reason } from '../files.ts';
import type { GitRef } from './address.ts';
import { BlobCache } from './blobs.ts';
import type { GitResult, RunGit } from './command.ts';
import { environment } from './environment.ts';
import { explain } from './failure.ts';
import { commitOf } from './history.ts';
import type { GitLimits } from './limits.ts';
import { type Blob, type Local, listTree, treeId } from './tree.ts';

export interface CheckoutOptions {
  /** As the user gave them; they need not exist any more. */
  readonly paths: readonly string[];
  readonly base: GitRef;
  readonly inherited: Readonly<Record<string, string>>;
  readonly run: RunGit;
  readonly limits: GitLimits;
  readonly manifestLimits: Limits;
}

export interface BaseReading {
  readonly snapshot: Snapshot;
  /** The base's commit. */
  readonly sha: string;
  /** The commit that was compared with: the last one that base and checkout share. */
  readonly from: string;
  /** Commits of the base since then; undefined = no shared commit is known, and `from` is the base itself. */
  readonly behind: number | undefined;
}

/** Why it cannot be read, in words. Never throws. */
export async function readBase(options: CheckoutOptions, signal: AbortSignal): Promise<BaseReading | string> {
  try {
    return await new Checkout(options, signal).read();
  } catch (error) {
    return error instanceof Refusal ? error.message : reason(error);
  }
}

class Refusal extends Error {}

class Checkout {
  readonly #options: CheckoutOptions;
  readonly #signal: AbortSignal;
  constructor(options: CheckoutOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
  }

  async read(): Promise<BaseReading> {
    const { paths, base, limits, manifestLimits } = this.#options;
    const places = paths.map(existing);
    const top = await this.#top(places[0]?.real ?? '.');
    const local = this.#local(top);
    const sha = await commitOf(local, base.text);
    if (typeof sha !== 'string')
      throw new Refusal(`there is no commit ${base.text} in ${top}; fetch it first: ${fetchOf(base.text)}`);
    const shared = await local(['merge-base', '--end-of-options', sha, 'HEAD']);
    const from = shared.ok ? shared.stdout.toString('utf8').trim() : sha;
    const blobs: Blob[] = [];
    const problems: string[] = [];
    for (const { real, rest } of places) {
      const inside = relative(top, join(real, rest));
      if (inside === '..' || inside.startsWith(`..${sep}`))
        throw new Refusal(`${join(real, rest)} is not in ${top}`);
      const found = await this.#list(local, from, inside.split(sep).join('/'), limits.listBytes);
      blobs.push(...found.blobs);
      problems.push(...found.problems);
    }
    const read = await new BlobCache().read(local, blobs, manifestLimits);
    if (read.kind === 'failed') throw this.#failed(read.result);
    if (read.kind === 'refused') problems.push(...read.problems);
    const files: readonly SourceFile[] = read.kind === 'files' ? read.files : [];
    const snapshot: Snapshot =
      problems.length > 0
        ? { kind: 'unreadable', files, problems }
        : { kind: 'complete', files, revision: from };
    return { snapshot, sha, from, behind: shared.ok ? await this.#count(local, from, sha) : undefined };
  }

  async #top(directory: string): Promise<string> {
    const result = await this.#local(directory)(['rev-parse', '--show-toplevel']);
    const top = result.stdout.toString('utf8').replace(/\n$/, '');
    if (result.ok && top !== '') return realpathSync(top);
    if (result.ended !== undefined) throw this.#failed(result);
    throw new Refusal(`${directory} is in no git checkout`);
  }

  async #list(local: Local, commit: string, path: string, maxBytes: number) {
    const tree = await treeId(local, commit, path);
    if (tree.kind === 'failed') throw this.#failed(tree.result);
    if (tree.kind === 'absent')
      return { blobs: tree.blob === undefined ? [] : [{ path, id: tree.blob }], problems: [] };
    const listed = await listTree(local, tree.id, path, maxBytes);
    if (listed.kind !== 'tree') throw this.#failed('result' in listed ? listed.result : undefined);
    return listed;
  }

  async #count(local: Local, from: string, sha: string): Promise<number> {
    const result = await local(['rev-list', '--count', '--end-of-options', sha, `^${from}`]);
    return Number(result.stdout.toString('utf8').trim());
  }

  #failed(result: GitResult | undefined): Refusal {
    const said =
      result === undefined
        ? 'an object is missing'
        : explain(result, [], this.#options.limits.localMs).message;
    return new Refusal(`${said}; a clone without all objects (--filter) does not hold it`);
  }

  /** `safe.directory`: in CI a checkout often belongs to somebody else; none of these commands runs what it names. */
  #local(cwd: string): Local {
    const { inherited, run, limits } = this.#options;
    const env = environment(inherited, [['safe.directory', '*']]);
    return (args, more) =>
      run({
        args,
        cwd,
        env,
        maxBytes: 1024 * 1024,
        timeoutMs: limits.localMs,
        signal: this.#signal,
        ...more,
      });
  }
}

/** `origin/main` is brought by `git fetch origin main`. */
function fetchOf(base: string): string {
  const [, remote, branch] = /^([^/]+)\/(.+)$/.exec(base) ?? [];
  return remote === undefined || remote === 'refs' ? 'git fetch origin' : `git fetch ${remote} ${branch}`;
}

/** The nearest directory that exists, and the rest of the path below it. */
function existing(path: string): { readonly real: string; readonly rest: string } {
  let at = resolve(path);
  const rest: string[] = [];
  while (!existsSync(at) || !statSync(at).isDirectory()) {
    rest.unshift(basename(at));
    at = dirname(at);
  }
  return { real: realpathSync(at), rest: rest.join(sep) };
}
