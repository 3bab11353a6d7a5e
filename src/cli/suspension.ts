/**
 * What somebody asks for when he suspends: checked here for the command line, the mailbox and the operator's HTTP alike, so
 * that no suspension is without an end, a reason, and somebody who asked.
 */
import { userInfo } from 'node:os';
import type { Fleet } from '../drive/fleet.ts';
import type { Control } from '../ops/control.ts';
import { UNKNOWN_ASKER } from '../render/blocks.ts';
import { visible } from '../render/safe.ts';
import { parseIso } from '../service/dates.ts';
import { UserError } from '../service/failure.ts';
import { EVERYTHING } from '../service/memory.ts';
import type { Io } from './io.ts';
import { duration, unusable } from './values.ts';

const DAY = 86_400_000;
/** Longer is not a suspension but forgotten. */
const LONGEST = 30 * DAY;
const MOST_NAMES = 1_000;
const MOST_TEXT = 200;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** Wall-clock milliseconds of `2h` from `now`, or of `2026-01-31T08:00:00Z`. UserError EK507 outside of `now` and 30 days. */
export function parseUntil(text: string, now: number): number {
  const instant = parseIso(text.trim());
  const until = instant ?? now + duration(text);
  if (until <= now || until - now > LONGEST)
    throw unusable(text, 'an end within the next 30 days: a duration such as 2h, or an RFC 3339 time');
  return until;
}

/** UserError EK516 for what no service can be named. */
export function checkNames(names: readonly string[]): readonly string[] {
  const wrong = names.find((name) => !NAME.test(name));
  if (wrong !== undefined)
    throw new UserError('EK516', `no service can be named ${JSON.stringify(wrong)}`, 3);
  if (names.length > MOST_NAMES)
    throw new UserError(
      'EK512',
      `at most ${MOST_NAMES} names at once; without names it is the whole fleet`,
      3,
    );
  return [...new Set(names)].sort();
}

/** One line that a person wrote for other persons. UserError EK512 when there is none. */
export function checkReason(text: string): string {
  const line = visible(text.trim());
  if (line === '' || line.length > MOST_TEXT)
    throw new UserError('EK512', `--reason takes 1 to ${MOST_TEXT} characters: others will read it`, 3);
  return line;
}

/** Who runs this command: as his environment says, else as the machine does. */
export function asker({ env }: Pick<Io, 'env'>, account = accountName): string {
  const { SUDO_USER, USER, LOGNAME } = env;
  const name = [SUDO_USER, USER, LOGNAME].find((one) => one !== undefined && one !== '') ?? account();
  return visible(name ?? UNKNOWN_ASKER).slice(0, 64);
}

/** Undefined for a user without an account, such as that of a container. */
function accountName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}

/** What the daemon's outside face may ask of it; `by` is who asks there. */
export function suspensionControl(
  fleet: Fleet,
  { clock }: Pick<Io, 'clock'>,
  by: string,
): Pick<Control, 'suspensions' | 'suspend' | 'resume'> {
  return {
    suspensions: () =>
      [...fleet.suspensions.all()].map(([name, { until, by: asked, reason }]) => ({
        name: name === EVERYTHING ? undefined : name,
        until,
        by: asked,
        reason,
      })),
    suspend: async ({ names, until, reason }) =>
      fleet.suspensions.suspend({
        names: checkNames(names),
        until: parseUntil(until, clock.wall()),
        reason: checkReason(reason),
        by,
      }),
    resume: async ({ names }) => fleet.suspensions.resume(checkNames(names), by),
  };
}
