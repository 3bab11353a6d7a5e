/** `evenkeel retry NAME`: forgets that it failed, was refused, is quarantined or was undone, and tries again. */
import { ask } from './asking.ts';
import { CLIENT_KEYS } from './keys.ts';
import { warnUnknown } from './known.ts';
import type { CommandSpec } from './program.ts';
import { settings } from './settings.ts';
import { checkNames } from './suspension.ts';

export const retry: CommandSpec = {
  name: 'retry',
  args: '<name>',
  summary: 'Lets a failing, refused, quarantined or fought over service be tried again at once.',
  keys: CLIENT_KEYS,
  example: 'evenkeel retry web',
  async run(call) {
    const { io } = call;
    const values = settings(CLIENT_KEYS, call.flags, io.env);
    const [name = ''] = checkNames(call.args);
    await warnUnknown(call, values, [name]);
    const end = await ask(call, values, { type: 'retry', name });
    io.stdout.write(
      end.by === 'nobody'
        ? `${name}: forgotten; the next apply or run tries again\n`
        : `${name}: the running daemon was asked to try again\n`,
    );
    return 0;
  },
};
