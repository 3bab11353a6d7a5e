/**
 * The `--rate` setting: how many requests may leave in a second or a minute, on average.
 */
import { UserError } from '../service/failure.ts';

const RATE = /^(\d{1,6}(?:\.\d{1,6})?)\s*\/\s*(s|m)$/;

/** Requests per second of `10/s` or `60/m`; UserError EK501 for anything else, zero included. */
export function parseRate(text: string): number {
  const match = RATE.exec(text.trim());
  const count = Number(match?.[1]);
  if (match === null || !(count > 0))
    throw new UserError(
      'EK501',
      `--rate: expected a positive number per second or minute, such as 10/s or 60/m, got ${JSON.stringify(text)}`,
      3,
    );
  return match[2] === 's' ? count : count / 60;
}
