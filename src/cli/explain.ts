/** `evenkeel explain NAME`: everything there is to say about one service. */
import pc from 'picocolors';
import { renderExplain } from '../render/status.ts';
import { UserError } from '../service/failure.ts';
import { wantsColour } from './io.ts';
import { CLIENT_KEYS } from './keys.ts';
import type { CommandSpec } from './program.ts';
import { settings } from './settings.ts';
import { see } from './survey.ts';

export const explain: CommandSpec = {
  name: 'explain',
  args: '<name> [paths...]',
  summary: 'Says what one service is, should be, is allowed, and waits for.',
  keys: CLIENT_KEYS,
  example: 'evenkeel explain web fleet/',
  async run(call) {
    const { io } = call;
    const [name = '', ...paths] = call.args;
    const values = settings(CLIENT_KEYS, call.flags, io.env, paths);
    const seen = await see(call, values, paths);
    try {
      const one = seen.status.services.find((service) => service.name === name);
      if (one === undefined) {
        throw new UserError(
          'EK516',
          `no manifest and no owned service is named ${name}; evenkeel status lists them`,
        );
      }
      const paint = pc.createColors(wantsColour(io.stdout, io.env));
      io.stdout.write(renderExplain(one, seen.status, seen.daemon, paint));
      return seen.usable ? 0 : 3;
    } finally {
      await seen.close();
    }
  },
};
