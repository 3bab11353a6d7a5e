/** `evenkeel logs NAME`: the logs of a service's containers, merged, as the API gives them. */
import { failureText } from '../render/progress.ts';
import { visible } from '../render/safe.ts';
import { UserError } from '../service/failure.ts';
import { CLIENT_KEYS } from './keys.ts';
import type { CommandSpec } from './program.ts';
import { settings } from './settings.ts';
import { see, theOne } from './survey.ts';

export const logs: CommandSpec = {
  name: 'logs',
  args: '<name>',
  summary: 'Prints the logs of all containers of a service.',
  keys: CLIENT_KEYS,
  example: 'evenkeel logs web | tail -n 20',
  async run(call) {
    const { io } = call;
    const values = settings(CLIENT_KEYS, call.flags, io.env);
    const seen = await see(call, values, []);
    try {
      const { uuid } = theOne(seen.fleet, call.args[0] ?? '');
      const got = await seen.api.logs(uuid, io.stop);
      if (!got.ok) throw new UserError('EK601', `the logs cannot be had: ${failureText(got.failure)}`);
      // What a container prints may hold anything; on a terminal it must not move the cursor.
      const text = io.stdout.isTTY ? got.value.split('\n').map(visible).join('\n') : got.value;
      io.stdout.write(text);
      return 0;
    } finally {
      await seen.close();
    }
  },
};
