/**
 * A registry on loopback that wants a password: Debian's `docker-registry`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PROGRAM = '/usr/bin/docker-registry';
export const USER = 'puller';
export const PASSWORD = 'pull-secret';
/** bcrypt of the password. */
const HTPASSWD = `${USER}:$2b$04$EfLxozgmqEnXw94whCc.XOXY39dTL7jgzNYd93gD7b9yuanjcFs7e\n`;

export interface Registry {
  /** `127.0.0.1:port`, the first part of its images' names. */
  readonly address: string;
  readonly auth: { readonly username: string; readonly password: string; readonly serveraddress: string };
  /** A file in Docker's form with its credentials. */
  readonly config: string;
  stop(): Promise<void>;
  start(): Promise<void>;
  end(): Promise<void>;
}

export async function hasRegistry(): Promise<boolean> {
  return access(PROGRAM).then(
    () => true,
    () => false,
  );
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

export async function startRegistry(): Promise<Registry> {
  const dir = await mkdtemp(join(tmpdir(), 'evenkeel-registry-'));
  const address = `127.0.0.1:${await freePort()}`;
  await writeFile(join(dir, 'htpasswd'), HTPASSWD);
  await writeFile(
    join(dir, 'config.yml'),
    `version: 0.1
log: { level: error, accesslog: { disabled: true } }
storage: { filesystem: { rootdirectory: ${dir}/data } }
http: { addr: "${address}" }
auth: { htpasswd: { realm: test, path: ${dir}/htpasswd } }
`,
  );
  const config = join(dir, 'config.json');
  const auth = Buffer.from(`${USER}:${PASSWORD}`).toString('base64');
  await writeFile(config, JSON.stringify({ auths: { [address]: { auth } } }), { mode: 0o600 });
  let child: ChildProcess | undefined;

  const stop = async () => {
    const gone = new Promise((resolve) => child?.once('exit', resolve));
    if (child?.kill() === true) await gone;
    child = undefined;
  };
  const start = async () => {
    child = spawn(PROGRAM, ['serve', join(dir, 'config.yml')], { stdio: 'ignore' });
    for (let tries = 0; tries < 200; tries += 1) {
      const answer = await fetch(`http://${address}/v2/`).catch(() => undefined);
      if (answer !== undefined) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`no registry at ${address}`);
  };
  await start();
  return {
    address,
    auth: { username: USER, password: PASSWORD, serveraddress: address },
    config,
    stop,
    start,
    async end() {
      await stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
