/**
 * `evenkeel health`: whether the server or the daemon that runs here is alive, for a container's health check. Asks the
 * server on its `--listen` address first, then looks for a daemon's sign of life in the state directory.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createTransport } from '../api/transport.ts';
import { stateBase } from './compose.ts';
import { BEAT_EVERY, lastBeat } from './heartbeat.ts';
import type { Io } from './io.ts';
import type { CommandSpec } from './program.ts';
import type { Values } from './rows.ts';
import { isHeld } from './running.ts';
import { settings } from './settings.ts';

const KEYS = ['listen', 'stateDir', 'config'] as const;

/** Milliseconds. */
const PATIENCE = 3_000;

export const health: CommandSpec = {
  name: 'health',
  args: '',
  hidden: true,
  summary: 'Whether the server or the daemon that runs here is alive (exit 0), for health checks.',
  keys: KEYS,
  example: 'evenkeel health',
  async run({ flags, io }) {
    const values = settings(KEYS, flags, io.env);
    if (await serverAnswers(values, io)) return say(io, 'the server answers', 0);
    const base = stateBase(values.stateDir, io);
    const dirs = subfolders(base);
    const held = await Promise.all(dirs.map((dir) => isHeld(dir)));
    const alive = dirs.some((dir, index) => {
      const at = lastBeat(dir);
      return held[index] === true && at !== undefined && io.clock.wall() - at < 4 * BEAT_EVERY;
    });
    if (alive) return say(io, 'the daemon is alive', 0);
    return say(
      io,
      `nothing answers on ${values.listen.host}:${values.listen.port}, and no daemon is alive in ${base}`,
      1,
    );
  },
};

function say(io: Io, text: string, exit: number): number {
  io.stdout.write(`${text}\n`);
  return exit;
}

async function serverAnswers({ listen }: Values<(typeof KEYS)[number]>, { clock }: Io): Promise<boolean> {
  const host = listen.host === '0.0.0.0' ? '127.0.0.1' : listen.host === '::' ? '::1' : listen.host;
  const http = createTransport(`http://${host.includes(':') ? `[${host}]` : host}:${listen.port}`);
  const over = new AbortController();
  const late = new AbortController();
  void clock.sleep(PATIENCE, over.signal).then(() => late.abort());
  const { HEALTH_PATH } = await import('../server/http/hooks.ts');
  const request = {
    method: 'GET',
    path: HEALTH_PATH,
    headers: {},
    body: undefined,
    maxBytes: 4_096,
  } as const;
  const outcome = await http.exchange({ ...request, signal: late.signal });
  over.abort();
  http.close();
  return outcome.kind === 'response' && outcome.status === 200;
}

function subfolders(base: string): readonly string[] {
  try {
    const entries = readdirSync(base, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => join(base, entry.name));
  } catch {
    return [];
  }
}
