/**
 * The only file that builds the parts and puts them together: what the floors below are handed, they get from here.
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient } from '../api/client.ts';
import { findCredentials, type KeyFile } from '../api/key-sources.ts';
import { refuseInsecureTls } from '../api/origin.ts';
import { createTransport } from '../api/transport.ts';
import { DEADLINES } from '../drive/deadlines.ts';
import { Fleet } from '../drive/fleet.ts';
import { UNCERTAIN_MS } from '../drive/settings.ts';
import { openHistory } from '../journal/history.ts';
import { openState, readState, stateDirFor } from '../journal/statedir.ts';
import { visible } from '../render/safe.ts';
import type { Listen } from '../service/event.ts';
import type { ApiFailure } from '../service/failure.ts';
import type { Http, Journal, ServiceApi, Source } from '../service/ports.ts';
import { directorySource } from '../source/directory.ts';
import { secretFiles } from '../source/secrets.ts';
import { chronicle } from './chronicle.ts';
import type { Io } from './io.ts';
import type { CLIENT_KEYS } from './keys.ts';
import { attend, recordOf } from './mailbox.ts';
import type { Call } from './program.ts';
import type { Values } from './rows.ts';
import { isHeld } from './running.ts';
import { version } from './version.ts';

/** Two readings this far apart must be equal before a daemon believes them, in milliseconds. */
const SETTLE_MS = 100;

/**
 * `whileGitWorks`: read also in the middle of a merge or rebase, because nothing will be written. `settles`: a daemon's
 * source, which is read while people write.
 */
export function openSource(
  paths: readonly string[],
  io: Io,
  whileGitWorks: boolean,
  settles = false,
): Source {
  return directorySource(paths, {
    stdin: io.stdin,
    allowWorktree: whileGitWorks,
    settle: settles ? { clock: io.clock, ms: SETTLE_MS } : undefined,
  });
}

export function secretsReader(dir: string | undefined): ReturnType<typeof secretFiles> | undefined {
  return dir === undefined ? undefined : secretFiles(dir);
}

type ClientValues = Values<(typeof CLIENT_KEYS)[number]>;

export interface ControllerOptions {
  /** Holds the state directory's lock and may send writes; otherwise nothing is touched. */
  readonly write: boolean;
  readonly healAfterMs: number;
  /** Also what is suspended may be written to. */
  readonly ignoreSuspensions?: boolean;
  readonly listen: Listen;
  /** Measures what is spoken to; nothing about it changes. */
  readonly watch?: {
    readonly http: (inner: Http) => Http;
    readonly api: (inner: ServiceApi) => ServiceApi;
  };
}

export interface Controller {
  readonly fleet: Fleet;
  readonly api: ServiceApi;
  readonly journal: Journal;
  /** The state directory of this API and owner; it need not be there. */
  readonly dir: string;
  /** For what is told beside the fleet's own events: the history hears it too. */
  readonly listen: Listen;
  /** Another process held the state directory when this one looked. */
  isRunning(): boolean;
  lastFailure(): ApiFailure | undefined;
  close(): Promise<void>;
}

/** A fleet in front of the API of these settings. Throws UserError: credentials, state directory, TLS. */
export async function openController(
  { io, secrets }: Call,
  values: ClientValues,
  { write, healAfterMs, ignoreSuspensions, listen, watch }: ControllerOptions,
): Promise<Controller> {
  refuseInsecureTls(io.env);
  const warn = (message: string) => io.stderr.write(`warning: ${visible(secrets.clean(message))}\n`);
  const credentials = await findCredentials({ env: io.env, home: io.home, readFile: readKeyFile });
  secrets.add(credentials.secrets());
  for (const note of credentials.notes) warn(note);
  const { apiUrl: origin, owner, rate, burst, concurrency } = values;
  const state = { base: stateBase(values.stateDir, io), origin, owner, warn };
  const dir = stateDirFor(state.base, origin, owner);
  const running = !write && (await isHeld(dir));
  const { journal, close } = write
    ? await openState({ ...state, clock: io.clock, random: io.random })
    : await lookedAt(state);
  // What was asked of a process that did not take it up.
  if (write) await attend(dir, (request) => journal.append(recordOf(request, io.clock.wall())));
  const agent = `evenkeel/${version()}`;
  const http = createTransport(origin);
  const client = createClient({
    http: watch?.http(http) ?? http,
    origin,
    credentials,
    clock: io.clock,
    random: io.random,
    pace: { rate: rate.perSecond, burst, concurrency },
    userAgent: agent,
  });
  const api = watch?.api(client) ?? client;
  let failure: ApiFailure | undefined;
  const told = write ? chronicle(openHistory(dir), () => io.clock.wall(), secrets.clean) : undefined;
  const hear: Listen = (event) => {
    if (event.type === 'observation:failed') failure = event.failure;
    told?.(event);
    listen(event);
  };
  const fleet = new Fleet({
    api,
    journal,
    clock: io.clock,
    random: io.random,
    listen: hear,
    settings: {
      owner,
      pace: { rate: rate.perSecond, burst },
      inOrder: concurrency === 1,
      healAfterMs,
      ignoreSuspensions: ignoreSuspensions === true,
      agent,
      uncertainMs: UNCERTAIN_MS,
      deadlines: DEADLINES,
    },
  });
  return {
    fleet,
    api,
    journal,
    dir,
    listen: hear,
    isRunning: () => running,
    lastFailure: () => located(failure, origin),
    async close() {
      await close();
      http.close();
    },
  };
}

/** A server that could not be reached is named: most often it is the wrong one. */
function located(failure: ApiFailure | undefined, origin: string): ApiFailure | undefined {
  if (failure?.kind !== 'not-sent') return failure;
  return { ...failure, message: `${failure.message}; does the API listen at ${origin} (--api-url)?` };
}

/** The journal of a call that only looks: it is read, and what would be written is dropped. */
async function lookedAt(
  state: Parameters<typeof readState>[0],
): Promise<{ readonly journal: Journal; close(): Promise<void> }> {
  const { memory, hash } = await readState(state);
  const close = () => Promise.resolve();
  return { journal: { memory: () => memory, hash, append: () => Promise.resolve(), close }, close };
}

/** The state directory of this API and owner; it need not be there. */
export function stateDirOf({ stateDir, apiUrl, owner }: ClientValues, io: Io): string {
  return stateDirFor(stateBase(stateDir, io), apiUrl, owner);
}

/** Where all state directories of this user are, unless he says otherwise. */
export function stateBase(stateDir: string | undefined, { env, home }: Io): string {
  if (stateDir !== undefined) return stateDir;
  const xdg = env['XDG_STATE_HOME'];
  return join(xdg?.startsWith('/') ? xdg : join(home, '.local/state'), 'evenkeel');
}

async function readKeyFile(path: string): Promise<KeyFile | undefined> {
  try {
    const [text, { mode }] = await Promise.all([readFile(path, 'utf8'), stat(path)]);
    return { text, mode };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
