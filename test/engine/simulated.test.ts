import { describe, expect, it } from 'vitest';
import { createSimulatedEngine } from '../../src/engine/simulated/engine.ts';
import { exitOf, isMissing } from '../../src/engine/simulated/images.ts';
import type { SimulatedOptions } from '../../src/engine/simulated/options.ts';
import { DEFAULTS } from '../../src/server/input/fields.ts';
import { newDefinition } from '../../src/server/life/records.ts';
import { memoryStore } from '../../src/server/store/memory.ts';
import type { DefinedSpec, Definition, JobVerb } from '../../src/service/definition.ts';
import { virtualClock } from '../support/clock.ts';

const define = (
  name: string,
  spec: Partial<DefinedSpec> = {},
  more: Partial<Definition> = {},
): Definition => ({
  ...newDefinition({
    uuid: `uuid-${name}`,
    user: 'alice',
    name,
    uniqueName: name,
    spec: { ...DEFAULTS, image: 'nginx', ...spec },
    image: null,
    redeployToken: null,
    keyedBody: null,
    at: 0,
  }),
  ...more,
});

async function open(options: Partial<SimulatedOptions> = {}, definitions: readonly Definition[] = []) {
  const clock = virtualClock();
  const store = options.store ?? memoryStore();
  const engine = createSimulatedEngine({ clock, store, ...options });
  await engine.start(definitions);
  const stop = new AbortController();
  const run = (verb: JobVerb, definition: Definition) =>
    clock.runUntil(
      engine.run({ verb, definition, environment: {}, links: [], reuseVolumes: true }, stop.signal),
    );
  const views = async (definition: Definition) => {
    const result = await engine.inspect([definition]);
    return result.ok ? (result.value.get(definition.uuid) ?? []) : [];
  };
  return { clock, engine, run, views, stop, store };
}

describe('a simulated job', () => {
  it('takes the time that the seed says, the same every time', async () => {
    const took = async (seed: number) => {
      const { clock, run } = await open({ seed });
      const before = clock.monotonic();
      await run('start', define('web', { target_num_containers: 3 }));
      return clock.monotonic() - before;
    };
    const first = await took(1);
    expect(first).toBeGreaterThan(1_200);
    expect(first).toBeLessThan(1_800);
    expect(await took(1)).toBe(first);
    expect(await took(2)).not.toBe(first);
  });

  it('goes one by one where the service is deployed in sequence', async () => {
    const { clock, run } = await open({ jitter: 0, delays: { start: 100 } });
    const before = clock.monotonic();
    await run('start', define('web', { target_num_containers: 3, sequential_deployment: true }));
    expect(clock.monotonic() - before).toBe(300);
  });

  it('given again after it was aborted goes on from what there is', async () => {
    const { clock, engine, views } = await open({ jitter: 0, delays: { start: 100 } });
    const web = define('web', { target_num_containers: 3, sequential_deployment: true });
    const job = { verb: 'start', definition: web, environment: {}, links: [], reuseVolumes: true } as const;
    const abort = new AbortController();
    const first = engine.run(job, abort.signal);
    await clock.advance(150);
    abort.abort();
    expect(await first).toMatchObject({ ok: false, failure: { reason: 'aborted' } });
    const [kept] = await views(web);
    await clock.runUntil(engine.run(job, new AbortController().signal));
    const all = await views(web);
    expect(all.map((one) => [one.ordinal, one.state])).toEqual([
      [1, 'running'],
      [2, 'running'],
      [3, 'running'],
    ]);
    expect(all[0]?.id).toBe(kept?.id);
  });

  it('redeploys what is of an older deployment only, so that it can be given twice', async () => {
    const { run, views } = await open();
    const web = define('web', { target_num_containers: 2 });
    await run('start', web);
    const next = { ...web, deployment: 2 };
    await run('redeploy', next);
    const once = await views(web);
    await run('redeploy', next);
    expect(await views(web)).toEqual(once);
    expect(once.every((one) => one.deployment === 2)).toBe(true);
  });

  it('removes the highest ordinals first, and fills gaps', async () => {
    const { run, views, engine } = await open();
    const web = (target: number) => define('web', { target_num_containers: target });
    await run('start', web(4));
    await engine.vanish('uuid-web', 2);
    await run('scale', web(3));
    expect((await views(web(3))).map((one) => one.ordinal)).toEqual([1, 3, 4]);
    await run('scale', web(4));
    expect((await views(web(4))).map((one) => one.ordinal)).toEqual([1, 2, 3, 4]);
    await run('scale', web(2));
    expect((await views(web(2))).map((one) => one.ordinal)).toEqual([1, 2]);
    await run('terminate', web(2));
    expect(await views(web(2))).toEqual([]);
  });

  it('never ends when it is stuck, until it is aborted', async () => {
    const { clock, engine } = await open({ failures: [{ verb: 'start', reason: 'stuck', times: 1 }] });
    const job = {
      verb: 'start',
      definition: define('web'),
      environment: {},
      links: [],
      reuseVolumes: true,
    } as const;
    const abort = new AbortController();
    const run = engine.run(job, abort.signal);
    await clock.advance(3_600_000);
    abort.abort();
    expect(await run).toMatchObject({ ok: false, failure: { reason: 'aborted' } });
  });
});

describe('fixed ports', () => {
  const port = { protocol: 'tcp', inner_port: 80, outer_port: 8080, published: true } as const;

  it('are refused for more containers than hosts, by the name of the field', async () => {
    const { engine } = await open({ hosts: 2 });
    const check = (count: number) =>
      engine.check(define('web', { container_ports: [port], target_num_containers: count }));
    expect(check(2)).toEqual([]);
    expect(check(3)).toMatchObject([{ field: 'container_ports', message: expect.stringContaining('8080') }]);
  });

  it('that another service has taken make a start fail, and are free again when that is stopped', async () => {
    const { run, views } = await open({ hosts: 1 });
    const [one, two] = [
      define('one', { container_ports: [port] }),
      define('two', { container_ports: [port] }),
    ];
    await run('start', one);
    expect(await run('start', two)).toMatchObject({ ok: false, failure: { reason: 'port-taken' } });
    expect(await views(two)).toMatchObject([
      { state: 'stopped', reason: expect.stringContaining('8080/tcp') },
    ]);
    await run('stop', one);
    expect(await run('start', two)).toMatchObject({ ok: true });
  });
});

describe('containers that end by themselves', () => {
  it('do so as their command says, or their image', () => {
    const exit = (run_command: string | null, image = 'nginx') =>
      exitOf({ ...DEFAULTS, image, run_command }, {});
    expect(exit(null)).toBeUndefined();
    expect(exit('nginx -g "daemon off;"')).toBeUndefined();
    expect(exit('exit 3')).toEqual({ after_ms: 200, code: 3 });
    expect(exit('false')).toEqual({ after_ms: 200, code: 1 });
    expect(exit('sh -c "sleep 1.5 && exit 0"')).toEqual({ after_ms: 1_500, code: 0 });
    expect(exit('sleep 2; false')).toEqual({ after_ms: 2_000, code: 1 });
    expect(exit(null, 'docker.io/library/hello-world:latest')).toEqual({ after_ms: 200, code: 0 });
    expect(exit(null, 'tutum/hello-world')).toBeUndefined();
  });

  it('end at their time also when the server was restarted in between', async () => {
    const store = memoryStore();
    const job = define('job', { run_command: 'sleep 60; exit 4' });
    const first = await open({ store });
    await first.run('start', job);
    await first.engine.close();
    const second = await open({ store }, [job]);
    expect(await second.views(job)).toMatchObject([{ state: 'running' }]);
    await second.clock.advance(120_000);
    expect(await second.views(job)).toMatchObject([{ state: 'stopped', exitCode: 4 }]);
  });

  it('in a crash loop are restarted ever more slowly', async () => {
    const { clock, run, engine } = await open({ jitter: 0 });
    const web = define('web', { run_command: 'exit 1', autorestart: 'ALWAYS' });
    await run('start', web);
    await clock.advance(60_000);
    const logs = await engine.logs(web, { tail: 1_000 }, new AbortController().signal);
    const starts = logs.ok ? logs.value.filter((line) => line.text.startsWith('started')).length : 0;
    expect(starts).toBeGreaterThan(5);
    expect(starts).toBeLessThan(20);
  });

  it('are not brought back after a stop', async () => {
    const { clock, run, views } = await open();
    const web = define('web', { autorestart: 'ALWAYS' });
    await run('start', web);
    await run('stop', web);
    await clock.advance(60_000);
    expect(await views(web)).toMatchObject([{ state: 'stopped' }]);
  });
});

it('a simulated image of nobody is missing, all others are there', () => {
  expect(isMissing('missing/app:1')).toBe(true);
  expect(isMissing('nginx')).toBe(false);
});
