import { readFile } from 'node:fs/promises';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Bench, bench, describeDocker, IMAGE, leftOf, makeImage } from '../../support/docker.ts';
import { type DockerProxy, dockerProxy } from '../../support/docker-fault.ts';

const HEALTH = 'evenkeel-test-health:1';

describeDocker('faults of a Docker engine', () => {
  let b: Bench;
  let proxy: DockerProxy;
  beforeAll(async () => {
    await makeImage({ name: IMAGE });
  });
  beforeEach(async () => {
    proxy = await dockerProxy();
    b = await bench({ host: proxy.host, pull: 'never', readyMs: 4_000 });
  });
  const asked = new Set<string>();
  afterEach(async () => {
    await b.end();
    await proxy.close();
    for (const request of proxy.requests) asked.add(request);
  });

  it('that is away: nothing is known, nothing is invented, and all is found again when it is back', async () => {
    const web = b.define();
    await b.run('start', web);
    const before = await b.containers(web);
    const hints: (string | undefined)[] = [];
    b.engine.watch((uuid) => hints.push(uuid));
    await proxy.down();
    expect(await b.engine.inspect([web])).toMatchObject({ ok: false, failure: { reason: 'unavailable' } });
    expect(await b.run('stop', web)).toMatchObject({ ok: false, failure: { reason: 'unavailable' } });
    expect(await b.engine.logs(web, { tail: 1 }, new AbortController().signal)).toMatchObject({ ok: false });
    await proxy.up();
    expect(await b.containers(web)).toEqual(before);
    await expect.poll(() => hints, { timeout: 10_000 }).toContain(undefined);
    expect(await b.run('stop', web)).toMatchObject({ ok: true });
  });

  it('that lost the reply to a create: the container is found, there is no second one', async () => {
    const web = b.define();
    proxy.loseReply(/POST .*containers\/create/);
    expect(await b.run('start', web)).toMatchObject({ ok: false, failure: { reason: 'unavailable' } });
    expect(await b.containers(web)).toMatchObject([{ state: 'stopped', reason: 'not started yet' }]);
    expect(await b.run('start', web)).toMatchObject({ ok: true });
    expect(await b.containers(web)).toMatchObject([{ state: 'running' }]);
    expect(await leftOf(b.docker, b.instance)).toHaveLength(2);
  });

  it('that was interrupted in the middle of a redeploy ends with one container an ordinal', async () => {
    const web = b.define({ target_num_containers: 2 });
    await b.run('start', web);
    const next = { ...web, deployment: 2 };
    proxy.loseReply(/POST .*containers\/\w+\/start/);
    expect(await b.run('redeploy', next)).toMatchObject({ ok: false });
    expect(await b.containers(next)).toHaveLength(2);
    expect(await b.run('redeploy', next)).toMatchObject({ ok: true });
    expect((await b.containers(next)).map(({ state, deployment }) => [state, deployment])).toEqual([
      ['running', 2],
      ['running', 2],
    ]);
    expect((await leftOf(b.docker, b.instance)).filter((one) => one.startsWith('container'))).toHaveLength(2);
  });

  it('whose disk is full says that there are no resources', async () => {
    proxy.answer(/POST .*containers\/create/, 500, { message: 'write /x: no space left on device' });
    expect(await b.run('start', b.define())).toEqual({
      ok: false,
      failure: { reason: 'no-resources', message: 'making web-1: write /x: no space left on device' },
    });
  });

  it('that quotes a secret of the environment is quoted without it', async () => {
    const web = b.define({ container_envvars: [{ key: 'PASSWORD', value: 'hunter22' }] });
    proxy.answer(/POST .*containers\/create/, 400, { message: 'bad env PASSWORD=hunter22\nin line' });
    expect(await b.run('start', web)).toEqual({
      ok: false,
      failure: { reason: 'refused', message: 'making web-1: bad env PASSWORD=*** in line' },
    });
    expect(proxy.requests.join('\n')).not.toContain('hunter22');
  });

  it('a container of a stranger under the name we need: an error, and the stranger is left alone', async () => {
    const web = b.define();
    const name = `web-1.${web.uuid.slice(0, 8)}.1.1`;
    const stranger = await b.docker.createContainer({ Image: IMAGE, name });
    const failed = await b.run('start', web);
    expect(failed).toMatchObject({ ok: false, failure: { reason: 'refused' } });
    expect(failed.ok ? '' : failed.failure.message).toContain(stranger.id.slice(0, 12));
    expect(await b.run('terminate', web)).toMatchObject({ ok: true });
    expect((await stranger.inspect()).Id).toBe(stranger.id);
    await stranger.remove({ force: true });
  });

  it('a container that carries our labels under another name is a stranger too', async () => {
    const web = b.define();
    await b.run('start', web);
    const [ours] = await b.containers(web);
    const { Config } = await b.docker.getContainer(ours?.id ?? '').inspect();
    const copy = await b.docker.createContainer({
      Image: IMAGE,
      name: `${b.instance}-copy`,
      Labels: Config.Labels,
    });
    expect(await b.containers(web)).toHaveLength(1);
    await b.run('terminate', web);
    expect((await copy.inspect()).Id).toBe(copy.id);
    await copy.remove({ force: true });
  });

  it('a container that was removed behind our back is missing, and a start makes it again', async () => {
    const web = b.define({ target_num_containers: 2 });
    await b.run('start', web);
    const [first] = await b.containers(web);
    await b.docker.getContainer(first?.id ?? '').remove({ force: true });
    expect((await b.containers(web)).map(({ ordinal }) => ordinal)).toEqual([2]);
    expect(await b.run('start', web)).toMatchObject({ ok: true });
    expect((await b.containers(web)).map(({ name, state }) => [name, state])).toEqual([
      ['web-1', 'running'],
      ['web-2', 'running'],
    ]);
  });

  it('a network that was removed behind our back is made again', async () => {
    const web = b.define();
    await b.run('start', web);
    await b.run('stop', web);
    const [network] = await b.docker.listNetworks({
      filters: { label: [`evenkeel.instance=${b.instance}`] },
    });
    await b.docker.getNetwork(network?.Id ?? '').remove();
    expect(await b.run('start', web)).toMatchObject({ ok: true });
    expect(await b.containers(web)).toMatchObject([{ state: 'running' }]);
  });

  it('a container that is killed is told of with its code', async () => {
    const web = b.define();
    await b.run('start', web);
    const hints: (string | undefined)[] = [];
    b.engine.watch((uuid) => hints.push(uuid));
    const [one] = await b.containers(web);
    await b.docker.getContainer(one?.id ?? '').kill();
    await expect.poll(() => hints).toContain(web.uuid);
    expect(await b.containers(web)).toMatchObject([
      { state: 'stopped', exitCode: 137, reason: 'exited with code 137' },
    ]);
  });

  it('a program that is not in the image ends in a stopped container with the reason', async () => {
    const web = b.define({ run_command: '/no/such/program' });
    const failed = await b.run('start', web);
    expect(failed).toMatchObject({ ok: false, failure: { reason: 'container' } });
    expect(await b.containers(web)).toMatchObject([
      { state: 'stopped', reason: expect.stringContaining('/no/such/program') },
    ]);
  });

  it('an image that is missing leaves no container, and says which', async () => {
    const web = b.define({ image: 'evenkeel-test-nowhere' });
    expect(await b.engine.image('evenkeel-test-nowhere', new AbortController().signal)).toEqual({
      ok: true,
      value: null,
    });
    const failed = await b.run('start', web);
    expect(failed).toMatchObject({ ok: false, failure: { reason: 'image' } });
    expect(failed.ok ? '' : failed.failure.message).toContain('evenkeel-test-nowhere:latest');
    expect(await b.containers(web)).toEqual([]);
  });

  it('a container with a health check runs once it is healthy, and no longer when it is not', async () => {
    const health = ['HEALTHCHECK --interval=200ms --retries=8 CMD test -e /tmp/well'];
    await makeImage({ name: HEALTH, changes: health });
    const web = b.define({
      image: HEALTH,
      run_command: 'sh -c "sleep 0.6; touch /tmp/well; trap exit TERM; sleep 60 & wait"',
    });
    const starting = b.run('start', web);
    await expect.poll(async () => (await b.containers(web))[0]?.state).toBe('unready');
    expect(await starting).toMatchObject({ ok: true });
    expect(await b.containers(web)).toMatchObject([{ state: 'running', reason: null }]);
    await b.exec(web, 1, ['rm', '/tmp/well']);
    await expect.poll(async () => (await b.containers(web))[0]?.state, { timeout: 10_000 }).toBe('unready');
    const never = b.define({ image: HEALTH, run_command: 'sleep 60' });
    expect(await b.run('start', never)).toMatchObject({
      ok: false,
      failure: {
        reason: 'container',
        message: expect.stringMatching(/web-1 does not run: its health check failed/),
      },
    });
  });

  it('is asked for nothing but what docs/security.md lets through', async () => {
    const doc = await readFile(new URL('../../../docs/security.md', import.meta.url), 'utf8');
    const allowed = [...doc.matchAll(/^ *\| `(GET|POST|DELETE)` \| (.*) \|$/gm)].flatMap(
      ([, method, paths]) => {
        let parent = '';
        return [...(paths ?? '').matchAll(/`([^`]+)`/g)].map(([, path = '']) => {
          const whole = path.replace('…', parent);
          parent = whole.replace(/\/[^/]+$/, '');
          return new RegExp(`^${method} ${whole.replaceAll(/\(\w+\)/g, '.+')}$`);
        });
      },
    );
    expect(asked.size).toBeGreaterThan(50);
    expect([...asked].filter((request) => !allowed.some((pattern) => pattern.test(request)))).toEqual([]);
  });

  it('given up in the middle: what was done stands, and a later job goes on', async () => {
    const slow = b.define({ target_num_containers: 3, sequential_deployment: true });
    const giveUp = new AbortController();
    b.engine.watch(() => giveUp.abort());
    const job = { verb: 'start', definition: slow, environment: {}, links: [], reuseVolumes: true } as const;
    expect(await b.engine.run(job, giveUp.signal)).toMatchObject({
      ok: false,
      failure: { reason: 'aborted' },
    });
    expect((await b.containers(slow)).length).toBeLessThan(3);
    expect(await b.run('start', slow)).toMatchObject({ ok: true });
    expect(await b.containers(slow)).toHaveLength(3);
  });

  it('no job: nothing is written, and many services are looked at in one round trip', async () => {
    const all = await Promise.all(
      Array.from({ length: 4 }, async (_, index) => {
        const web = b.define({}, { name: `web${index}` });
        await b.run('start', web);
        return web;
      }),
    );
    await b.engine.inspect(all);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await b.engine.inspect(all);
    proxy.requests.length = 0;
    const seen = await b.engine.inspect(all);
    expect(seen.ok && [...seen.value.values()].map((views) => views[0]?.state)).toEqual(
      Array(4).fill('running'),
    );
    expect(proxy.requests).toEqual(['GET /containers/json']);
    for (const one of all) await b.run('start', one);
    expect(proxy.requests.filter((line) => !line.startsWith('GET '))).toEqual([]);
  });
});

describeDocker('a start of the server on a Docker engine', () => {
  it('adopts what is there, mentions what belongs to nobody, and leaves it alone', async () => {
    const b = await bench();
    await makeImage({ name: IMAGE });
    const [known, lost] = [
      b.define({ autorestart: 'ALWAYS' }, { name: 'known' }),
      b.define({}, { name: 'lost' }),
    ];
    await b.run('start', known);
    await b.run('start', lost);
    const before = await b.containers(known);
    const heir = b.another();
    const remarks = await heir.start([known]);
    expect(remarks.join('\n')).toMatch(/1 containers carry this server's labels .* lost-1\./);
    expect(await heir.inspect([known])).toEqual({ ok: true, value: new Map([[known.uuid, before]]) });
    expect(await b.containers(lost)).toMatchObject([{ state: 'running' }]);
    await b.end();
  });

  it('is refused with what to do when no engine answers, or the settings are wrong', async () => {
    const b = await bench();
    const start = (over: Parameters<Bench['another']>[0]) => b.another(over).start([]);
    await expect(start({ host: 'unix:///nowhere/docker.sock' })).rejects.toThrow(
      /does not answer \(ENOENT\)/,
    );
    await expect(start({ host: 'http://x' })).rejects.toThrow(/unix:\/\/\/path or tcp:\/\/host:port/);
    await expect(start({ instance: 'A B' })).rejects.toThrow(/instance/);
    await expect(start({ registryConfig: '/nowhere' })).rejects.toThrow(/registry credentials/);
    await b.end();
  });
});
