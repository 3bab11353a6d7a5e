/** The built program as a process: its streams as text, its end as an exit code. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface Running {
  readonly child: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** Resolves with all of stdout when it or stderr holds `text`; rejects when the process ends before. */
  says(text: string): Promise<string>;
  /** Resolves with the exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>;
}

export interface StartOptions {
  /** Folder that holds `dist/`. Default: this repository. */
  readonly root?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export function start(argv: readonly string[], options: StartOptions = {}): Running {
  const root = options.root ?? ROOT;
  const child = spawn(process.execPath, [`${root}/dist/cli/main.js`, ...argv], {
    cwd: options.cwd ?? root,
    // Nothing of the machine's own settings: a test says all that holds.
    env: { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  const waiting = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    for (const look of [...waiting]) look();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    for (const look of [...waiting]) look();
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)));
  return {
    child,
    stdout: () => stdout,
    stderr: () => stderr,
    says: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!stdout.includes(text) && !stderr.includes(text)) return;
          waiting.delete(look);
          resolve(stdout);
        };
        waiting.add(look);
        look();
        void ended.then((code) =>
          reject(new Error(`it ended (${code}) before it said ${text}:\n${stdout}\n${stderr}`)),
        );
      }),
    ended,
  };
}

export async function runBuilt(
  argv: readonly string[],
  options: StartOptions = {},
): Promise<{ readonly exit: number | null; readonly stdout: string; readonly stderr: string }> {
  const running = start(argv, options);
  const exit = await running.ended;
  return { exit, stdout: running.stdout(), stderr: running.stderr() };
}
