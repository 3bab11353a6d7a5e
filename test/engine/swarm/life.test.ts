import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Definition } from '../../../src/service/definition.ts';
import { dockerClient, IMAGE, makeImage } from '../../support/docker.ts';
import { describeSwarm, type TestSwarm, testSwarm } from '../../support/swarm.ts';
import { type SwarmBench, swarmBench } from '../../support/swarm-bench.ts';

const DATA = 'evenkeel-test-data:1';

describeSwarm('a service on a swarm of one node', { timeout: 120_000 }, () => {
  let swarm: TestSwarm;
  let b: SwarmBench;
  beforeAll(async () => {
    swarm = await testSwarm(1, [IMAGE]);
    await makeImage({ name: DATA, page: 'seed', changes: ['VOLUME /data'] }, swarm.nodes[0]?.host);
    b = await swarmBench(swarm);
  });
  afterAll(async () => {
    await b?.end();
    await swarm?.end();
  });
  const next = (definition: Definition, spec: Partial<Definition['spec']> = {}): Definition => ({
    ...definition,
    revision: definition.revision + (Object.keys(spec).length > 0 ? 1 : 0),
    deployment: definition.deployment + 1,
    spec: { ...definition.spec, ...spec },
  });

  it('runs, is stopped and started, scaled and terminated, and leaves nothing', async () => {
    const web = b.define({ target_num_containers: 2 });
    expect(await b.look(web)).toEqual([]);
    expect(await b.run('start', web)).toMatchObject({
      ok: true,
      value: { image: { ports: [{ inner_port: 80 }] } },
    });
    expect(await b.look(web)).toEqual(['1 running 1', '2 running 1']);
    expect(await b.run('stop', web)).toEqual({ ok: true, value: {} });
    expect(await b.look(web)).toEqual(['1 stopped 1', '2 stopped 1']);
    expect(await b.run('start', web)).toMatchObject({ ok: true });
    expect(await b.look(web)).toEqual(['1 running 1', '2 running 1']);
    const four = { ...web, spec: { ...web.spec, target_num_containers: 4 } };
    const kept = (await b.containers(web)).map(({ id }) => id);
    expect(await b.run('scale', four)).toMatchObject({ ok: true });
    expect(await b.look(four)).toHaveLength(4);
    expect((await b.containers(four)).slice(0, 2).map(({ id }) => id)).toEqual(kept);
    const none = { ...web, spec: { ...web.spec, target_num_containers: 0 } };
    expect(await b.run('scale', none)).toMatchObject({ ok: true });
    expect(await b.look(none)).toEqual([]);
    expect(await b.run('terminate', web)).toEqual({ ok: true, value: {} });
    expect(await b.run('terminate', web)).toEqual({ ok: true, value: {} });
    expect(await b.left()).toEqual([]);
  });

  it('gets its container also where it is wanted again while those before it are being cleared away', async () => {
    const all = Array.from({ length: 8 }, () => b.define({ target_num_containers: 2 }));
    const scaledTo = (one: Definition, target_num_containers: number) =>
      b.run('scale', { ...one, spec: { ...one.spec, target_num_containers } });
    const life = async (one: Definition) => {
      await b.run('start', one);
      const ends: boolean[] = [];
      for (const target of [0, 1, 0, 2, 1, 2]) ends.push((await scaledTo(one, target)).ok);
      const seen = await b.look(one);
      await b.run('terminate', one);
      return [...ends, seen];
    };
    const good = [true, true, true, true, true, true, ['1 running 1', '2 running 1']];
    expect(await Promise.all(all.map(life))).toEqual(all.map(() => good));
  });

  it('is redeployed with new content behind the same tag, and with what the definition says now', async () => {
    const image = 'evenkeel-test-roll:1';
    await makeImage({ name: image, page: 'one' }, swarm.nodes[0]?.host);
    const web = b.define({ image, container_envvars: [{ key: 'A', value: '1' }] });
    await b.run('start', web);
    expect(await b.exec(web, ['cat', '/www/index.html'])).toBe('one');
    await makeImage({ name: image, page: 'two' }, swarm.nodes[0]?.host);
    const again = next(web, { container_envvars: [{ key: 'A', value: '2' }] });
    expect(await b.run('redeploy', again)).toMatchObject({ ok: true });
    expect(await b.exec(again, ['sh', '-c', 'cat /www/index.html; echo $A'])).toBe('two2\n');
    expect(await b.look(again)).toEqual(['1 running 2']);
    await b.run('terminate', again);
  });

  it('in sequence stops at the first that will not run, and the others go on', async () => {
    const web = b.define({ target_num_containers: 3, sequential_deployment: true });
    await b.run('start', web);
    const broken = next(web, { run_command: 'sh -c "exit 7"' });
    expect(await b.run('redeploy', broken)).toMatchObject({ ok: false, failure: { reason: 'container' } });
    const seen = await b.look(broken);
    expect(seen.filter((one) => one.endsWith('running 1'))).toHaveLength(2);
    const mended = next(broken, { run_command: null });
    expect(await b.run('redeploy', mended)).toMatchObject({ ok: true });
    expect(await b.look(mended)).toEqual(['1 running 3', '2 running 3', '3 running 3']);
    await b.run('terminate', mended);
  });

  it('reaches what it links to under its own name for it, and nothing of another user', async () => {
    const serving = (name: string) =>
      b.define({ run_command: `sh -c 'echo ${name} > /www/index.html; httpd -f -p 80 -h /www'` }, { name });
    const [red, blue] = [serving('red'), serving('blue')];
    const linked = (to: Definition, name: string) => ({ name, uuid: to.uuid, uniqueName: to.name });
    const [web, shop] = [b.define({}, { name: 'web' }), b.define({}, { name: 'shop' })];
    for (const one of [red, blue]) await b.run('start', one);
    expect(await b.run('start', web, { links: [linked(red, 'db')] })).toMatchObject({
      ok: true,
      value: { note: 'red was restarted to answer to the name db' },
    });
    const odd = b.define({}, { name: 'odd' });
    await b.run('start', odd, { links: [linked(red, 'blue'), linked(blue, 'red')] });
    expect(await b.exec(odd, ['wget', '-qO-', 'http://blue/', 'http://red/'])).toBe('red\nblue\n');
    const plain = b.define({}, { name: 'plain' });
    expect(await b.run('start', plain, { links: [linked(red, 'red')] })).toMatchObject({
      ok: true,
      value: { image: {} },
    });
    expect(await b.exec(plain, ['wget', '-qO-', 'http://red/'])).toBe('red\n');
    await b.run('start', shop, { links: [linked(blue, 'db')] });
    expect(await b.exec(web, ['wget', '-qO-', 'http://db/'])).toBe('red\n');
    expect(await b.exec(shop, ['wget', '-qO-', 'http://db/'])).toBe('blue\n');
    const stranger = b.define({}, { name: 'stranger', user: 'somebody' });
    await b.run('start', stranger);
    expect(await b.exec(web, ['nslookup', 'stranger'])).not.toMatch(/Address: \d/);
    expect(await b.exec(stranger, ['nslookup', 'red'])).not.toMatch(/Address: \d/);
    await b.run('redeploy', next(red));
    expect(await b.exec(web, ['wget', '-qO-', 'http://db/'])).toBe('red\n');
    for (const one of [red, blue, web, shop, odd, plain, stranger])
      expect(await b.run('terminate', one)).toMatchObject({ ok: true });
    expect(await b.left()).toEqual([]);
  });

  it('keeps the data of its image’s volumes and of named ones, unless they are to begin anew', async () => {
    const db = b.define(
      { image: DATA, bindings: [{ volume: 'files', container_path: '/files' }] },
      { name: 'db' },
    );
    expect(await b.run('start', db)).toMatchObject({ ok: true });
    await b.exec(db, ['sh', '-c', 'echo kept > /data/mine; echo also > /files/mine']);
    const second = next(db);
    expect(await b.run('redeploy', second)).toMatchObject({ ok: true });
    expect(await b.exec(second, ['cat', '/data/mine', '/data/seed', '/files/mine'])).toBe('kept\nseedalso\n');
    const third = next(second);
    expect(await b.run('redeploy', third, { reuseVolumes: false })).toMatchObject({ ok: true });
    expect(await b.exec(third, ['ls', '/data'])).toBe('seed\n');
    await b.run('stop', third);
    expect(await b.run('terminate', third)).toEqual({ ok: true, value: {} });
    expect(await b.left()).toEqual([]);
  });

  it('publishes its ports on its node, and waits with a reason for one that is taken', async () => {
    const ports = [{ protocol: 'tcp', inner_port: 80, outer_port: 18_600, published: true }] as const;
    const web = b.define({ container_ports: ports });
    await b.run('start', web);
    expect((await b.containers(web))[0]?.ports).toEqual([
      { protocol: 'tcp', inner_port: 80, outer_port: 18_600 },
    ]);
    expect(await (await fetch(`http://${swarm.nodes[0]?.address}:18600/`)).text()).toBe(IMAGE);
    expect(await b.run('redeploy', next(web))).toMatchObject({ ok: true });
    const late = b.define({ container_ports: ports }, { name: 'late' });
    expect(await b.run('start', late)).toMatchObject({ ok: false, failure: { reason: 'port-taken' } });
    expect(await b.containers(late)).toMatchObject([
      { state: 'unready', reason: expect.stringMatching(/port/) },
    ]);
    await b.run('terminate', web);
    await expect.poll(() => b.look(late), { timeout: 10_000 }).toEqual(['1 running 1']);
    await b.run('terminate', late);
    const two = { ...web, spec: { ...web.spec, target_num_containers: 2 } };
    expect(b.parts.engine.check(two)).toMatchObject([{ field: 'container_ports' }]);
    expect(b.parts.engine.check(b.define({ cpu_shares: 100 }))).toMatchObject([{ field: 'cpu_shares' }]);
  });

  it('whose image is missing, or whose program is, fails with the reason and leaves nothing running', async () => {
    const lost = b.define({ image: 'evenkeel-test-nowhere:1' });
    expect(await b.run('start', lost)).toMatchObject({ ok: false, failure: { reason: 'image' } });
    expect(await b.look(lost)).toEqual([]);
    const wrong = b.define({ run_command: '/no/such/program' });
    const failed = await b.run('start', wrong);
    expect(failed).toMatchObject({ ok: false, failure: { reason: 'container' } });
    expect(failed.ok ? '' : failed.failure.message).toContain('/no/such/program');
    expect(await b.look(wrong)).toEqual([]);
    await b.run('terminate', wrong);
  });

  it('that ended by itself is no container any more, and a start brings it back', async () => {
    const web = b.define({ target_num_containers: 2, run_command: 'sh -c "sleep 1; exit 0"' });
    expect(await b.run('start', web)).toMatchObject({ ok: true });
    await expect.poll(() => b.look(web), { timeout: 10_000 }).toEqual([]);
    expect(await b.run('start', web)).toMatchObject({ ok: true });
    await b.run('terminate', web);
  });

  it('shows the logs of all its containers, each line with its container', async () => {
    const chatty = b.define({
      target_num_containers: 2,
      run_command: 'sh -c "echo out; echo err >&2; sleep 60"',
    });
    await b.run('start', chatty);
    const lines = async () => {
      const read = await b.parts.engine.logs(chatty, { tail: 100 }, new AbortController().signal);
      return read.ok
        ? read.value.map(({ container, stream, text }) => `${container} ${stream} ${text}`).sort()
        : read;
    };
    await expect
      .poll(lines, { timeout: 5_000 })
      .toEqual(['web-1 stderr err', 'web-1 stdout out', 'web-2 stderr err', 'web-2 stdout out']);
    await b.run('terminate', chatty);
  });

  it('with nothing to do is not written to', async () => {
    const web = b.define();
    await b.run('start', web);
    const version = async () => {
      const docker = dockerClient(swarm.nodes[0]?.host);
      const services: unknown = await docker.listServices({
        filters: { label: [`evenkeel.service=${web.uuid}`] },
      });
      return (services as { Version: { Index: number } }[])[0]?.Version.Index;
    };
    const before = await version();
    await b.containers(web);
    expect(await b.run('start', web)).toMatchObject({ ok: true });
    expect(await b.run('scale', web)).toMatchObject({ ok: true });
    expect(await version()).toBe(before);
    await b.run('terminate', web);
  });

  it('that somebody removes from the swarm has no containers, and is made again', async () => {
    const web = b.define();
    await b.run('start', web);
    const docker = dockerClient(swarm.nodes[0]?.host);
    await docker.getService(`web-${web.uuid.slice(0, 8)}`).remove();
    expect(await b.look(web)).toEqual([]);
    expect(await b.run('start', web)).toMatchObject({ ok: true });
    expect(await b.look(web)).toEqual(['1 running 1']);
    await b.run('terminate', web);
  });
});
