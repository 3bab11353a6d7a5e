/**
 * The worst night: the server restarts, throttles, forgets to answer what it did, and lists what is no longer true.
 * Real HTTP, a real journal; the truth is what the server knows.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../src/cli/system.ts';
import { apply } from '../../src/drive/apply.ts';
import type { Rule } from '../../src/server/faults/rules.ts';
import { openTestController } from '../support/controller.ts';
import { assertNoForbidden, assertRate, startServer, type TestServer } from '../support/server.ts';
import { wish } from '../support/services.ts';

const undo: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
});

const SERVICES = 100;
const RATE = 500;
const BURST = 50;

const STORM: readonly Rule[] = [
  { match: { probability: 0.04 }, fault: { kind: 'too_many', retry_after: 1 } },
  { match: { method: ['POST', 'PATCH'], probability: 0.05 }, fault: { kind: 'timeout_after' } },
  { match: { method: ['POST', 'PATCH'], probability: 0.05 }, fault: { kind: 'error_after', status: 502 } },
  { match: { method: ['POST', 'PATCH'], probability: 0.03 }, fault: { kind: 'timeout_before' } },
  { match: { verb: 'list', probability: 0.25 }, fault: { kind: 'stale_list', writes: 12 } },
  { match: { verb: 'list', probability: 0.1 }, fault: { kind: 'dropped_page', how: 'rows' } },
];

test('a hundred services through restarts, throttling, lost answers and stale lists are exactly a hundred, as wished', async () => {
  const stateDir = await mkdtemp(join(tmpdir(), 'evenkeel-storm-'));
  undo.push(() => rm(stateDir, { recursive: true, force: true }));
  const wishes = Array.from({ length: SERVICES }, (_, index) =>
    wish(`svc-${index}`, {
      spec: {
        image: 'nginx:1',
        target_num_containers: 1 + (index % 3),
        container_envvars: [{ key: 'N', value: `${index}` }],
      },
      want: index % 10 === 9 ? 'stopped' : 'running',
      dependsOn: index % 5 === 4 ? [`svc-${index - 1}`] : [],
    }),
  );
  const load = { wishes, complete: true, documents: SERVICES, problems: [], revision: 'storm' };
  const before: TestServer[] = [];
  let server = await startServer({ rules: STORM, seed: 7 });
  const { port, store } = server;
  undo.push(() => server.close());
  const foreign = { name: 'svc-of-somebody', image: 'nginx:1' };
  await fetch(`${server.url}/api/v1/service/`, {
    method: 'POST',
    headers: { authorization: 'ApiKey bob:bob-key-0123456789' },
    body: JSON.stringify(foreign),
  }).catch(() => undefined);

  const controller = await openTestController({
    url: server.url,
    stateDir,
    rate: RATE,
    burst: BURST,
    deadlineMs: 400,
  });
  undo.push(controller.close);
  controller.fleet.setWishes(wishes);
  const never = new AbortController().signal;
  while (!(await controller.fleet.look(false, never)));
  const { plan } = controller.fleet.plan(
    load,
    { prune: 'never', allowEmpty: false, allowDeletes: undefined },
    new Set(),
  );
  expect(plan.summary.create).toBe(SERVICES);

  const applying = apply(controller.fleet, plan, systemClock, {
    deadlineMs: 300_000,
    inOrder: false,
    signal: never,
  });
  // Twice in the middle of it the server goes away and comes back on the same port, with what it had stored.
  for (const writes of [40, 120]) {
    const over = Promise.race([applying, untilWrites(() => server, writes - sum(before))]);
    await over;
    before.push(server);
    await server.close();
    server = await startServer({ rules: STORM, seed: 8 + writes, port, store });
  }
  const result = await applying;

  expect(result.undone).toEqual([]);
  expect(result.exitCode).toBe(0);
  const live = await server.services();
  expect(live.map((one) => one.name)).toEqual(wishes.map((one) => one.name).toSorted());
  for (const one of live) {
    const wished = wishes.find(({ name }) => name === one.name);
    expect(one.target_num_containers, one.name).toBe(wished?.spec.target_num_containers);
    expect(one.state, one.name).toBe(wished?.want === 'running' ? 'Running' : 'Init');
  }
  const requests = [...before, server].flatMap((one) => one.requests());
  for (const one of [...before, server]) assertRate(one.requests(), RATE, BURST);
  assertNoForbidden(requests);
  expect(requests.some((one) => one.fault === 'timeout_after')).toBe(true);
  expect(requests.some((one) => one.fault === 'stale_list')).toBe(true);
  expect(requests.filter((one) => one.verb === 'terminate')).toEqual([]);
}, 240_000);

const sum = (servers: readonly TestServer[]) => servers.reduce((all, one) => all + one.writes().length, 0);

async function untilWrites(server: () => TestServer, count: number): Promise<void> {
  while (server().writes().length < count) await systemClock.sleep(20);
}
