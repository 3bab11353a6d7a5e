/**
 * Real git repositories for tests, written commit by commit with fast-import: any tree, any mode, any history, in a few
 * milliseconds. And the source that reads them, with everything that can be set.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/cli/system.ts';
import { LIMITS } from '../../src/service/limits.ts';
import type { Snapshot } from '../../src/service/ports.ts';
import { parseBranch, parseGitUrl, parseTreePath } from '../../src/source/git/address.ts';
import { type GitCommand, gitRunner } from '../../src/source/git/command.ts';
import { GIT_LIMITS, type GitLimits } from '../../src/source/git/limits.ts';
import type { GitSourceOptions } from '../../src/source/git/options.ts';
import { type GitSource, gitSource } from '../../src/source/git/source.ts';

const ENV = {
  PATH: process.env['PATH'] ?? '',
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'a',
  GIT_AUTHOR_EMAIL: 'a@example.com',
  GIT_COMMITTER_NAME: 'a',
  GIT_COMMITTER_EMAIL: 'a@example.com',
};

/** Runs git; returns its output, trimmed. Throws with what it said. */
export function git(cwd: string, args: readonly string[], input?: string | Uint8Array): string {
  return execFileSync('git', args, {
    cwd,
    env: ENV,
    input: input ?? '',
    stdio: ['pipe', 'pipe', 'pipe'],
    maxBuffer: 1 << 28,
  })
    .toString('utf8')
    .trim();
}

/** A file's text, or any entry: a symbolic link has mode 120000, a submodule 160000 and its commit as `id`. */
export type Entry =
  | string
  | Uint8Array
  | { readonly mode: string; readonly data?: string; readonly id?: string };

export interface CommitOptions {
  readonly branch?: string;
  readonly message?: string;
  /** Default: the branch's head; [] = a new root. Further ones make it a merge. */
  readonly parents?: readonly string[];
}

export class Repo {
  readonly dir: string;
  #time = 1_700_000_000;

  constructor(dir: string) {
    this.dir = dir;
    git('/', ['init', '--quiet', '--bare', '--initial-branch=main', dir]);
    git(dir, ['config', 'receive.denyDeletes', 'false']);
  }

  get url(): string {
    return `file://${this.dir}`;
  }

  /** Makes `files` the whole tree of a new commit on a branch, and returns its id. */
  commit(files: Readonly<Record<string, Entry>>, options: CommitOptions = {}): string {
    const { branch = 'main', message = 'a change' } = options;
    const parents = options.parents ?? this.#parents(branch);
    const ref = `refs/heads/${branch}`;
    const chunks: Uint8Array[] = [];
    const say = (text: string) => chunks.push(Buffer.from(text));
    const data = (bytes: Uint8Array) => {
      say(`data ${bytes.length}\n`);
      chunks.push(bytes);
      say('\n');
    };
    this.#time += 60;
    say(`reset ${ref}\n\ncommit ${ref}\ncommitter a <a@example.com> ${this.#time} +0000\n`);
    data(Buffer.from(message));
    parents.forEach((parent, index) => {
      say(`${index === 0 ? 'from' : 'merge'} ${parent}\n`);
    });
    say('deleteall\n');
    for (const [path, entry] of Object.entries(files)) {
      if (typeof entry === 'string' || entry instanceof Uint8Array) {
        say(`M 100644 inline ${JSON.stringify(path)}\n`);
        data(Buffer.from(entry));
      } else if (entry.id !== undefined) say(`M ${entry.mode} ${entry.id} ${JSON.stringify(path)}\n`);
      else {
        say(`M ${entry.mode} inline ${JSON.stringify(path)}\n`);
        data(Buffer.from(entry.data ?? ''));
      }
    }
    say('done\n');
    git(this.dir, ['fast-import', '--quiet', '--done', '--force'], Buffer.concat(chunks));
    return this.head(branch);
  }

  head(branch = 'main'): string {
    return git(this.dir, ['rev-parse', '--verify', `refs/heads/${branch}`]);
  }

  /** Moves a branch to a commit, wherever it is. */
  point(branch: string, to: string): void {
    git(this.dir, ['update-ref', `refs/heads/${branch}`, to]);
  }

  deleteBranch(branch: string): void {
    git(this.dir, ['update-ref', '-d', `refs/heads/${branch}`]);
  }

  #parents(branch: string): readonly string[] {
    try {
      return [this.head(branch)];
    } catch {
      return [];
    }
  }
}

export const manifest = (name: string, image = 'nginx:1') => `name: ${name}\nimage: ${image}\n`;

export interface SourceOptions extends Partial<Omit<GitSourceOptions, 'url' | 'path' | 'limits' | 'access'>> {
  readonly url?: string;
  readonly branch?: string;
  readonly path?: string;
  readonly limits?: Partial<GitLimits>;
  readonly access?: Partial<GitSourceOptions['access']>;
}

/** A directory of its own with a repository, and sources that follow it. */
export class GitBench {
  readonly dir = realpathSync(mkdtempSync(join(tmpdir(), 'evenkeel-git-test-')));
  readonly repo = new Repo(join(this.dir, 'fleet.git'));
  /** Every git command that sources ran. */
  readonly ran: GitCommand[] = [];
  readonly state = join(this.dir, 'state');
  readonly #sources: GitSource[] = [];

  constructor() {
    mkdirSync(this.state);
  }

  /** A follower; `memoryFile: undefined` makes it a reading for one command. */
  source(options: SourceOptions = {}): GitSource {
    const { url, branch, path, limits, access, ...rest } = options;
    const clock = rest.clock ?? systemClock;
    const run = gitRunner(clock);
    const source = gitSource({
      url: parseGitUrl(url ?? this.repo.url),
      ref: parseBranch(branch ?? 'main'),
      path: parseTreePath(path ?? '.'),
      access: { user: 'x-access-token', ...access },
      inherited: { PATH: ENV.PATH },
      mirrors: join(this.state, 'git'),
      memoryFile: join(this.state, 'git.json'),
      holdMs: 600_000,
      allowEmpty: false,
      clock,
      run: (command) => {
        this.ran.push(command);
        return run(command);
      },
      limits: { ...GIT_LIMITS, spacingMs: 0, ...limits },
      manifestLimits: LIMITS,
      ...rest,
    });
    this.#sources.push(source);
    return source;
  }

  async close(): Promise<void> {
    await Promise.all(this.#sources.map((source) => source.close()));
    rmSync(this.dir, { recursive: true, force: true });
  }
}

export async function read(source: GitSource): Promise<Snapshot> {
  return source.read(new AbortController().signal);
}

/** What a snapshot comes to: paths and texts, and why it is not complete. */
export function seen(snapshot: Snapshot): {
  readonly kind: Snapshot['kind'];
  readonly files: Readonly<Record<string, string>>;
  readonly problems: string;
} {
  return {
    kind: snapshot.kind,
    files: Object.fromEntries(snapshot.files.map(({ path, text }) => [path, text])),
    problems: snapshot.kind === 'unreadable' ? snapshot.problems.join('\n') : '',
  };
}
