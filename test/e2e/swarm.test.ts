/**
 * The built program on a real swarm of three nodes: what a user does, and what must not be lost when a server or a node
 * is. Only where EVENKEEL_ENGINES names swarm (test/support/swarm.ts).
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { dockerClient } from '../support/docker.ts';
import { type Running, runBuilt, start } from '../support/program.ts';
import { call, servicePath } from '../support/server.ts';
import { describeSwarm, type TestSwarm, testSwarm } from '../support/swarm.ts';

const [ONE, TWO] = ['evenkeel-e2e:1', 'evenkeel-e2e:2'] as const;
const KEY = 'a-key-for-the-swarm-0123456789';
const AUTHORIZATION = `ApiKey evenkeel:${KEY}`;

interface Served {
  readonly url: string;
  readonly running: Running;
}

interface Wished {
  readonly image: string;
  readonly targets?: Readonly<Record<string, number>>;
  readonly autorestart?: string;
}

describeSwarm('the program on a swarm of three nodes', { timeout: 300_000 }, () => {
  let scratch: string;
  let fleet: string;
  let swarm: TestSwarm;
  const servers: Running[] = [];

  beforeAll(async () => {
    scratch = mkdtempSync(join(tmpdir(), 'evenkeel-e2e-swarm-'));
    fleet = join(scratch, 'fleet');
    mkdirSync(fleet);
    writeFileSync(join(scratch, 'users.json'), JSON.stringify({ users: [{ name: 'evenkeel', key: KEY }] }));
    swarm = await testSwarm(3, [ONE, TWO]);
  }, 180_000);
  afterAll(async () => {
    for (const { child } of servers) child.kill('SIGKILL');
    await swarm?.end();
    rmSync(scratch, { recursive: true, force: true });
  }, 120_000);

  async function serve(node: number): Promise<Served> {
    const args = ['--engine', 'swarm', '--pull', 'never', '--listen', '127.0.0.1:0'];
    const env = { DOCKER_HOST: swarm.nodes[node]?.host ?? '' };
    const running = start(['serve', ...args, '--users', join(scratch, 'users.json')], { env });
    servers.push(running);
    const said = await running.says('serving the service API on ');
    return { running, url: /on (http:\S+)/.exec(said)?.[1] ?? '' };
  }

  const env = ({ url }: Served) => ({
    EVENKEEL_API_URL: url,
    TUTUM_USER: 'evenkeel',
    TUTUM_APIKEY: KEY,
    EVENKEEL_STATE_DIR: join(scratch, 'state'),
  });
  const apply = (server: Served) => runBuilt(['apply', fleet, '--yes'], { env: env(server) });

  /** db ← api ← web: each shows what the one before it shows, so the page of web tells of all three. */
  function write({ image, targets = {}, autorestart = 'OFF' }: Wished): void {
    const serving = (fetch: string) =>
      `sh -c 'trap "exit 0" TERM; ${fetch}; httpd -f -p 80 -h /www & wait'`.replaceAll('\n', ' ');
    const shows = (from: string) =>
      serving(`wget -qO /www/index.html http://${from}/ && echo " ${from}" >> /www/index.html`);
    const one = (name: string, more: string) =>
      writeFileSync(
        join(fleet, `${name}.yaml`),
        `name: ${name}\nimage: ${image}\ntarget_num_containers: ${targets[name] ?? 1}\nautorestart: ${autorestart}\n${more}`,
      );
    one('db', '');
    one(
      'api',
      `linked_to_service: [{ to_service: db, name: db }]\nrun_command: ${JSON.stringify(shows('db'))}\n`,
    );
    one(
      'web',
      `linked_to_service: [{ to_service: api, name: backend }]\nrun_command: ${JSON.stringify(shows('backend'))}\n` +
        'container_ports: [{ protocol: tcp, inner_port: 80, outer_port: 18800 }]\n',
    );
  }

  interface Row {
    readonly uuid: string;
    readonly name: string;
    readonly state: string;
    readonly [key: string]: unknown;
  }
  const ask = (server: Served, method: string, path: string, options = {}) =>
    call(server.url, method, path, { authorization: AUTHORIZATION, ...options });
  async function list(server: Served): Promise<readonly Row[]> {
    const { json } = await ask(server, 'GET', '/api/v1/service/?limit=100');
    const all = json['objects'] as readonly Row[];
    return all.filter(({ state }) => state !== 'Terminated');
  }

  /** The swarm's own view, by name: how many services carry the label, and their running tasks. */
  async function truth(node: number): Promise<Readonly<Record<string, string>>> {
    const docker = dockerClient(swarm.nodes[node]?.host);
    const nodes: readonly { ID: string; Status: { State: string } }[] = await docker.listNodes();
    const up = new Set(nodes.filter(({ Status }) => Status.State === 'ready').map(({ ID }) => ID));
    const filters = { label: ['evenkeel.service'] };
    const services = (await docker.listServices({ filters })) as unknown as {
      ID: string;
      Spec: { Name: string };
    }[];
    const tasks: readonly {
      ServiceID: string;
      NodeID?: string;
      DesiredState: string;
      Status: { State: string };
      Spec: { ContainerSpec?: { Image?: string } };
    }[] = await docker.listTasks();
    return Object.fromEntries(
      services.map(({ ID, Spec }) => {
        const own = tasks.filter(
          (task) =>
            task.ServiceID === ID &&
            task.DesiredState === 'running' &&
            task.Status.State === 'running' &&
            up.has(task.NodeID ?? ''),
        );
        const images = new Set(own.map((task) => task.Spec.ContainerSpec?.Image));
        return [
          Spec.Name.replace(/-[0-9a-f]{8}$/, ''),
          `${own.length} of ${[...images].sort().join(' and ')}`,
        ];
      }),
    );
  }

  async function page(node: number): Promise<string> {
    const nodes = swarm.nodes.filter((_, index) => index >= node);
    for (const { address } of nodes) {
      const answer = await fetch(`http://${address}:18800/`).catch(() => undefined);
      if (answer !== undefined) return (await answer.text()).replace(/\s+/g, ' ').trim();
    }
    return 'nobody answers';
  }

  it('applies three linked services, rolls a changed image, scales, and leaves nothing but what is not ours', async () => {
    const docker = dockerClient(swarm.nodes[0]?.host);
    await docker.createNetwork({ Name: 'foreign', Driver: 'overlay' });
    await docker.createService({
      Name: 'web',
      TaskTemplate: { ContainerSpec: { Image: ONE } },
      Mode: { Replicated: { Replicas: 1 } },
    });
    const foreign = async () =>
      ((await docker.listServices()) as unknown as { Spec: { Name: string }; Version: { Index: number } }[])
        .filter(({ Spec }) => Spec.Name === 'web')
        .map(({ Version }) => Version.Index);
    const before = await foreign();

    const server = await serve(0);
    write({ image: ONE });
    expect(await apply(server)).toMatchObject({ exit: 0 });
    expect(await page(0)).toBe(`${ONE} db backend`);
    write({ image: TWO });
    expect(await apply(server)).toMatchObject({ exit: 0 });
    expect(await page(0)).toBe(`${TWO} db backend`);
    write({ image: TWO, targets: { api: 3, db: 2 } });
    expect(await apply(server)).toMatchObject({ exit: 0 });
    expect(await truth(0)).toMatchObject({ api: `3 of ${TWO}`, db: `2 of ${TWO}`, web: `1 of ${TWO}` });
    write({ image: TWO });
    expect(await apply(server)).toMatchObject({ exit: 0 });
    expect(await truth(0)).toMatchObject({ api: `1 of ${TWO}`, db: `1 of ${TWO}`, web: `1 of ${TWO}` });
    expect((await apply(server)).stdout).toMatch(/nothing to do|in sync/i);

    for (const { uuid } of await list(server)) await ask(server, 'DELETE', servicePath(uuid));
    await expect.poll(() => list(server), { timeout: 120_000 }).toEqual([]);
    expect(await truth(0)).toEqual({});
    const networks = await docker.listNetworks();
    expect(networks.filter(({ Labels }) => Labels?.['evenkeel.instance'] !== undefined)).toEqual([]);
    expect(networks.some(({ Name }) => Name === 'foreign')).toBe(true);
    expect(await foreign()).toEqual(before);
    server.running.child.kill('SIGTERM');
    expect(await server.running.ended).toBe(0);
  });

  it('is served by two at once, goes on when one dies, and then by one on the third manager, as if nothing had been', async () => {
    const [one, two] = [await serve(0), await serve(1)];
    write({ image: ONE });
    expect(await apply(one)).toMatchObject({ exit: 0 });
    const order = { body: { name: 'once', image: ONE }, headers: { 'idempotency-key': 'k-1' } };
    const made = await Promise.all([one, two].map((each) => ask(each, 'POST', '/api/v1/service/', order)));
    const [once] = made.map(({ json }) => String(json['uuid']));
    expect(made.map(({ json }) => json['uuid'])).toEqual([once, once]);
    const before = await list(one);
    const ids = (rows: readonly Row[]) => rows.map(({ name, uuid }) => `${name} ${uuid}`).sort();
    expect(ids(await list(two))).toEqual(ids(before));

    const db = before.find(({ name }) => name === 'db')?.uuid ?? '';
    const updates = async () => {
      const filters = { label: [`evenkeel.service=${db}`] };
      const found: unknown = await dockerClient(swarm.nodes[1]?.host).listServices({ filters });
      return (found as { Spec: { TaskTemplate: { ForceUpdate?: number } } }[]).map(
        ({ Spec }) => Spec.TaskTemplate.ForceUpdate ?? 0,
      );
    };
    const [had = 0] = await updates();
    // One of two that are asked at the same moment; the other is told the state.
    const asked = await Promise.all(
      [one, two].map((each) => ask(each, 'POST', servicePath(db, 'redeploy/'))),
    );
    expect(asked.map(({ status }) => status).sort()).toEqual([202, 400]);
    const [busy, other] = asked[0]?.status === 202 ? [one, two] : [two, one];
    busy.running.child.kill('SIGKILL');
    const states = async (server: Served) =>
      (await list(server)).map(({ name, state }) => `${name} ${state}`).sort();
    const rested = ['api Running', 'db Running', 'once Init', 'web Running'];
    await expect.poll(() => states(other), { timeout: 90_000 }).toEqual(rested);
    expect(await updates()).toEqual([had + 1]);
    other.running.child.kill('SIGTERM');
    expect(await other.running.ended).toBe(0);

    const three = await serve(2);
    expect(await states(three)).toEqual(rested);
    expect(ids(await list(three))).toEqual(ids(before));
    const again = await ask(three, 'POST', '/api/v1/service/', order);
    expect(again.json['uuid']).toBe(once);
    expect(ids(await list(three))).toEqual(ids(before));
    const changed = { ...order, body: { name: 'twice', image: ONE } };
    expect((await ask(three, 'POST', '/api/v1/service/', changed)).status).toBe(409);
    expect(await truth(1)).toMatchObject({ api: `1 of ${ONE}`, db: `1 of ${ONE}`, web: `1 of ${ONE}` });
    await ask(three, 'DELETE', servicePath(once ?? ''));
    three.running.child.kill('SIGTERM');
    expect(await three.running.ended).toBe(0);
  });

  it('has every service as wished, and none twice, after a node died in the middle of a redeploy', async () => {
    const server = await serve(1);
    write({ image: ONE, targets: { db: 3, api: 2 }, autorestart: 'ALWAYS' });
    expect(await apply(server)).toMatchObject({ exit: 0 });
    const before = await list(server);
    write({ image: TWO, targets: { db: 3, api: 2 }, autorestart: 'ALWAYS' });
    const rolling = apply(server);
    await expect
      .poll(async () => (await list(server)).some(({ state }) => state === 'Redeploying'), {
        timeout: 60_000,
      })
      .toBe(true);
    await swarm.nodes[0]?.kill();
    await rolling;
    // Whatever became of that run: the next ones bring it about, as the daemon would.
    await expect.poll(async () => (await apply(server)).exit, { timeout: 200_000, interval: 1_000 }).toBe(0);
    await expect
      .poll(() => truth(1), { timeout: 60_000 })
      .toEqual({ api: `2 of ${TWO}`, db: `3 of ${TWO}`, web: `1 of ${TWO}` });
    const after = await list(server);
    const told = (rows: readonly Row[]) =>
      rows.map(({ name, uuid, state }) => `${name} ${uuid} ${state}`).sort();
    expect(told(after)).toEqual(told(before.map((row) => ({ ...row, state: 'Running' }))));
    expect(await page(1)).toBe(`${TWO} db backend`);
  });
});
