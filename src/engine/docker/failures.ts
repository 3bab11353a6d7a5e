/**
 * Bad news from the Docker Engine, as the failures of the engine contract.
 *
 * Inside an engine a step that failed throws `Failed`, so that a job reads as what it does; at the contract's edge
 * `attempt` turns it into a value. The engine's own words are quoted, short and in one line, with every known value of
 * the environment masked.
 */
import type { EngineFailure, EngineResult } from '../../service/engine.ts';

export type Scrub = (text: string) => string;

export class Failed extends Error {
  override readonly name = 'Failed';
  readonly failure: EngineFailure;
  constructor(reason: EngineFailure['reason'], message: string) {
    super(message);
    this.failure = { reason, message };
  }
}

/** What the client library throws: an answer with a status code, or a connection that did not work. */
function parts(error: unknown): { status: number | undefined; code: string; text: string } {
  const from: Record<string, unknown> =
    typeof error === 'object' && error !== null ? { ...error, message: (error as Error).message } : {};
  const json = from['json'];
  const said =
    typeof json === 'object' && json !== null && 'message' in json ? String(json.message) : undefined;
  return {
    status: typeof from['statusCode'] === 'number' ? from['statusCode'] : undefined,
    code: typeof from['code'] === 'string' ? from['code'] : '',
    text: said ?? String(from['message'] ?? error),
  };
}

export function statusOf(error: unknown): number | undefined {
  return parts(error).status;
}

/** One line, no control characters, not endless. */
export function quote(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
  return line.length > 400 ? `${line.slice(0, 400)}…` : line;
}

const KINDS: readonly (readonly [RegExp, EngineFailure['reason']])[] = [
  [
    /not have a leader|lost quorum|deadline ?exceeded|not (?:part of a swarm|a swarm manager)|raft: /i,
    'unavailable',
  ],
  [
    /port is already allocated|address already in use|ports are not available|failed to bind host port|already in use by service/i,
    'port-taken',
  ],
  [
    /no space left on device|cannot allocate memory|address pool|no available (?:ipv4 )?address/i,
    'no-resources',
  ],
  [/cannot assign requested address/i, 'refused'],
  [/no such image|manifest (?:unknown|for)|pull access denied|repository .* not found/i, 'image'],
  [
    /oci runtime|executable file not found|starting container process|failed to create (?:shim|task)/i,
    'container',
  ],
];

export function translate(error: unknown, doing: string, scrub: Scrub): Failed {
  if (error instanceof Failed) return error;
  const { status, code, text } = parts(error);
  if (code === 'ABORT_ERR' || (error instanceof Error && error.name === 'AbortError')) {
    return new Failed('aborted', `${doing}: given up when asked to`);
  }
  const message = `${doing}: ${scrub(quote(text))}`;
  const kind = KINDS.find(([pattern]) => pattern.test(text));
  if (status === undefined) {
    const network = /^E[A-Z]+$/.test(code) || /socket hang up|timed? ?out/i.test(text);
    return network
      ? new Failed('unavailable', `${doing}: the Docker engine does not answer (${quote(text)})`)
      : new Failed('internal', message);
  }
  if (kind !== undefined) return new Failed(kind[1], message);
  if (status === 503) return new Failed('unavailable', message);
  return new Failed(status >= 500 ? 'internal' : 'refused', message);
}

/** Does one thing and says in its failure what it was doing. */
export async function doing<T>(what: string, scrub: Scrub, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw translate(error, what, scrub);
  }
}

/** The edge of the contract: nothing that can happen in the world is thrown past it. */
export async function attempt<T>(
  what: string,
  work: () => Promise<T>,
  scrub: Scrub = (text) => text,
): Promise<EngineResult<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    return { ok: false, failure: translate(error, what, scrub).failure };
  }
}

/** `undefined` where the engine says that there is no such thing (404). */
export async function orMissing<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}
