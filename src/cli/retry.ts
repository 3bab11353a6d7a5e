/** `evenkeel retry NAME`: forgets that it failed, was refused or is quarantined, and tries again. */
import { UserError } from '../service/failure.ts';
import { openController } from './compose.ts';
import { CLIENT_KEYS } from './keys.ts';
import { askRetry } from './mailbox.ts';
import type { CommandSpec } from './program.ts';
import { settings } from './settings.ts';

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

export const retry: CommandSpec = {
  name: 'retry',
  args: '<name>',
  summary: 'Lets a failing, refused or quarantined service be tried again at once.',
  keys: CLIENT_KEYS,
  example: 'evenkeel retry web',
  async run(call) {
    const { io } = call;
    const [name = ''] = call.args;
    if (!NAME.test(name)) throw new UserError('EK516', `no service can be named ${JSON.stringify(name)}`, 3);
    const values = settings(CLIENT_KEYS, call.flags, io.env);
    const look = await openController(call, values, { write: false, healAfterMs: 0, listen: () => {} });
    const running = look.isRunning();
    if (running) askRetry(look.dir, name);
    await look.close();
    if (running) {
      io.stdout.write(`${name}: the running daemon was asked to try again\n`);
      return 0;
    }
    const controller = await openController(call, values, { write: true, healAfterMs: 0, listen: () => {} });
    try {
      await controller.journal.append({ type: 'cleared', name });
      io.stdout.write(`${name}: forgotten; the next apply or run tries again\n`);
      return 0;
    } finally {
      await controller.close();
    }
  },
};
