/** `evenkeel logs NAME`: the logs of a service's containers, merged, as the API gives them. */
import { failureText } from '../render/progress.ts';
import { visible } from '../render/safe.ts';
import { UserError } from '../service/failure.ts';
import { CLIENT_KEYS } from './keys.ts';
import type { CommandSpec } from './program.ts';
import { settings } from './settings.ts';
import { see, theOne } from './survey.ts';

const KEYS = [...CLIENT_KEYS, 'tail'] as const;

export const logs: CommandSpec = {
  name: 'logs',
  args: '<name>',
  summary: 'Prints the logs of all containers of a service.',
  keys: KEYS,
  example: 'evenkeel logs web --tail 20',
  async run(call) {
    const { io } = call;
    const values = settings(KEYS, call.flags, io.env);
    const seen = await see(call, values, []);
    try {
      const { uuid } = theOne(seen.fleet, call.args[0] ?? '');
      const got = await seen.api.logs(uuid, io.stop, values.tail);
      if (!got.ok) throw new UserError('EK601', `the logs cannot be had: ${failureText(got.failure)}`);
      // What a container prints may hold anything; on a terminal it must not move the cursor.
      const text = lastLines(got.value, values.tail);
      io.stdout.write(io.stdout.isTTY ? text.split('\n').map(visible).join('\n') : text);
      return 0;
    } finally {
      await seen.close();
    }
  },
};

/** A server need not know how many were asked for. */
function lastLines(text: string, tail: number | undefined): string {
  if (tail === undefined) return text;
  const lines = text.split('\n');
  // Where the text ends in a line's end, nothing follows it.
  const ended = lines.at(-1) === '' ? 1 : 0;
  return lines.slice(-(tail + ended)).join('\n');
}
