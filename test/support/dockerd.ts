/**
 * A Docker engine of one test alone, so that it can be restarted. Needs root and `dockerd`.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { dockerClient } from './docker.ts';

const PROGRAM = '/usr/sbin/dockerd';

export interface Dockerd {
  readonly host: string;
  start(): Promise<void>;
  /** Stops its containers, as a shutdown of the host does. */
  stop(): Promise<void>;
  end(): Promise<void>;
}

export async function canRunDockerd(): Promise<boolean> {
  const there = await access(PROGRAM).then(
    () => true,
    () => false,
  );
  return there && process.getuid?.() === 0;
}

export async function ownDockerd(): Promise<Dockerd> {
  const dir = await mkdtemp(join(tmpdir(), 'evenkeel-dockerd-'));
  const host = `unix://${dir}/docker.sock`;
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    // In a network of its own: it would take the bridge and the packet filter of the machine's engine away.
    const up = 'ip link set lo up && exec "$0" "$@"';
    const options = ['--net', 'sh', '-c', up, PROGRAM, '--storage-driver=vfs'];
    const paths = ['--data-root', `${dir}/data`, '--exec-root', `${dir}/exec`, '-p', `${dir}/pid`];
    child = spawn('unshare', [...options, ...paths, '-H', host], { stdio: 'ignore' });
    for (let tries = 0; tries < 300; tries += 1) {
      const answer = await dockerClient(host)
        .ping()
        .catch(() => undefined);
      if (answer !== undefined) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error('dockerd did not come up');
  }

  async function stop(): Promise<void> {
    const gone = new Promise((resolve) => child?.once('exit', resolve));
    if (child?.kill() === true) await gone;
    child = undefined;
  }

  return {
    host,
    start,
    stop,
    async end() {
      await stop();
      // It mounts its data directory on itself.
      await promisify(execFile)('umount', ['-l', `${dir}/data`]).catch(() => undefined);
      await rm(dir, { recursive: true, force: true });
    },
  };
}
