/** `evenkeel status`: every service at a glance; with manifests, also whether it is as they say. */
import pc from 'picocolors';
import { renderStatus, renderStatusJson } from '../render/status.ts';
import { wantsColour } from './io.ts';
import { CLIENT_KEYS } from './keys.ts';
import type { CommandSpec } from './program.ts';
import { settings } from './settings.ts';
import { see } from './survey.ts';

const KEYS = [...CLIENT_KEYS, 'output'] as const;

export const status: CommandSpec = {
  name: 'status',
  args: '[paths...]',
  summary: 'Shows every owned service: its state, and with manifests whether it is as they say.',
  keys: KEYS,
  example: 'evenkeel status fleet/              # also: -o json',
  async run(call) {
    const { io } = call;
    const values = settings(KEYS, call.flags, io.env, call.args);
    const seen = await see(call, values, call.args);
    try {
      const paint = pc.createColors(wantsColour(io.stdout, io.env));
      const text =
        values.output === 'json' ? renderStatusJson(seen.status) : renderStatus(seen.status, paint);
      io.stdout.write(text);
      return seen.usable ? 0 : 3;
    } finally {
      await seen.close();
    }
  },
};
