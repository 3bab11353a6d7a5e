/** What goes wrong between the engine and its swarm, and what others do to it. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { dockerClient, IMAGE } from '../../support/docker.ts';
import { type DockerProxy, dockerProxy } from '../../support/docker-fault.ts';
import { describeSwarm, type TestSwarm, testSwarm } from '../../support/swarm.ts';
import { type SwarmBench, swarmBench } from '../../support/swarm-bench.ts';

describeSwarm('a swarm that has its troubles', { timeout: 120_000 }, () => {
  let swarm: TestSwarm;
  let proxy: DockerProxy;
  let b: SwarmBench;
  beforeAll(async () => {
    swarm = await testSwarm(1, [IMAGE]);
    proxy = await dockerProxy(swarm.nodes[0]?.host);
    b = await swarmBench(swarm, { host: proxy.host });
  }, 120_000);
  afterAll(async () => {
    await b?.end();
    await proxy?.close();
    await swarm?.end();
  }, 60_000);

  interface Raw {
    readonly ID: string;
    readonly Version: { readonly Index: number };
    readonly Spec: { readonly TaskTemplate: { readonly ForceUpdate?: number } };
  }
  const raw = async (uuid: string): Promise<readonly Raw[]> => {
    const filters = { label: [`evenkeel.service=${uuid}`] };
    return (await dockerClient(swarm.nodes[0]?.host).listServices({ filters })) as never;
  };
  const forced = async (uuid: string) =>
    (await raw(uuid)).map(({ Spec }) => Spec.TaskTemplate.ForceUpdate ?? 0);

  it('says "update out of sequence": it is read again and decided again', async () => {
    const web = b.define();
    await b.run('start', web);
    const said = { message: 'rpc error: code = Unknown desc = update out of sequence' };
    proxy.answer(/POST \/services\/.*\/update/, 500, said);
    const two = { ...web, spec: { ...web.spec, target_num_containers: 2 } };
    expect(await b.run('scale', two)).toMatchObject({ ok: true });
    expect(await b.look(two)).toEqual(['1 running 1', '2 running 1']);
    await b.run('terminate', two);
  });

  it('loses replies to a create and to an update: what was done is not done twice', async () => {
    const web = b.define();
    proxy.loseReply(/POST \/services\/create/);
    expect(await b.run('start', web)).toMatchObject({ ok: true });
    expect(await forced(web.uuid)).toEqual([0]);
    proxy.loseReply(/POST \/services\/.*\/update/);
    expect(await b.run('redeploy', { ...web, deployment: 2 })).toMatchObject({ ok: true });
    expect(await forced(web.uuid)).toEqual([1]);
    expect(await b.look(web)).toEqual(['1 running 2']);
    await b.run('terminate', web);
  });

  it('has no leader for a while: the job goes on when there is one again', async () => {
    const web = b.define();
    const none = { message: 'rpc error: code = Unknown desc = The swarm does not have a leader.' };
    for (let times = 0; times < 3; times += 1) proxy.answer(/GET \/services/, 503, none);
    expect(await b.run('start', web)).toMatchObject({ ok: true });
    expect(await b.look(web)).toEqual(['1 running 1']);
    for (let times = 0; times < 30; times += 1) proxy.answer(/GET \/services/, 503, none);
    const seen = await b.parts.engine.inspect([web]);
    expect(seen).toMatchObject({ ok: false, failure: { reason: 'unavailable' } });
    await expect.poll(() => b.look(web).catch(() => []), { timeout: 20_000 }).toEqual(['1 running 1']);
    await b.run('terminate', web);
  });

  it('is told something else by somebody else in the middle: a failure, and no fight', async () => {
    const web = b.define({ target_num_containers: 2, sequential_deployment: true });
    await b.run('start', web);
    const slow = { ...web, deployment: 2, spec: { ...web.spec, run_command: 'sh -c "sleep 1000"' } };
    const rolling = b.run('redeploy', slow);
    const docker = dockerClient(swarm.nodes[0]?.host);
    await expect.poll(() => forced(web.uuid), { timeout: 20_000, interval: 20 }).toEqual([1]);
    const [now] = await raw(web.uuid);
    const { ID = '', Version, Spec } = now ?? {};
    const changed = { ...Spec, TaskTemplate: { ...Spec?.TaskTemplate, ForceUpdate: 7 } };
    await docker.getService(ID).update({ _query: { version: Version?.Index }, _body: changed });
    expect(await rolling).toMatchObject({
      ok: false,
      failure: { reason: 'refused', message: expect.stringContaining('somebody else') },
    });
    expect(await forced(web.uuid)).toEqual([7]);
    await b.run('terminate', web);
  });

  it('rolls an update back: that is a failure, in the words of the swarm', async () => {
    const web = b.define({ target_num_containers: 2, sequential_deployment: true });
    await b.run('start', web);
    const rolling = b.run('redeploy', { ...web, deployment: 2 });
    const docker = dockerClient(swarm.nodes[0]?.host);
    await expect.poll(() => forced(web.uuid), { timeout: 20_000, interval: 20 }).toEqual([1]);
    const [now] = await raw(web.uuid);
    const { ID = '', Version, Spec } = now ?? {};
    const back = { _query: { version: Version?.Index, rollback: 'previous' }, _body: { ...Spec } };
    await docker.getService(ID).update(back);
    const ended = await rolling;
    expect(ended).toMatchObject({ ok: false });
    expect(ended.ok ? '' : ended.failure.message).toMatch(/rollback|rolled back|somebody else/);
    await b.run('terminate', web);
  });
});
