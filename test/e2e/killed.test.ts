/**
 * `kill -9` and SIGTERM at random moments of the built program, then once more to the end: it converges, nothing is made twice,
 * nothing of somebody else is touched, and the server never sees a request that its state table forbids or more than
 * the rate allows. `EVENKEEL_KILLS` sets how many kills; a run of the whole suite makes a few.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../src/cli/system.ts';
import { seededRandom } from '../support/clock.ts';
import { runBuilt, start } from '../support/program.ts';
import {
  assertNoForbidden,
  assertRate,
  createOne,
  KEY,
  startServer,
  type TestServer,
  USER,
} from '../support/server.ts';

const KILLS = Number(process.env['EVENKEEL_KILLS'] ?? 6);
/** Only ends a run that hangs. */
const LIMIT = 420_000 + KILLS * 15_000;
const SERVICES = 12;
const RATE = 100;
const BURST = 10;

let scratch: string;
let manifests: string;
let server: TestServer;
let env: Readonly<Record<string, string>>;

beforeEach(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'evenkeel-killed-'));
  manifests = join(scratch, 'fleet');
  mkdirSync(manifests);
  const delays = { start: 150, scale: 150, redeploy: 200, stop: 80, terminate: 80 };
  server = await startServer({ simulation: { delays } });
  env = {
    EVENKEEL_API_URL: server.url,
    TUTUM_USER: USER,
    TUTUM_APIKEY: KEY,
    EVENKEEL_STATE_DIR: join(scratch, 'state'),
    EVENKEEL_RATE: `${RATE}/s`,
    EVENKEEL_BURST: String(BURST),
  };
});

afterEach(async () => {
  await server.close();
  rmSync(scratch, { recursive: true, force: true });
});

function write(revision: number, count = SERVICES): void {
  for (let index = 0; index < count; index++) {
    const depends = index % 4 === 3 ? `reconcile: { depends_on: [svc-${index - 1}] }\n` : '';
    const target = 1 + ((index + revision) % 3);
    const text = `name: svc-${index}\nimage: nginx:1.${revision}\ntarget_num_containers: ${target}\n${depends}`;
    writeFileSync(join(manifests, `svc-${index}.yaml`), text);
  }
}

async function expectWished(revision: number): Promise<void> {
  const live = await server.services();
  const names = Array.from({ length: SERVICES }, (_, index) => `svc-${index}`);
  expect(live.map((one) => one.name)).toEqual([...names, 'somebody-elses'].toSorted());
  for (const one of live.filter(({ name }) => name !== 'somebody-elses')) {
    const index = Number(one.name.slice(4));
    expect([one.name, one.state, one.image_name, one.target_num_containers]).toEqual([
      one.name,
      'Running',
      `nginx:1.${revision}`,
      1 + ((index + revision) % 3),
    ]);
  }
}

function expectClean(foreign: string): void {
  const ours = server.requests().filter((one) => one.userAgent.startsWith('evenkeel/'));
  assertNoForbidden(ours);
  assertRate(ours, RATE, BURST);
  expect(ours.filter((one) => one.method !== 'GET' && one.uuid === foreign)).toEqual([]);
  expect(ours.filter((one) => one.verb === 'terminate')).toEqual([]);
  expect(ours.filter((one) => one.verb === 'create' && one.committed)).toHaveLength(SERVICES);
}

it(
  `apply, killed ${KILLS} times, then run to the end, makes each service once`,
  async () => {
    const foreign = await createOne(server.url, { name: 'somebody-elses' });
    write(1);
    const random = seededRandom(11);
    for (let kill = 0; kill < KILLS; kill++) {
      const running = start(['apply', manifests, '--yes'], { env });
      const writes = server.writes().length;
      // Half of the kills fall into the writes; the rest anywhere from the first read on.
      const wanted = 1 + Math.floor(random.next() * 6);
      const until = systemClock.monotonic() + 5_000;
      while (
        server.writes().length < writes + wanted &&
        systemClock.monotonic() < until &&
        running.child.exitCode === null
      ) {
        await systemClock.sleep(random.next() * 20);
      }
      running.child.kill('SIGKILL');
      await running.ended;
    }
    const last = await runBuilt(['apply', manifests, '--yes'], { env });
    expect(last, last.stderr).toMatchObject({ exit: 0 });
    await expectWished(1);
    expectClean(foreign.uuid);
    expect((await runBuilt(['plan', manifests], { env })).exit).toBe(0);
  },
  LIMIT,
);

it(
  `run, killed or asked to end ${KILLS} times while manifests change, converges to the last of them`,
  async () => {
    const foreign = await createOne(server.url, { name: 'somebody-elses' });
    const random = seededRandom(12);
    let revision = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      write(++revision);
      const running = start(['run', manifests, '--interval', '1s'], { env });
      const writes = server.writes().length;
      const wanted = 1 + Math.floor(random.next() * 8);
      const until = systemClock.monotonic() + 5_000;
      while (server.writes().length < writes + wanted && systemClock.monotonic() < until) {
        if (random.next() < 0.05) write(++revision);
        await systemClock.sleep(random.next() * 30);
      }
      // Every third one is asked to end, and does so well; it leaves no more behind than a killed one.
      const asked = kill % 3 === 2;
      running.child.kill(asked ? 'SIGTERM' : 'SIGKILL');
      const code = await running.ended;
      // Before its first write it may not have come to listen for signals.
      if (asked && server.writes().length > writes) expect(code, running.stderr()).toBe(0);
    }
    const last = start(['run', manifests, '--interval', '1s'], { env });
    // A create that was killed before it was sent, and whose manifest changed since, is looked for for two minutes before
    // it is tried again (design §7); this only ends what hangs.
    const until = systemClock.monotonic() + 300_000;
    while (systemClock.monotonic() < until) {
      try {
        await expectWished(revision);
        break;
      } catch {
        await systemClock.sleep(100);
      }
    }
    await expectWished(revision);
    last.child.kill('SIGTERM');
    expect(await last.ended).toBe(0);
    expectClean(foreign.uuid);
  },
  LIMIT,
);
