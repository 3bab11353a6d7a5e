/**
 * The logs of a service as they come: its last lines, then what is added, until the service is gone or nobody listens.
 *
 * Read again every second and whenever the engine hints at a change, through the one method that every engine has. So a
 * stream outlives containers (after a redeploy it goes on with the new ones), and an engine that is away for a while.
 */
import type { EngineResult, LogLine } from '../../service/engine.ts';
import type { World } from '../types.ts';
import { bell } from './bell.ts';
import { type Cursor, cursorAfter } from './cursor.ts';

/** The most that is asked for at once: a service that adds more between two readings loses the oldest of it. */
const MOST_LINES = 10_000;
const FEW_LINES = 200;

/** What is listened to: a service, or those of its lines that come from one container. */
export interface Subject {
  readonly uuid: string;
  readonly container?: string;
}

export interface Following {
  /** The last lines, to begin with. */
  readonly first: readonly LogLine[];
  /** Hands over what is added, the next only when the one before is taken; resolves at the end of the service or `ending`. */
  rest(send: (lines: readonly LogLine[]) => Promise<void>, ending: AbortSignal): Promise<void>;
}

/** The last `tail` lines; none of a service that is gone. */
export async function lastLines(
  world: World,
  subject: Subject,
  tail: number,
  signal: AbortSignal,
): Promise<EngineResult<readonly LogLine[]>> {
  const result = await read(world, subject.uuid, readingFor(subject, tail), signal);
  return result.ok ? { ok: true, value: lastOf(subject, result.value ?? [], tail) } : result;
}

/** Begins with the last `tail` lines. Where they cannot be had, the engine's failure is the answer. */
export async function follow(
  world: World,
  subject: Subject,
  tail: number,
  signal: AbortSignal,
): Promise<EngineResult<Following>> {
  const most = Math.max(readingFor(subject, tail), FEW_LINES);
  const begun = await read(world, subject.uuid, most, signal);
  if (!begun.ok) return begun;
  const lines = begun.value ?? [];
  const cursor = cursorAfter(lines, most);
  return {
    ok: true,
    value: {
      first: lastOf(subject, lines, tail),
      rest: (send, ending) => goOn({ world, subject, cursor }, send, ending),
    },
  };
}

/** So many lines of all containers as `tail` of the subject's may take. */
function readingFor({ container }: Subject, tail: number): number {
  return container === undefined || tail === 0 ? tail : MOST_LINES;
}

function ofSubject({ container }: Subject, lines: readonly LogLine[]): readonly LogLine[] {
  return container === undefined ? lines : lines.filter((line) => line.container === container);
}

function lastOf(subject: Subject, lines: readonly LogLine[], tail: number): readonly LogLine[] {
  return tail === 0 ? [] : ofSubject(subject, lines).slice(-tail);
}

/** `undefined`: the service is gone. */
async function read(
  { store, engine }: World,
  uuid: string,
  tail: number,
  signal: AbortSignal,
): Promise<EngineResult<readonly LogLine[] | undefined>> {
  const now = await store.definition(uuid);
  if (now === undefined || now.destroyedAt !== null) return { ok: true, value: undefined };
  return engine.logs(now, { tail }, signal);
}

async function goOn(
  { world, subject, cursor }: { world: World; subject: Subject; cursor: Cursor },
  send: (lines: readonly LogLine[]) => Promise<void>,
  ending: AbortSignal,
): Promise<void> {
  const { uuid } = subject;
  const next = bell(world, uuid, ending);
  try {
    while (!ending.aborted) {
      await next.rings();
      let most = FEW_LINES;
      let result = await read(world, uuid, most, ending);
      while (result.ok && cursor.mayHaveMissed(result.value ?? [], most) && most < MOST_LINES) {
        most = Math.min(MOST_LINES, most * 8);
        result = await read(world, uuid, most, ending);
      }
      // An engine that does not answer may do so later; nobody is told that there was nothing.
      if (!result.ok) continue;
      if (result.value === undefined) return;
      const added = ofSubject(subject, cursor.fresh(result.value));
      if (added.length > 0 && !ending.aborted) await send(added);
    }
  } finally {
    next.end();
  }
}
