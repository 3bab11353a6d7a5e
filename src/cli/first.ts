/**
 * The first run (`npm start`): the simulated server and the daemon on `examples/first/`, in one process, on loopback,
 * with nothing kept afterwards. Says what happens in the API's words, what to edit, and how to look on from a second
 * terminal.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { progressLine } from '../render/progress.ts';
import { visible } from '../render/safe.ts';
import type { Event, Listen } from '../service/event.ts';
import { UserError } from '../service/failure.ts';
import type { Io } from './io.ts';
import { SERVER_KEYS } from './keys.ts';
import { createLog, type Log } from './log.ts';
import type { Call, CommandSpec } from './program.ts';
import { RUN_KEYS, runDaemon } from './run.ts';
import { exportLines } from './serve.ts';
import { settings } from './settings.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/first', import.meta.url));

export const first: CommandSpec = {
  name: 'first',
  args: '',
  hidden: true,
  summary: 'The first run: a simulated server and the daemon on examples/first.',
  keys: [],
  example: 'evenkeel first',
  async run(call) {
    const { io, secrets } = call;
    const log = createLog('silent', io.stderr, io.clock, secrets);
    const server = await open(io, log);
    const stateDir = mkdtempSync(join(tmpdir(), 'evenkeel-first-'));
    try {
      const { user, key } = server.madeUp ?? { user: '', key: '' };
      const env = { TUTUM_USER: user, TUTUM_APIKEY: key };
      const flags = { apiUrl: server.origin, stateDir, interval: '10s' };
      const inner: Call = { ...call, args: [relative('.', EXAMPLE) || '.'], flags, io: { ...io, env } };
      const hints = hintsOf(inner.args[0] ?? '', [
        ...exportLines(server),
        `export EVENKEEL_STATE_DIR=${stateDir}\n`,
      ]);
      io.stdout.write(
        `a simulated server of the service API is on ${server.origin}; the daemon follows ${inner.args[0]}\n`,
      );
      const values = settings(RUN_KEYS, flags, env, inner.args);
      return await runDaemon(inner, values, log, teller(io, hints));
    } finally {
      await server.close();
      rmSync(stateDir, { recursive: true, force: true });
    }
  },
};

/** On the port that everything expects, or where that is taken on any other. */
async function open(io: Io, log: Log) {
  const { openServer } = await import('./compose-server.ts');
  const on = (listen: string) => openServer(settings(SERVER_KEYS, { listen }, {}), io, log);
  try {
    return await on('127.0.0.1:8800');
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== 'EK806') throw error;
    return on('127.0.0.1:0');
  }
}

/** One line an event; after the first time that all is well, what to do next. */
function teller({ stdout }: Io, hints: string): Listen {
  let told = false;
  return (event: Event) => {
    const line = progressLine(event);
    if (line !== undefined) stdout.write(`${line}\n`);
    if (event.type !== 'fleet:converged' || told) return;
    told = true;
    stdout.write(hints);
  };
}

function hintsOf(example: string, exports: readonly string[]): string {
  return [
    '\n',
    `now edit ${visible(join(example, 'web.yaml'))}: set target_num_containers to 7 and save\n`,
    'to look on from a second terminal:\n',
    ...exports.map((line) => `  ${line}`),
    `  npm run --silent dev -- status ${visible(example)}\n`,
    `in place of status: plan ${visible(example)}; explain web; suspend web --until 10m --reason "to try it"\n`,
    'Ctrl-C ends it all\n\n',
  ].join('');
}
