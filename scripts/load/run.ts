/**
 * `npm run load`: the built server at 1,000 and 10,000 services under concurrent clients, and the daemon beside it; each
 * figure beside fastify alone serving the same bytes in the same run. `--seconds N` each (5); `--sizes 1000,10000`.
 *
 * Absolute figures are of this machine at this moment and are not judged. Judged is that every request was answered well,
 * and that the daemon found nothing to do.
 */
import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../../src/cli/system.ts';
import { setup } from '../../test/support/build.ts';
import { ROOT, type Running, start } from '../../test/support/program.ts';
import { call, KEY, USER } from '../../test/support/server.ts';
import { KINDS, type Load, load } from './clients.ts';
import { fill, uuidOf, writeManifests } from './fleet.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    sizes: { type: 'string', default: '1000,10000' },
    root: { type: 'string', default: ROOT },
  },
});
const seconds = Number(values.seconds);
if (values.root === ROOT) setup();
console.log(`load  (${cpus().length} processors, load average ${loadavg()[0]?.toFixed(1)} at the start)`);
let wrong = 0;
for (const size of values.sizes.split(',').map(Number)) await measure(size);
process.exitCode = wrong === 0 ? 0 : 1;

async function measure(size: number): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'evenkeel-load-'));
  const children: { kill(signal?: NodeJS.Signals): boolean }[] = [];
  try {
    const store = join(scratch, 'store');
    await fill(store, size);
    const users = join(scratch, 'users.json');
    writeFileSync(users, JSON.stringify({ users: [{ name: USER, key: KEY }] }));
    const options = { root: values.root };
    const serving = ['serve', '--listen', '127.0.0.1:0', '--store', store, '--users', users];
    const server = start([...serving, '--log-level', 'error'], options);
    children.push(server.child);
    const origin = /http:\S+:\d+/.exec(await server.says('serving'))?.[0] ?? '';
    const bare = await bareServer(origin, children);
    console.log(`  ${size} services; the server holds ${memory(server)} MB`);
    for (const kind of KINDS) {
      const floor = await costing(bare.child, () => load(bare.origin, kind, size, seconds));
      const real = await costing(server.child, () => load(origin, kind, size, seconds));
      wrong += real.bad;
      const faster = (floor.perSecond / real.perSecond).toFixed(1);
      const cheaper = (real.cpuMs / floor.cpuMs).toFixed(1);
      console.log(`    ${kind}: ${shown(real)}; badly answered ${real.bad}`);
      console.log(
        `      fastify alone: ${shown(floor)}; × ${faster} in requests, × ${cheaper} in processor time`,
      );
    }
    await beside(origin, size, scratch, children);
    console.log(`    the server holds ${memory(server)} MB`);
  } finally {
    for (const child of children) child.kill('SIGKILL');
    rmSync(scratch, { recursive: true, force: true });
  }
}

type Cost = Load & { readonly cpuMs: number };

/** Processor time for each answer, which a busy machine does not change as much as it changes the rest. */
async function costing(child: Child, measured: () => Promise<Load>): Promise<Cost> {
  const before = processorMs(child);
  const got = await measured();
  return { ...got, cpuMs: (processorMs(child) - before) / Math.max(1, got.answers) };
}

function shown({ perSecond, p50, p99, cpuMs }: Cost): string {
  return `${Math.round(perSecond)}/s, p50 ${p50} ms, p99 ${p99} ms, ${cpuMs.toFixed(2)} ms of processor each`;
}

async function bareServer(
  origin: string,
  children: { kill(): boolean }[],
): Promise<{ readonly origin: string; readonly child: Child }> {
  const list = await call(origin, 'GET', '/api/v1/service/?limit=100');
  const one = await call(origin, 'GET', `/api/v1/service/${uuidOf(1)}/`);
  const child = fork(new URL('bare.ts', import.meta.url));
  children.push(child);
  child.send({ list: list.text, one: one.text });
  const at = await new Promise<string>((resolve) =>
    child.once('message', (message) => resolve(String(message))),
  );
  return { origin: at, child };
}

/** The daemon over the whole fleet, in step, while clients read. */
async function beside(
  origin: string,
  size: number,
  scratch: string,
  children: { kill(): boolean }[],
): Promise<void> {
  const fleet = join(scratch, 'fleet');
  writeManifests(fleet, size);
  const daemon = start(['run', fleet, '--interval', '10s', '--log-level', 'info'], {
    root: values.root,
    env: {
      EVENKEEL_API_URL: origin,
      TUTUM_USER: USER,
      TUTUM_APIKEY: KEY,
      EVENKEEL_STATE_DIR: join(scratch, 'state'),
      EVENKEEL_RATE: '50/s',
    },
  });
  children.push(daemon.child);
  await daemon.says('"msg":"converged"');
  const first = processorMs(daemon.child);
  const from = systemClock.monotonic();
  const alone = await load(origin, 'get', size, Math.max(seconds, 12));
  const share = (processorMs(daemon.child) - first) / (systemClock.monotonic() - from);
  wrong += alone.bad;
  const writes = (daemon.stderr().match(/"msg":"operation accepted"/g) ?? []).length;
  wrong += writes;
  console.log(
    `    beside the daemon, get: ${Math.round(alone.perSecond)}/s, p50 ${alone.p50} ms, p99 ${alone.p99} ms; the daemon takes ${(100 * share).toFixed(0)} % of a processor and holds ${memory(daemon)} MB, and writes ${writes} times`,
  );
  daemon.child.kill('SIGTERM');
  await daemon.ended;
}

interface Child {
  readonly pid?: number | undefined;
}

function memory({ child }: Running): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
}

/** Ticks of a hundredth of a second, which Linux counts in. */
function processorMs({ pid }: Child): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
