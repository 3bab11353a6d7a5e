/** Bodies of the operator's requests, read without trust: every member by name, every one checked. */
import type { ResumeRequest, SuspendRequest } from './control.ts';
import { Refusal } from './refusal.ts';

const MOST_NAMES = 1_000;
const LONGEST = 500;

export function suspendRequest(body: unknown): SuspendRequest {
  const members = membersOf(body, ['names', 'until', 'reason']);
  const until = textOf(members['until'], 'until');
  const reason = textOf(members['reason'], 'reason');
  if (until === undefined || reason === undefined)
    throw new Refusal(
      400,
      'expected until (such as "2h") and reason, both as text: a suspension ends by itself',
    );
  return { names: namesOf(members['names']), until, reason };
}

export function resumeRequest(body: unknown): ResumeRequest {
  return { names: namesOf(membersOf(body, ['names'])['names']) };
}

function membersOf(body: unknown, known: readonly string[]): Readonly<Record<string, unknown>> {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.alloc(0);
  if (bytes.toString('utf8').trim() === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new Refusal(400, 'the body is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Refusal(400, 'the body is not a JSON object');
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown !== undefined) throw new Refusal(400, `unknown member; there is: ${known.join(', ')}`);
  return value as Readonly<Record<string, unknown>>;
}

function textOf(value: unknown, what: string): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value.trim() === '' || value.length > LONGEST)
    throw new Refusal(400, `${what}: expected text of 1 to ${LONGEST} characters`);
  return value;
}

function namesOf(value: unknown): readonly string[] {
  if (value === undefined) return [];
  const isNames =
    Array.isArray(value) &&
    value.length > 0 &&
    value.length <= MOST_NAMES &&
    value.every((name) => typeof name === 'string' && name !== '' && name.length <= LONGEST);
  if (!isNames)
    throw new Refusal(400, `names: expected 1 to ${MOST_NAMES} names; without names it is the whole fleet`);
  return value as readonly string[];
}
