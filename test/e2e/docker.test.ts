/** Manifests become running containers: the built program, a real Docker engine, and nothing else. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeDocker, dockerClient, leftOf, makeImage } from '../support/docker.ts';
import { type DockerProxy, dockerProxy } from '../support/docker-fault.ts';
import { type Running, runBuilt, start } from '../support/program.ts';
import { call } from '../support/server.ts';

const IMAGE = (version: number) => `evenkeel-e2e:${version}`;
const AUTHORIZATION = 'ApiKey ops:a-key-for-this-test-alone';

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

describeDocker('three linked services on a Docker host', () => {
  const docker = dockerClient();
  const scratch = mkdtempSync(join(tmpdir(), 'evenkeel-e2e-docker-'));
  const manifests = join(scratch, 'manifests');
  const instance = `e2e-${process.pid}`;
  const strangers: string[] = [];
  let server: Running;
  let proxy: DockerProxy;
  let url = '';
  let port = 0;

  const serve = async () => {
    server = start(
      [
        ...[
          'serve',
          '--engine',
          'docker',
          '--pull',
          'never',
          '--listen',
          '127.0.0.1:0',
          '--instance',
          instance,
        ],
        ...['--users', join(scratch, 'users.yaml'), '--store', join(scratch, 'store')],
      ],
      { env: { DOCKER_HOST: proxy.host } },
    );
    url = /http:\/\/\S+/.exec(await server.says('serving the service API'))?.[0] ?? '';
  };
  const evenkeel = (...argv: string[]) =>
    runBuilt(argv, {
      env: {
        EVENKEEL_API_URL: url,
        TUTUM_USER: 'ops',
        TUTUM_APIKEY: 'a-key-for-this-test-alone',
        EVENKEEL_STATE_DIR: join(scratch, 'state'),
        EVENKEEL_RATE: '200/s',
      },
    });
  /** Name, image and state of every container of ours, as `docker ps -a` shows them. */
  const ours = async (name: string) => {
    const filters = { label: [`evenkeel.instance=${instance}`, `evenkeel.name=${name}`] };
    const all = await docker.listContainers({ all: true, filters });
    return all.map((one) => `${one.Labels['evenkeel.ordinal']} ${one.Image} ${one.State}`).toSorted();
  };
  const fleet = (version: number, apis: number) => {
    const file = (name: string, more: string) =>
      writeFileSync(join(manifests, `${name}.yaml`), `name: ${name}\n${more}`);
    file('db', `image: ${IMAGE(1)}\ncontainer_envvars: [{ key: PASSWORD, value: not-for-others }]\n`);
    file(
      'api',
      `image: ${IMAGE(version)}\ntarget_num_containers: ${apis}\nlinked_to_service: [{ to_service: db, name: db }]\n`,
    );
    file(
      'web',
      `image: ${IMAGE(version)}\ncontainer_ports: [{ protocol: tcp, inner_port: 80, outer_port: ${port} }]\n` +
        'linked_to_service: [{ to_service: api, name: backend }]\n',
    );
  };
  const page = async () => (await fetch(`http://127.0.0.1:${port}/`)).text();
  const insideWeb = async (...command: string[]) => {
    const filters = { label: [`evenkeel.instance=${instance}`, 'evenkeel.name=web'] };
    const [web] = await docker.listContainers({ filters });
    const exec = await docker
      .getContainer(web?.Id ?? '')
      .exec({ Cmd: command, AttachStdout: true, Tty: true });
    const stream = await exec.start({ Tty: true });
    let text = '';
    for await (const chunk of stream) text += String(chunk);
    return text.trim();
  };

  beforeAll(async () => {
    mkdirSync(manifests);
    proxy = await dockerProxy();
    port = await freePort();
    await makeImage({ name: IMAGE(1), page: 'one' });
    await makeImage({ name: IMAGE(2), page: 'two' });
    // Foreign: one that runs, one that was stopped, a volume, a network.
    for (const name of [`${instance}-stranger`, `${instance}-stopped`]) {
      const made = await docker.createContainer({
        name,
        Image: IMAGE(1),
        HostConfig: { Binds: [`${instance}-v:/data`] },
      });
      strangers.push(made.id);
    }
    await docker.getContainer(strangers[0] ?? '').start();
    await docker.createNetwork({ Name: `${instance}-n` });
    writeFileSync(join(scratch, 'users.yaml'), `users: [{ name: ops, key: a-key-for-this-test-alone }]\n`);
    await serve();
  }, 120_000);

  afterAll(async () => {
    server?.child.kill('SIGTERM');
    await server?.ended;
    await proxy.close();
    for (const id of strangers) await docker.getContainer(id).remove({ force: true });
    await docker.getVolume(`${instance}-v`).remove();
    await docker.getNetwork(`${instance}-n`).remove();
    rmSync(scratch, { recursive: true, force: true });
  });

  it('run as their manifests say, roll, scale, outlive the server, and leave nothing behind', async () => {
    const before = await Promise.all(strangers.map((id) => docker.getContainer(id).inspect()));

    fleet(1, 1);
    expect((await evenkeel('plan', manifests)).exit).toBe(2);
    expect(await evenkeel('apply', manifests, '--yes')).toMatchObject({ exit: 0, stderr: '' });
    expect(await evenkeel('plan', manifests)).toMatchObject({ exit: 0, stderr: '' });
    expect(await page()).toBe('one');
    // With nothing to do nothing is written, to the API or to the engine.
    proxy.requests.length = 0;
    expect((await evenkeel('apply', manifests, '--yes')).exit).toBe(0);
    expect(proxy.requests.filter((line) => !line.startsWith('GET '))).toEqual([]);
    // Linked by name, all the way, and without the secrets of the others.
    expect(await insideWeb('wget', '-qO-', 'http://backend/')).toBe('one');
    expect(await insideWeb('sh', '-c', 'echo $BACKEND_1_PORT_80_TCP_ADDR')).toBe('backend');
    expect(await insideWeb('env')).not.toContain('not-for-others');

    fleet(2, 1);
    expect(await evenkeel('apply', manifests, '--yes')).toMatchObject({ exit: 0, stderr: '' });
    expect(await page()).toBe('two');
    expect(await ours('web')).toEqual([`1 ${IMAGE(2)} running`]);
    expect(await ours('db')).toEqual([`1 ${IMAGE(1)} running`]);

    fleet(2, 3);
    expect(await evenkeel('apply', manifests, '--yes')).toMatchObject({ exit: 0, stderr: '' });
    expect(await ours('api')).toEqual([1, 2, 3].map((ordinal) => `${ordinal} ${IMAGE(2)} running`));
    fleet(2, 1);
    expect(await evenkeel('apply', manifests, '--yes')).toMatchObject({ exit: 0, stderr: '' });
    expect(await ours('api')).toEqual([`1 ${IMAGE(2)} running`]);

    const running = await docker.listContainers({ filters: { label: [`evenkeel.instance=${instance}`] } });
    server.child.kill('SIGKILL');
    await server.ended;
    expect(await page()).toBe('two');
    await serve();
    expect(await evenkeel('plan', manifests)).toMatchObject({ exit: 0, stderr: '' });
    const after = await docker.listContainers({ filters: { label: [`evenkeel.instance=${instance}`] } });
    expect(after.map((one) => one.Id)).toEqual(running.map((one) => one.Id));

    const { json } = await call(url, 'GET', '/api/v1/service/', { authorization: AUTHORIZATION });
    for (const { resource_uri } of json['objects'] as { resource_uri: string }[])
      expect((await call(url, 'DELETE', resource_uri, { authorization: AUTHORIZATION })).status).toBe(202);
    await expect.poll(() => leftOf(docker, instance), { timeout: 60_000 }).toEqual([]);

    const now = await Promise.all(strangers.map((id) => docker.getContainer(id).inspect()));
    expect(now.map(({ State, Mounts }) => [State, Mounts])).toEqual(
      before.map(({ State, Mounts }) => [State, Mounts]),
    );
    expect((await docker.getNetwork(`${instance}-n`).inspect()).Name).toBe(`${instance}-n`);
  }, 300_000);
});
