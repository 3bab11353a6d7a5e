/**
 * Which service names mean something on this machine, so that a slip of the pen is not kept in silence. It only warns:
 * a service may come later.
 */
import { readHistory } from '../journal/history.ts';
import { readState } from '../journal/statedir.ts';
import { didYouMean } from '../manifest/suggest.ts';
import { visible } from '../render/safe.ts';
import type { Memory } from '../service/memory.ts';
import { stateBase, stateDirOf } from './compose.ts';
import type { CLIENT_KEYS } from './keys.ts';
import { readStatus } from './mailbox.ts';
import type { Call } from './program.ts';
import type { Values } from './rows.ts';

type ClientValues = Values<(typeof CLIENT_KEYS)[number]>;

/** So many names are said one by one. */
const MOST_SAID = 10;

/** What the journal remembers now; undefined where it cannot be read, which others say. Creates and touches nothing. */
export async function rememberedHere(
  { io }: Call,
  { apiUrl: origin, owner, stateDir }: ClientValues,
): Promise<Memory | undefined> {
  const state = { base: stateBase(stateDir, io), origin, owner, warn: () => {} };
  return readState(state).then(
    ({ memory }) => memory,
    () => undefined,
  );
}

/** Warns on stderr of names that neither the daemon's last word, the journal nor the history knows. */
export async function warnUnknown(call: Call, values: ClientValues, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  const memory = await rememberedHere(call, values);
  if (memory === undefined) return;
  const dir = stateDirOf(values, call.io);
  const known = new Set([
    ...(readStatus(dir)?.services ?? []).map(({ name }) => name),
    ...namesIn(memory),
    ...readHistory(dir, () => true, Number.POSITIVE_INFINITY).flatMap(({ name }) => name ?? []),
  ]);
  const unknown = names.filter((name) => !known.has(name));
  const warn = (text: string) => call.io.stderr.write(`warning: ${text}\n`);
  for (const name of unknown.slice(0, MOST_SAID)) {
    const near = nearest(name, known);
    const hint = near === undefined ? '' : `; did you mean ${visible(near)}?`;
    warn(`no service called ${visible(name)} is known here${hint}`);
  }
  const rest = unknown.length - MOST_SAID;
  if (rest > 0) warn(`${rest} more of these names are not known here`);
}

/** But for suspensions and approvals: they are of whatever somebody wrote. */
function namesIn(memory: Memory): readonly string[] {
  const { claims, intents, repeats, failures, refusals, fights, applied, protectedNames, deletes } = memory;
  return [
    ...[...claims.values(), ...deletes].map(({ name }) => name),
    ...[intents, repeats, failures, refusals, fights, applied].flatMap((table) => [...table.keys()]),
    ...protectedNames,
  ];
}

function nearest(name: string, known: ReadonlySet<string>): string | undefined {
  const plain = new Map([...known].map((one) => [one.replaceAll('-', '_'), one]));
  return plain.get(didYouMean(name, [...plain.keys()]) ?? '');
}
