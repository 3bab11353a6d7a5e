/**
 * Runs git: a fixed set of plumbing subcommands, arguments as an array, an environment of our own, and an end to
 * everything, whatever the other side does. Nothing a repository holds can name a program (`research/reliability.md`
 * G10, G11, G14): there is no shell, no work tree, and no configuration but the one given here.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Clock } from '../../service/ports.ts';

export type Subcommand =
  | 'cat-file'
  | 'fetch'
  | 'init'
  | 'ls-remote'
  | 'ls-tree'
  | 'merge-base'
  | 'repack'
  | 'rev-list'
  | 'rev-parse'
  | 'update-ref'
  | 'verify-commit';

export interface GitCommand {
  readonly args: readonly [Subcommand, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly input?: string;
  /** Bytes of standard output; more ends the command. */
  readonly maxBytes: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Asked four times a second; true ends the command. */
  readonly tooMuch?: () => boolean;
}

export interface GitResult {
  readonly ok: boolean;
  readonly stdout: Buffer;
  /** Its last 4,000 characters; text of the server among it. */
  readonly stderr: string;
  /** Why it was ended by us, or could not begin. */
  readonly ended: 'timeout' | 'aborted' | 'output' | 'size' | 'no-git' | undefined;
}

/** Never rejects. */
export type RunGit = (command: GitCommand) => Promise<GitResult>;

const STDERR_CHARACTERS = 4_000;
const LOOK_MS = 250;
/** Between being asked to end, so that git removes its locks and drafts, and being ended. */
const MERCY_MS = 2_000;

export function gitRunner(clock: Clock): RunGit {
  return async (command) => {
    if (command.signal.aborted) return nothing('aborted');
    const over = new AbortController();
    const child = spawn('git', command.args, {
      cwd: command.cwd,
      env: command.env,
      stdio: ['pipe', 'pipe', 'pipe'],
      // A group of its own, so that git's helpers and ssh end with it.
      detached: true,
    });
    const chunks: Buffer[] = [];
    let bytes = 0;
    let stderr = '';
    let ended: GitResult['ended'];
    const end = (why: NonNullable<GitResult['ended']>) => {
      if (ended !== undefined || over.signal.aborted) return;
      ended = why;
      kill(child.pid, 'SIGTERM');
      void clock.sleep(MERCY_MS, over.signal).then(() => {
        if (!over.signal.aborted) kill(child.pid, 'SIGKILL');
      });
    };
    const abort = () => end('aborted');
    command.signal.addEventListener('abort', abort);
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > command.maxBytes) end('output');
      else chunks.push(chunk);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-STDERR_CHARACTERS);
    });
    // It may end without having read all it was given.
    child.stdin.on('error', () => {});
    child.stdin.end(command.input ?? '');
    void clock.sleep(command.timeoutMs, over.signal).then(() => end('timeout'));
    if (command.tooMuch !== undefined) void watch(command.tooMuch, () => end('size'), clock, over.signal);
    const code = await new Promise<number | null | NodeJS.ErrnoException>((resolve) => {
      child.on('error', resolve).on('close', (exit) => resolve(exit));
    });
    over.abort();
    command.signal.removeEventListener('abort', abort);
    if (code instanceof Error) return notStarted(code, command.cwd);
    return { ok: code === 0 && ended === undefined, stdout: Buffer.concat(chunks), stderr, ended };
  };
}

async function watch(tooMuch: () => boolean, end: () => void, clock: Clock, over: AbortSignal) {
  while (!over.aborted) {
    if (tooMuch()) {
      end();
      return;
    }
    await clock.sleep(LOOK_MS, over);
  }
}

function kill(pid: number | undefined, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}

/** A missing directory is told like a missing program. */
function notStarted({ code }: NodeJS.ErrnoException, cwd: string): GitResult {
  if (code === 'ENOENT' && existsSync(cwd)) return nothing('no-git');
  const why = code === 'ENOENT' ? 'its directory is gone' : `it could not be started: ${code}`;
  return { ...nothing(undefined), stderr: `fatal: ${why}` };
}

function nothing(ended: GitResult['ended']): GitResult {
  return { ok: false, stdout: Buffer.alloc(0), stderr: '', ended };
}
