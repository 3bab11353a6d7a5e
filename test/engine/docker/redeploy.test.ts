import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Definition } from '../../../src/service/definition.ts';
import { type Bench, bench, describeDocker, leftOf, makeImage } from '../../support/docker.ts';

const ROLL = 'evenkeel-test-roll:1';
const DATA = 'evenkeel-test-data:1';

describeDocker('a redeploy on a Docker engine', () => {
  let b: Bench;
  beforeAll(async () => {
    await makeImage({ name: ROLL, page: 'one' });
    await makeImage({ name: DATA, page: 'seed', changes: ['VOLUME /data'] });
    b = await bench({ pull: 'never' });
  });
  afterAll(() => b.end());

  const next = (definition: Definition, spec: Partial<Definition['spec']> = {}): Definition => ({
    ...definition,
    revision: definition.revision + (Object.keys(spec).length > 0 ? 1 : 0),
    deployment: definition.deployment + 1,
    spec: { ...definition.spec, ...spec },
  });
  const page = (definition: Definition, ordinal = 1) =>
    b.exec(definition, ordinal, ['wget', '-qO-', 'http://127.0.0.1/']);

  it('picks up new content behind the same tag, for every container', async () => {
    const web = b.define({ image: ROLL, target_num_containers: 2 });
    await b.run('start', web);
    expect(await page(web)).toBe('one');
    await makeImage({ name: ROLL, page: 'two' });
    const again = next(web);
    expect(await b.run('redeploy', again)).toMatchObject({ ok: true });
    expect([await page(again, 1), await page(again, 2)]).toEqual(['two', 'two']);
    const containers = await b.containers(again);
    expect(containers.map(({ name, deployment, state }) => [name, deployment, state])).toEqual([
      ['web-1', 2, 'running'],
      ['web-2', 2, 'running'],
    ]);
    await b.run('terminate', again);
  });

  it('gives new containers what the definition says now, and a start after a stored change does too', async () => {
    const web = b.define({ image: ROLL, container_envvars: [{ key: 'A', value: '1' }] });
    await b.run('start', web);
    const changed = next(web, { container_envvars: [{ key: 'A', value: '2' }] });
    await b.run('redeploy', changed);
    expect(await b.exec(changed, 1, ['sh', '-c', 'echo $A'])).toBe('2\n');
    await b.run('stop', changed);
    const stored = { ...next(changed, { container_envvars: [{ key: 'A', value: '3' }] }), deployment: 2 };
    await b.run('start', stored);
    expect(await b.exec(stored, 1, ['sh', '-c', 'echo $A'])).toBe('3\n');
    expect((await b.containers(stored)).map(({ revision }) => revision)).toEqual([3]);
    await b.run('terminate', stored);
  });

  it('carries the data of the image’s volumes over, and starts them empty when that is asked for', async () => {
    const db = b.define({ image: DATA }, { name: 'db' });
    await b.run('start', db);
    expect(await b.exec(db, 1, ['cat', '/data/seed'])).toBe('seed');
    await b.exec(db, 1, ['sh', '-c', 'echo kept > /data/mine']);
    const second = next(db);
    await b.run('redeploy', second);
    expect(await b.exec(second, 1, ['cat', '/data/mine'])).toBe('kept\n');
    const third = next(second);
    expect(await b.run('redeploy', third, { reuseVolumes: false })).toMatchObject({ ok: true });
    expect(await b.exec(third, 1, ['ls', '/data'])).toBe('seed\n');
    expect((await leftOf(b.docker, b.instance)).filter((left) => left.startsWith('volume'))).toHaveLength(1);
    const fourth = next(third);
    await b.exec(third, 1, ['touch', '/data/new']);
    await b.run('redeploy', fourth);
    expect(await b.exec(fourth, 1, ['ls', '/data'])).toBe('new\nseed\n');
    await b.run('terminate', fourth);
    expect((await leftOf(b.docker, b.instance)).filter((left) => left.startsWith('volume'))).toEqual([]);
  });

  it('in sequence goes one by one and stops at the first that will not run', async () => {
    const web = b.define({ image: ROLL, target_num_containers: 3, sequential_deployment: true });
    await b.run('start', web);
    const broken = next(web, { run_command: 'sh -c "exit 7"' });
    expect(await b.run('redeploy', broken)).toEqual({
      ok: false,
      failure: { reason: 'container', message: 'web-1 does not run: exited with code 7' },
    });
    const seen = await b.containers(broken);
    expect(
      seen.map(({ ordinal, state, deployment, exitCode }) => [ordinal, state, deployment, exitCode]),
    ).toEqual([
      [1, 'stopped', 2, 7],
      [2, 'running', 1, null],
      [3, 'running', 1, null],
    ]);
    const mended = next(broken, { run_command: null });
    expect(await b.run('redeploy', mended)).toMatchObject({ ok: true });
    expect((await b.containers(mended)).map(({ state, deployment }) => [state, deployment])).toEqual(
      Array(3).fill(['running', 3]),
    );
    await b.run('terminate', mended);
  });

  it('to an image that is nowhere leaves what runs alone', async () => {
    const web = b.define({ image: ROLL });
    await b.run('start', web);
    const lost = next(web, { image: 'evenkeel-test-nowhere:9' });
    expect(await b.run('redeploy', lost)).toMatchObject({ ok: false, failure: { reason: 'image' } });
    expect((await b.containers(lost)).map(({ state, revision }) => [state, revision])).toEqual([
      ['running', 1],
    ]);
    await b.run('terminate', lost);
  });

  it('with a fixed port frees it first, so the successor can have it', async () => {
    const port = { protocol: 'tcp', inner_port: 80, outer_port: 18_431, published: true } as const;
    const web = b.define({ image: ROLL, container_ports: [port] });
    await b.run('start', web);
    expect(await b.run('redeploy', next(web))).toMatchObject({ ok: true });
    expect(await (await fetch('http://127.0.0.1:18431/')).text()).toBe('two');
    await b.run('terminate', web);
  });
});
