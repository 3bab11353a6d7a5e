/** `evenkeel suspend` and `resume`: nothing is written to some services, or to any, for a while. */
import { isoDate } from '../service/dates.ts';
import { UserError } from '../service/failure.ts';
import { EVERYTHING, type Memory } from '../service/memory.ts';
import { type Answer, ask } from './asking.ts';
import { CLIENT_KEYS } from './keys.ts';
import { rememberedHere, warnUnknown } from './known.ts';
import type { Call, CommandSpec } from './program.ts';
import { settings } from './settings.ts';
import { asker, checkNames, checkReason, parseUntil } from './suspension.ts';

const KEYS = [...CLIENT_KEYS, 'until', 'reason'] as const;

export const suspend: CommandSpec = {
  name: 'suspend',
  args: '[names...]',
  summary: 'Lets nothing be written to these services, or to any, until a time; they are still looked at.',
  keys: KEYS,
  example: 'evenkeel suspend db --until 2h --reason "the disk is being moved"',
  async run(call) {
    const { io } = call;
    const values = settings(KEYS, call.flags, io.env);
    if (values.until === undefined || values.reason === undefined)
      throw new UserError('EK512', 'suspend needs --until (such as 2h) and --reason: others will ask', 3);
    const names = checkNames(call.args);
    const suspension = {
      until: parseUntil(values.until, io.clock.wall()),
      by: asker(io),
      reason: checkReason(values.reason),
    };
    await warnUnknown(call, values, names);
    const end = await ask(call, values, { type: 'suspend', names, ...suspension });
    return say(call, names, `suspended until ${isoDate(suspension.until)}`, end);
  },
};

export const resume: CommandSpec = {
  name: 'resume',
  args: '[names...]',
  summary: 'Ends the suspension of these services, or all suspensions.',
  keys: CLIENT_KEYS,
  example: 'evenkeel resume db',
  async run(call) {
    const values = settings(CLIENT_KEYS, call.flags, call.io.env);
    const names = checkNames(call.args);
    const memory = await rememberedHere(call, values);
    const end = await ask(call, values, { type: 'resume', names, by: asker(call.io) });
    const before = memory === undefined ? undefined : suspendedAt(memory, call.io.clock.wall());
    if (before === undefined || !end.isDone) return say(call, names, 'resumed', end);
    const ended = names.filter((name) => before.has(name));
    if (names.length === 0 ? before.size > 0 : ended.length > 0) say(call, ended, 'resumed', end);
    call.io.stdout.write(notSuspended(names, before));
    return 0;
  },
};

/** What was suspended at that wall-clock time, `EVERYTHING` for the fleet. */
function suspendedAt({ suspensions }: Memory, now: number): ReadonlySet<string> {
  return new Set([...suspensions].flatMap(([name, { until }]) => (until > now ? [name] : [])));
}

/** A line for each of the names that there was nothing to end for; without names one where there was nothing at all. */
function notSuspended(names: readonly string[], before: ReadonlySet<string>): string {
  if (names.length === 0) return before.size === 0 ? 'nothing was suspended\n' : '';
  const stays = before.has(EVERYTHING) ? '; the whole fleet is and stays so: evenkeel resume' : '';
  const not = names.filter((name) => !before.has(name));
  return not.map((name) => `${name}: was not suspended${stays}\n`).join('');
}

function say({ io }: Call, names: readonly string[], what: string, end: Answer): number {
  const whom = names.length === 0 ? 'everything' : names.join(', ');
  if (end.isDone) {
    io.stdout.write(`${whom}: ${what}\n`);
    return 0;
  }
  io.stderr.write(
    `${whom}: not ${what} yet: the process that holds the state directory has not taken it up; it stays asked\n`,
  );
  return 1;
}
