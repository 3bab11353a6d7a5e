/**
 * The world of one call, handed in: streams, environment, time, chance and the wish to stop. Commands touch nothing of
 * `process`; tests hand in buffers.
 */
import type { Clock, Random } from '../service/ports.ts';

export interface Output {
  write(text: string): void;
  /** A person looks at it: colours, progress and questions make sense. */
  readonly isTTY: boolean;
  columns(): number;
}

export interface Io {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly stdin: AsyncIterable<Uint8Array>;
  /** One line from a person; undefined when there is nobody to ask. */
  ask(question: string): Promise<string | undefined>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Aborted by SIGINT, SIGTERM or SIGHUP, with the signal's name as reason. */
  readonly stop: AbortSignal;
}

/** Whether `output` gets colours: https://no-color.org, and FORCE_COLOR for CI logs that show them. */
export function wantsColour(output: Output, env: Io['env']): boolean {
  if ((env['NO_COLOR'] ?? '') !== '') return false;
  const forced = env['FORCE_COLOR'];
  if (forced !== undefined && forced !== '') return forced !== '0' && forced !== 'false';
  return output.isTTY && env['TERM'] !== 'dumb';
}
