/**
 * The daemon with prune on, and a directory that is emptied, gone, broken, half-written or replaced: nothing is deleted
 * or stopped for as long as it lasts, and it recovers by itself. One manifest removed deletes exactly that service.
 */
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../src/cli/system.ts';
import { type Running, start } from '../support/program.ts';
import { KEY, startServer, type TestServer, USER } from '../support/server.ts';

const NAMES = ['api', 'db', 'web'];

let scratch: string;
let manifests: string;
let server: TestServer;
let daemon: Running;

beforeEach(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'evenkeel-damaged-'));
  manifests = join(scratch, 'fleet');
  mkdirSync(manifests);
  for (const name of NAMES) write(name);
  server = await startServer();
  daemon = start(
    ['run', manifests, '--prune', 'owned', '--interval', '1s', '--grace', '1s', '--rate', '200/s'],
    {
      env: {
        EVENKEEL_API_URL: server.url,
        TUTUM_USER: USER,
        TUTUM_APIKEY: KEY,
        EVENKEEL_OWNER: 'damaged',
        EVENKEEL_STATE_DIR: join(scratch, 'state'),
      },
    },
  );
  await until(async () => (await states()).join() === 'Running,Running,Running', 'the fleet runs');
});

afterEach(async () => {
  daemon.child.kill('SIGTERM');
  expect(await daemon.ended, daemon.stderr()).toBe(0);
  await server.close();
  rmSync(scratch, { recursive: true, force: true });
});

function write(name: string, target = 1): void {
  const text = `name: ${name}\nimage: nginx:1\ntarget_num_containers: ${target}\n`;
  writeFileSync(join(manifests, `${name}.yaml`), text);
}

const states = async () => (await server.services()).map((one) => one.state);
const names = async () => (await server.services()).map((one) => one.name);
const harmful = () => server.writes().filter((one) => one.verb === 'terminate' || one.verb === 'stop');
const lists = () => server.requests().filter((one) => one.verb === 'list').length;

/** Only ends what hangs. */
async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = systemClock.monotonic() + 60_000;
  while (!(await holds())) {
    if (systemClock.monotonic() > end)
      throw new Error(`it did not come about that ${what}\n${daemon.stderr()}`);
    await systemClock.sleep(50);
  }
}

/** So many looks at the fleet, each of which would have been enough to act. */
async function passes(count: number): Promise<void> {
  const from = lists();
  await until(() => lists() >= from + count, 'passes go on');
}

const aside = () => join(scratch, 'aside');

const DAMAGES: Readonly<Record<string, () => void>> = {
  emptied: () => {
    for (const file of readdirSync(manifests)) rmSync(join(manifests, file));
  },
  gone: () => renameSync(manifests, aside()),
  'replaced by a file': () => {
    renameSync(manifests, aside());
    writeFileSync(manifests, 'not a directory\n');
  },
  'replaced by an empty directory': () => {
    renameSync(manifests, aside());
    mkdirSync(manifests);
  },
  broken: () => writeFileSync(join(manifests, 'web.yaml'), 'name: web\nimage: [nginx\n'),
  'half-written': () => writeFileSync(join(manifests, 'web.yaml'), 'name: web\nima'),
  'broken in one file while another one is gone': () => {
    writeFileSync(join(manifests, 'web.yaml'), ': : :\n');
    rmSync(join(manifests, 'db.yaml'));
  },
};

for (const [damage, inflict] of Object.entries(DAMAGES)) {
  it(`deletes and stops nothing while the directory is ${damage}, and goes on when it is back`, async () => {
    inflict();
    await passes(5);
    expect(harmful()).toEqual([]);
    expect(await names()).toEqual(NAMES);
    expect(await states()).toEqual(['Running', 'Running', 'Running']);

    rmSync(manifests, { recursive: true, force: true });
    mkdirSync(manifests);
    for (const name of NAMES) write(name, 2);
    await until(
      async () =>
        (await server.services()).every((one) => one.target_num_containers === 2 && one.state === 'Running'),
      'the directory is followed again',
    );
    expect(harmful()).toEqual([]);
  });
}

it('deletes exactly the one service whose manifest was removed', async () => {
  rmSync(join(manifests, 'db.yaml'));
  await until(async () => (await names()).length < 3, 'the service is deleted');
  expect(await names()).toEqual(['api', 'web']);
  await passes(4);
  expect(await names()).toEqual(['api', 'web']);
  expect(harmful().map((one) => [one.verb, one.name])).toEqual([['terminate', 'db']]);
});
