import { afterEach, expect, it } from 'vitest';
import { systemClock } from '../../src/cli/system.ts';
import { createSimulatedEngine } from '../../src/engine/simulated/engine.ts';
import { INSTANT } from '../../src/engine/simulated/options.ts';
import { memoryStore } from '../../src/server/store/memory.ts';
import { call, createOne, startServer, type TestServer } from '../support/server.ts';

let server: TestServer | undefined;
afterEach(() => server?.close());

/** A server that notes how many services' containers it asks its engine about, at once at most. */
async function watched() {
  const store = memoryStore();
  const engine = createSimulatedEngine({ ...INSTANT, clock: systemClock, store });
  const looks: number[] = [];
  const inspect: typeof engine.inspect = (definitions) => {
    looks.push(definitions.length);
    return engine.inspect(definitions);
  };
  server = await startServer({ store, engine: { ...engine, inspect } });
  return { url: server.url, looks };
}

it('looks at the containers of a page only, however many services there are', async () => {
  const { url, looks } = await watched();
  const uuids: string[] = [];
  for (let index = 0; index < 30; index++) uuids.push((await createOne(url, { name: `svc-${index}` })).uuid);
  await call(url, 'POST', `/api/v1/service/${uuids[29]}/start/`);
  await server?.idle();
  looks.length = 0;
  const page = await call(url, 'GET', '/api/v1/service/?limit=5&offset=20');
  expect((page.json['objects'] as { name: string }[]).map(({ name }) => name)).toEqual(
    [20, 21, 22, 23, 24].map((index) => `svc-${index}`),
  );
  expect(page.json['meta']).toMatchObject({ total_count: 30, next: '/api/v1/service/?limit=5&offset=25' });
  expect(looks).toEqual([5]);

  looks.length = 0;
  const named = await call(url, 'GET', '/api/v1/service/?name=svc-3');
  expect(named.json['meta']).toMatchObject({ total_count: 1 });
  expect(looks).toEqual([1]);
});

it('filters by state over all of them, and shows the state by which it chose', async () => {
  const { url, looks } = await watched();
  for (let index = 0; index < 10; index++) {
    const { uuid } = await createOne(url, { name: `svc-${index}` });
    if (index % 3 === 0) await call(url, 'POST', `/api/v1/service/${uuid}/start/`);
  }
  await server?.idle();
  looks.length = 0;
  const { json } = await call(url, 'GET', '/api/v1/service/?state=Running&limit=3');
  expect(
    (json['objects'] as { name: string; state: string }[]).map(({ name, state }) => [name, state]),
  ).toEqual([
    ['svc-0', 'Running'],
    ['svc-3', 'Running'],
    ['svc-6', 'Running'],
  ]);
  expect(json['meta']).toMatchObject({ total_count: 4 });
  expect(looks).toEqual([10]);
});
