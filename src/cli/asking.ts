/**
 * Telling the keeper of a state directory something: a running daemon through the mailbox, else the journal itself.
 */
import { openState, stateDirFor } from '../journal/statedir.ts';
import { visible } from '../render/safe.ts';
import { stateBase } from './compose.ts';
import type { CLIENT_KEYS } from './keys.ts';
import { isLeft, leave, type Request, recordOf } from './mailbox.ts';
import type { Call } from './program.ts';
import type { Values } from './rows.ts';
import { isHeld } from './running.ts';

/** How long a daemon may take to carry a request out before that is said, in milliseconds. */
const PATIENCE = 10_000;
const LOOK_EVERY = 50;

export interface Answer {
  /** A process holds the state directory, or nobody does. */
  readonly by: 'holder' | 'nobody';
  /** It is on disk and holds; otherwise it stays asked. */
  readonly isDone: boolean;
}

/** Tells the holder, or the journal. UserError of the state directory. */
export async function ask(
  { io, secrets }: Call,
  values: Values<(typeof CLIENT_KEYS)[number]>,
  request: Request,
): Promise<Answer> {
  const { apiUrl: origin, owner, stateDir } = values;
  const base = stateBase(stateDir, io);
  const dir = stateDirFor(base, origin, owner);
  if (await isHeld(dir)) {
    const file = leave(dir, request, io.clock.wall(), io.random.uuid());
    for (const end = io.clock.monotonic() + PATIENCE; io.clock.monotonic() < end && !io.stop.aborted; ) {
      if (!isLeft(file)) return { by: 'holder', isDone: true };
      await io.clock.sleep(LOOK_EVERY, io.stop);
    }
    return { by: 'holder', isDone: !isLeft(file) };
  }
  const warn = (message: string) => io.stderr.write(`warning: ${visible(secrets.clean(message))}\n`);
  const state = await openState({ base, origin, owner, warn, clock: io.clock, random: io.random });
  await state.journal.append(recordOf(request, io.clock.wall())).finally(state.close);
  return { by: 'nobody', isDone: true };
}
