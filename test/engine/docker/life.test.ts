/**
 * A service's containers through every verb, on a real engine. State is read from the engine, not from what was called.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Bench, bench, describeDocker, IMAGE, leftOf, makeImage } from '../../support/docker.ts';

describeDocker('containers of a service on a Docker engine', () => {
  let b: Bench;
  beforeAll(async () => {
    await makeImage({ name: IMAGE });
    b = await bench();
  });
  afterAll(() => b.end());

  const look = async (definition: Parameters<Bench['containers']>[0]) =>
    (await b.containers(definition)).map(({ ordinal, state }) => `${ordinal} ${state}`);

  it('are made and run, are stopped and kept, and are started again as they were', async () => {
    const web = b.define({ target_num_containers: 2 });
    expect(await look(web)).toEqual([]);
    const started = await b.run('start', web);
    expect(started).toMatchObject({
      ok: true,
      value: { image: { ports: [{ protocol: 'tcp', inner_port: 80 }] } },
    });
    expect(await look(web)).toEqual(['1 running', '2 running']);
    const ids = (await b.containers(web)).map(({ id }) => id);
    expect(await b.run('stop', web)).toEqual({ ok: true, value: {} });
    const stopped = await b.containers(web);
    expect(stopped.map(({ state, exitCode, reason }) => [state, exitCode, reason])).toEqual([
      ['stopped', 0, 'exited with code 0'],
      ['stopped', 0, 'exited with code 0'],
    ]);
    expect(await b.run('start', web)).toEqual({ ok: true, value: {} });
    expect((await b.containers(web)).map(({ id }) => id)).toEqual(ids);
    expect(await look(web)).toEqual(['1 running', '2 running']);
    await b.run('terminate', web);
  });

  it('are as many as the target, up and down, the highest going first and the others untouched', async () => {
    const one = b.define();
    await b.run('start', one);
    const [first] = await b.containers(one);
    const five = { ...one, spec: { ...one.spec, target_num_containers: 5 } };
    expect(await b.run('scale', five)).toMatchObject({ ok: true });
    expect(await look(five)).toEqual([1, 2, 3, 4, 5].map((n) => `${n} running`));
    const two = { ...one, spec: { ...one.spec, target_num_containers: 2 } };
    expect(await b.run('scale', two)).toMatchObject({ ok: true });
    expect(await look(two)).toEqual(['1 running', '2 running']);
    expect((await b.containers(two))[0]?.id).toBe(first?.id);
    const none = { ...one, spec: { ...one.spec, target_num_containers: 0 } };
    expect(await b.run('scale', none)).toMatchObject({ ok: true });
    expect(await look(none)).toEqual([]);
    await b.run('terminate', one);
  });

  it('leave nothing of ours behind when terminated, and nothing foreign is touched', async () => {
    const foreign = await b.docker.createContainer({ Image: IMAGE, name: `${b.instance}-foreign` });
    await foreign.start();
    const web = b.define({ bindings: [{ volume: 'files', container_path: '/files' }] }, { user: 'only' });
    await b.run('start', web);
    expect((await leftOf(b.docker, b.instance)).filter((left) => left.includes('only'))).toHaveLength(1);
    expect(await b.run('terminate', web)).toEqual({ ok: true, value: {} });
    expect(await leftOf(b.docker, b.instance)).toEqual([]);
    expect((await foreign.inspect()).State.Running).toBe(true);
    await foreign.remove({ force: true });
  });

  it('of a terminate given twice are gone, and that is success', async () => {
    const web = b.define();
    await b.run('start', web);
    expect(await b.run('terminate', web)).toEqual({ ok: true, value: {} });
    expect(await b.run('terminate', web)).toEqual({ ok: true, value: {} });
  });
});
