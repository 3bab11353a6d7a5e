/** A directory of manifests beside a running server, and calls of the command line against both. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COMMANDS } from '../../src/cli/commands.ts';
import { type Ran, runCli, type World } from './io.ts';
import { KEY, type StartOptions, startServer, type TestServer, USER } from './server.ts';

export interface FleetDir {
  readonly server: TestServer;
  readonly folder: string;
  /** Replaces all manifests: file name → text. */
  write(files: Readonly<Record<string, string>>): void;
  /** `evenkeel …argv`, with this server's address and credentials. */
  run(argv: readonly string[], world?: World): Promise<Ran>;
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export async function fleetDir(options: StartOptions = {}): Promise<FleetDir> {
  const server = await startServer(options);
  const root = mkdtempSync(join(tmpdir(), 'evenkeel-cli-'));
  const folder = join(root, 'fleet');
  mkdirSync(folder);
  const env = {
    EVENKEEL_API_URL: server.url,
    EVENKEEL_STATE_DIR: join(root, 'state'),
    // Far above what a test sends, so that no test waits for a place.
    EVENKEEL_RATE: '1000/s',
    EVENKEEL_BURST: '1000',
    TUTUM_USER: USER,
    TUTUM_APIKEY: KEY,
  };
  return {
    server,
    folder,
    env,
    write(files) {
      rmSync(folder, { recursive: true });
      mkdirSync(folder);
      for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    },
    run: (argv, world = {}) => runCli(argv, COMMANDS, { ...world, env: { ...env, ...world.env } }),
    async close() {
      await server.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}
