import { afterAll, beforeAll, expect, it } from 'vitest';
import { dockerClient, IMAGE } from '../../support/docker.ts';
import { call, KEY, servicePath, startServer, USER } from '../../support/server.ts';
import { describeSwarm, type TestSwarm, testSwarm } from '../../support/swarm.ts';
import { type SwarmBench, swarmBench } from '../../support/swarm-bench.ts';

const users = [{ name: USER, key: KEY }];

describeSwarm('a swarm of three nodes', { timeout: 180_000 }, () => {
  let swarm: TestSwarm;
  let b: SwarmBench;
  beforeAll(async () => {
    swarm = await testSwarm(3, [IMAGE]);
    b = await swarmBench(swarm, { readyMs: 60_000 });
  }, 120_000);
  afterAll(async () => {
    await b?.end();
    await swarm?.end();
  }, 60_000);

  it('spreads a service, takes a fixed port on each node, and refuses more than there are nodes', async () => {
    const ports = [{ protocol: 'tcp', inner_port: 80, outer_port: 18_700, published: true }] as const;
    const web = b.define({ target_num_containers: 3, container_ports: ports });
    expect(b.parts.engine.check(web)).toEqual([]);
    const four = { ...web, spec: { ...web.spec, target_num_containers: 4 } };
    expect(b.parts.engine.check(four)).toMatchObject([{ field: 'container_ports' }]);
    expect(await b.run('start', web)).toMatchObject({ ok: true });
    for (const { address } of swarm.nodes) {
      expect(await (await fetch(`http://${address}:18700/`)).text()).toBe(IMAGE);
    }
    expect(await b.run('redeploy', { ...web, deployment: 2 })).toMatchObject({ ok: true });
    expect(await b.look(web)).toEqual(['1 running 2', '2 running 2', '3 running 2']);
    await b.run('terminate', web);
  });

  it('loses neither services nor operations when server and node die in the middle of a redeploy', async () => {
    const first = b.another();
    const one = await startServer({ users, engine: first.engine, store: first.store });
    const body = { image: IMAGE, name: 'web', target_num_containers: 4, autorestart: 'ALWAYS' };
    const created = await call(one.url, 'POST', '/api/v1/service/', { body });
    const uuid = String(created.json['uuid']);
    const get = async (url: string) => (await call(url, 'GET', servicePath(uuid))).json;
    await call(one.url, 'POST', servicePath(uuid, 'start/'));
    await expect.poll(async () => (await get(one.url))['state'], { timeout: 30_000 }).toBe('Running');
    await call(one.url, 'POST', servicePath(uuid, 'redeploy/'));
    expect((await get(one.url))['state']).toBe('Redeploying');
    // The server goes with its node: nothing it holds is written any more.
    await one.close();
    await swarm.nodes[0]?.kill();

    const host = swarm.nodes[1]?.host ?? '';
    const heir = b.another({ host });
    const answers = async () => (await heir.store.definitions().catch(() => [])).length;
    await expect.poll(answers, { timeout: 60_000, interval: 500 }).toBeGreaterThan(0);
    const two = await startServer({ users, engine: heir.engine, store: heir.store });
    await expect
      .poll(async () => (await get(two.url))['state'], { timeout: 90_000, interval: 500 })
      .toBe('Running');
    const service = await get(two.url);
    expect([service['current_num_containers'], service['running_num_containers']]).toEqual([4, 4]);
    const docker = dockerClient(host);
    const services: unknown = await docker.listServices({ filters: { label: [`evenkeel.service=${uuid}`] } });
    expect(services).toHaveLength(1);
    await call(two.url, 'DELETE', servicePath(uuid));
    await expect.poll(async () => (await get(two.url))['state'], { timeout: 60_000 }).toBe('Terminated');
    await two.close();
  });

  it('without a quorum says that it does not know, and invents nothing', async () => {
    const last = b.another({ host: swarm.nodes[2]?.host ?? '' });
    await last.engine.start([]);
    const web = b.define();
    await swarm.nodes[1]?.kill();
    const inspect = async () => {
      const seen = await last.engine.inspect([web]);
      return seen.ok ? 'known' : seen.failure.reason;
    };
    await expect.poll(inspect, { timeout: 60_000, interval: 500 }).toBe('unavailable');
    await expect(last.store.definitions()).rejects.toThrow(/swarm/);
  });
});
