#!/usr/bin/env node
/**
 * The program's entry, and the only file that touches `process`: hands the world to the command line and leaves with
 * the exit code it gives back.
 */
import { homedir } from 'node:os';
import { createInterface } from 'node:readline/promises';
import { COMMANDS } from './commands.ts';
import type { Io, Output } from './io.ts';
import { runProgram } from './program.ts';
import { systemClock, systemRandom } from './system.ts';

const stop = new AbortController();

const CODES: Readonly<Partial<Record<NodeJS.Signals, number>>> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

/** The first signal asks to stop, the second one leaves at once. */
function onSignal(signal: NodeJS.Signals): void {
  if (stop.signal.aborted) process.exit(CODES[signal] ?? 130);
  stop.abort(signal);
}

function output(stream: NodeJS.WriteStream): Output {
  // Whoever reads has had enough (`evenkeel plan | head`): there is nobody left to tell.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // While stopping, what is under way is still finished: Ctrl-C ends `tee` too.
    if (error.code === 'EPIPE' && stop.signal.aborted) return;
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });
  return {
    write: (text) => void stream.write(text),
    isTTY: stream.isTTY === true,
    columns: () => stream.columns ?? 80,
  };
}

async function ask(question: string): Promise<string | undefined> {
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true) return undefined;
  const person = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await person.question(question, { signal: stop.signal });
  } finally {
    person.close();
  }
}

const flushed = (stream: NodeJS.WriteStream) =>
  new Promise<void>((resolve) => stream.write('', () => resolve()));

process.on('SIGINT', onSignal);
process.on('SIGTERM', onSignal);
// The terminal was closed: nobody reads any more, and what runs ends in good order.
process.on('SIGHUP', onSignal);

const io: Io = {
  stdout: output(process.stdout),
  stderr: output(process.stderr),
  stdin: process.stdin as AsyncIterable<Buffer>,
  ask,
  env: process.env,
  home: homedir(),
  clock: systemClock,
  random: systemRandom,
  stop: stop.signal,
};

process.exitCode = await runProgram(process.argv.slice(2), COMMANDS, io);
await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
process.exit();
