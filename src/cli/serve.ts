/**
 * `evenkeel serve`: the service API itself, until it is told to stop.
 */
import type { OpenServer } from './compose-server.ts';
import { SERVER_KEYS } from './keys.ts';
import { createLog } from './log.ts';
import type { CommandSpec } from './program.ts';
import { settings } from './settings.ts';

export const serve: CommandSpec = {
  name: 'serve',
  args: '',
  summary: 'Serves the service API over simulated containers, Docker or a Docker swarm.',
  keys: SERVER_KEYS,
  example:
    'evenkeel serve                      # simulated, in memory; prints what a second terminal needs\nevenkeel serve --engine docker --users users.yaml --store /var/lib/evenkeel',
  async run({ flags, io, secrets }) {
    const values = settings(SERVER_KEYS, flags, io.env);
    const log = createLog(values.logLevel ?? 'info', io.stderr, io.clock, secrets);
    // Loaded only here: no other command needs the server and its engines.
    const { openServer } = await import('./compose-server.ts');
    const server = await openServer(values, io, log);
    for (const remark of server.remarks) log.write('warn', 'remark of the engine', { why: remark });
    io.stdout.write(
      `serving the service API on ${server.origin} (${values.engine} engine, ${memoryOf(values)})\n`,
    );
    io.stdout.write(exportLines(server).join(''));
    try {
      await stopped(io.stop);
    } finally {
      await server.close();
    }
    return 0;
  },
};

function memoryOf({
  engine,
  store,
}: {
  readonly engine: string;
  readonly store: string | undefined;
}): string {
  if (engine === 'swarm') return 'its memory is in the swarm';
  return store ?? 'in memory: nothing outlives this process';
}

/** What a second terminal needs; only for the made-up user, whose key nobody else has. */
export function exportLines({ madeUp, origin }: Pick<OpenServer, 'madeUp' | 'origin'>): readonly string[] {
  if (madeUp === undefined) return [];
  return [
    `export EVENKEEL_API_URL=${origin}\n`,
    `export TUTUM_USER=${madeUp.user}\n`,
    `export TUTUM_APIKEY=${madeUp.key}\n`,
  ];
}

function stopped(stop: AbortSignal): Promise<void> {
  if (stop.aborted) return Promise.resolve();
  return new Promise((resolve) => stop.addEventListener('abort', () => resolve(), { once: true }));
}
