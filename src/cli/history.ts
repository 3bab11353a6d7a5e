/** `evenkeel history`: what was written lately on this machine, why, from which revision, and how it ended. */
import pc from 'picocolors';
import { readHistory } from '../journal/history.ts';
import { renderHistory, renderHistoryJson } from '../render/history.ts';
import { stateDirOf } from './compose.ts';
import { wantsColour } from './io.ts';
import { CLIENT_KEYS } from './keys.ts';
import { warnUnknown } from './known.ts';
import type { CommandSpec } from './program.ts';
import { settings } from './settings.ts';
import { checkNames } from './suspension.ts';

const KEYS = [...CLIENT_KEYS, 'limit', 'output'] as const;

export const history: CommandSpec = {
  name: 'history',
  args: '[name]',
  summary: 'Shows what run and apply did here lately, why, from which revision, and how it ended.',
  keys: KEYS,
  example: 'evenkeel history web             # also: -o json',
  async run(call) {
    const { io } = call;
    const values = settings(KEYS, call.flags, io.env);
    const [name] = checkNames(call.args);
    await warnUnknown(call, values, name === undefined ? [] : [name]);
    const isWanted = (one: { readonly name?: string | undefined }) => name === undefined || one.name === name;
    const entries = readHistory(stateDirOf(values, io), isWanted, values.limit);
    const paint = pc.createColors(wantsColour(io.stdout, io.env));
    io.stdout.write(values.output === 'json' ? renderHistoryJson(entries) : renderHistory(entries, paint));
    return 0;
  },
};
