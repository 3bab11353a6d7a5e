/**
 * The world of one call, in memory: run a command line, look at what it wrote and how it exited.
 */
import { Readable } from 'node:stream';
import type { Io } from '../../src/cli/io.ts';
import { type CommandSpec, runProgram } from '../../src/cli/program.ts';
import { systemClock, systemRandom } from '../../src/cli/system.ts';

export interface World {
  readonly env?: Io['env'];
  readonly home?: string;
  readonly stdin?: string | Uint8Array;
  readonly isTTY?: boolean;
  readonly answer?: string;
  readonly clock?: Io['clock'];
  readonly stop?: AbortSignal;
}

export interface Ran {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** An Io that keeps what is written; `written()` gives it back. */
export function memoryIo(world: World = {}): { readonly io: Io; written(): Omit<Ran, 'exit'> } {
  let stdout = '';
  let stderr = '';
  const isTTY = world.isTTY ?? false;
  const output = (write: (text: string) => void) => ({ write, isTTY, columns: () => 80 });
  const io: Io = {
    stdout: output((text) => (stdout += text)),
    stderr: output((text) => (stderr += text)),
    stdin: Readable.from([Buffer.from(world.stdin ?? '')]),
    ask: () => Promise.resolve(world.answer),
    env: world.env ?? {},
    home: world.home ?? '/nonexistent',
    clock: world.clock ?? systemClock,
    random: systemRandom,
    stop: world.stop ?? new AbortController().signal,
  };
  return { io, written: () => ({ stdout, stderr }) };
}

export async function runCli(
  argv: readonly string[],
  commands: readonly CommandSpec[],
  world: World = {},
): Promise<Ran> {
  const { io, written } = memoryIo(world);
  const exit = await runProgram(argv, commands, io);
  return { exit, ...written() };
}
