/**
 * A real swarm for tests: nodes on this machine, each a Docker engine in a network namespace of its own, joined by a
 * bridge. Needs root, `dockerd` and `ip`. Everything is taken down by pid and by name at the end.
 */
import { execFile, spawn } from 'node:child_process';
import { access, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, it } from 'vitest';
import { dockerClient, isDemanded, makeImage } from './docker.ts';

const DOCKERD = '/usr/sbin/dockerd';
const run = promisify(execFile);

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function whyNot(): Promise<string | undefined> {
  // It takes minutes and changes this machine's interfaces and packet filter: only where it is asked for.
  const asked = (process.env['EVENKEEL_ENGINES'] ?? '').split(',').includes('swarm');
  if (!asked) return 'EVENKEEL_ENGINES does not name swarm';
  if (process.getuid?.() !== 0) return 'a swarm of test nodes needs root';
  for (const program of [DOCKERD, '/bin/busybox', '/usr/sbin/iptables']) {
    if (!(await exists(program))) return `${program} is not there`;
  }
  return undefined;
}

/** Why there can be no swarm to test on; undefined = there can. */
export const missingSwarm = await whyNot();

export function describeSwarm(title: string, options: { readonly timeout: number }, tests: () => void): void {
  if (missingSwarm === undefined) describe(title, options, tests);
  else if (isDemanded('swarm')) {
    describe(title, () => it(`has nodes to run on: ${missingSwarm}`, () => Promise.reject(missingSwarm)));
  } else describe.skip(`${title} [skipped: ${missingSwarm}]`, tests);
}

export interface SwarmTestNode {
  readonly host: string;
  readonly address: string;
  /** Ends its engine and all its containers at once, as a power cut does. */
  kill(): Promise<void>;
}

export interface TestSwarm {
  readonly nodes: readonly SwarmTestNode[];
  end(): Promise<void>;
}

let swarms = 0;

/** `count` managers (1 or 3) with these images on each. */
export async function testSwarm(count: 1 | 3, images: readonly string[]): Promise<TestSwarm> {
  swarms += 1;
  // Interface names have 15 characters; test processes run beside each other.
  const id = `${(process.pid % 10_000).toString(36)}${swarms}`;
  const bridge = `eks${id}`;
  const subnet = `10.${64 + (process.pid % 64)}.${swarms}`;
  const dir = await mkdtemp(join(tmpdir(), 'evenkeel-swarm-'));
  await run('ip', ['link', 'add', bridge, 'type', 'bridge']);
  await run('ip', ['addr', 'add', `${subnet}.254/24`, 'dev', bridge]);
  await run('ip', ['link', 'set', bridge, 'up']);
  const forward = ['FORWARD', '-i', bridge, '-o', bridge, '-j', 'ACCEPT'];
  await run('iptables', ['-I', ...forward]);
  // Each pull of an image that is here only fails at once instead of waiting for a resolver that is not there.
  await writeFile(join(dir, 'resolv.conf'), 'nameserver 127.0.0.1\n');
  const nodes = await Promise.all(Array.from({ length: count }, (_, index) => startNode(index + 1)));

  async function startNode(number: number) {
    const name = `${bridge}n${number}`;
    const own = join(dir, `n${number}`);
    const host = `unix://${own}/docker.sock`;
    await mkdir(own);
    await run('ip', ['netns', 'add', name]);
    await run('ip', [
      'link',
      'add',
      `${bridge}v${number}`,
      'type',
      'veth',
      'peer',
      'name',
      'eth0',
      'netns',
      name,
    ]);
    await run('ip', ['link', 'set', `${bridge}v${number}`, 'master', bridge, 'up']);
    const inside = (...args: string[]) => run('ip', ['-n', name, ...args]);
    await inside('addr', 'add', `${subnet}.${number}/24`, 'dev', 'eth0');
    await inside('link', 'set', 'eth0', 'up');
    await inside('link', 'set', 'lo', 'up');
    await inside('route', 'add', 'default', 'via', `${subnet}.254`);
    const mounts = `mount --make-rprivate / && mount -t tmpfs none /run && mount --bind ${dir}/resolv.conf /etc/resolv.conf`;
    const dockerd = `exec ${DOCKERD} --data-root ${own}/data --exec-root ${own}/exec --pidfile ${own}/pid -H ${host}`;
    const child = spawn(
      'nsenter',
      [`--net=/run/netns/${name}`, 'unshare', '-m', 'sh', '-c', `${mounts} && ${dockerd}`],
      { stdio: 'ignore', detached: true },
    );
    const gone = new Promise((resolve) => child.once('exit', resolve));
    await answers(host);
    return {
      host,
      address: `${subnet}.${number}`,
      async kill() {
        await killContainers(`${own}/exec`);
        child.kill('SIGKILL');
        await gone;
        await killContainers(`${own}/exec`);
      },
      async end() {
        child.kill('SIGTERM');
        await gone;
        await run('ip', ['netns', 'del', name]).catch(() => undefined);
        await run('umount', ['-l', `${own}/data`]).catch(() => undefined);
      },
    };
  }

  const [first, ...others] = nodes;
  if (first === undefined) throw new Error('no node');
  const docker = dockerClient(first.host);
  await docker.swarmInit({ ListenAddr: '0.0.0.0:2377', AdvertiseAddr: first.address });
  const { JoinTokens } = await docker.swarmInspect();
  for (const node of others) {
    await dockerClient(node.host).swarmJoin({
      ListenAddr: '0.0.0.0:2377',
      AdvertiseAddr: node.address,
      RemoteAddrs: [`${first.address}:2377`],
      JoinToken: JoinTokens.Manager,
    });
  }
  await Promise.all(
    nodes.map(async ({ host }) => {
      for (const name of images) await makeImage({ name }, host);
    }),
  );
  return {
    nodes,
    async end() {
      await Promise.all(nodes.map((node) => node.end()));
      await run('iptables', ['-D', ...forward]).catch(() => undefined);
      await run('ip', ['link', 'del', bridge]).catch(() => undefined);
      await rm(dir, { recursive: true, force: true }).catch(() => undefined);
    },
  };
}

async function answers(host: string): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    const pong = await dockerClient(host)
      .ping()
      .catch(() => undefined);
    if (pong !== undefined) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`dockerd at ${host} did not come up`);
}

/** Processes that were started under this engine's own directory: its shims, and with them their containers. */
async function killContainers(execRoot: string): Promise<void> {
  const { stdout } = await run('ps', ['-eo', 'pid,args']);
  for (const line of stdout.split('\n')) {
    const [, pid, args = ''] = /^\s*(\d+) (.*)$/.exec(line) ?? [];
    if (pid === undefined || !args.includes(execRoot) || !args.includes('containerd')) continue;
    for (const child of await childrenOf(pid)) process.kill(child, 'SIGKILL');
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It ended with its parent.
    }
  }
}

async function childrenOf(pid: string): Promise<readonly number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text.split(' ').filter(Boolean).map(Number);
}
