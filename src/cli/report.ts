/**
 * Bad news as text on stderr and as an exit code. A UserError is meant for the user and is shown as it is; anything
 * else is a bug of ours and says so.
 */

import { visible } from '../render/safe.ts';
import { UserError } from '../service/failure.ts';
import type { Io } from './io.ts';
import type { Secrets } from './secrets.ts';

/** 129, 130 and 143 as shells say them: 128 + the signal's number. */
export function exitOfSignal(stop: AbortSignal): number {
  return stop.reason === 'SIGHUP' ? 129 : stop.reason === 'SIGTERM' ? 143 : 130;
}

export function report(error: unknown, io: Io, secrets: Secrets): number {
  const say = (text: string) =>
    io.stderr.write(
      `${text
        .split('\n')
        .map((line) => visible(secrets.clean(line)))
        .join('\n')}\n`,
    );
  if (error instanceof UserError) {
    say(`evenkeel: ${error.code} ${error.message}`);
    return error.exit;
  }
  if (io.stop.aborted) {
    say(`evenkeel: stopped by ${String(io.stop.reason)}`);
    return exitOfSignal(io.stop);
  }
  const details = error instanceof Error ? (error.stack ?? error.message) : String(error);
  say(`evenkeel: internal error, please report it with this text:\n${details}`);
  return 1;
}
