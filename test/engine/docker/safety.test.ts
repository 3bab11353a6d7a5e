import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Bench, bench, describeDocker, IMAGE, makeImage } from '../../support/docker.ts';

describeDocker('every container on a Docker engine', () => {
  let b: Bench;
  beforeAll(async () => {
    await makeImage({ name: IMAGE });
    b = await bench();
  });
  afterAll(() => b.end());

  it('has no privilege, no host path, no host namespace, and a bound on what it logs and forks', async () => {
    const web = b.define({
      memory: 16,
      cpu_shares: 256,
      bindings: [{ volume: 'files', container_path: '/files', rewritable: false }],
    });
    await b.run('start', web);
    const [container] = await b.containers(web);
    const { HostConfig: host, Mounts, Config } = await b.docker.getContainer(container?.id ?? '').inspect();
    expect(host).toMatchObject({
      Privileged: false,
      Binds: null,
      CapAdd: null,
      CapDrop: ['NET_RAW', 'MKNOD'],
      SecurityOpt: ['no-new-privileges:true'],
      PidMode: '',
      IpcMode: 'private',
      UTSMode: '',
      UsernsMode: '',
      Devices: null,
      PublishAllPorts: false,
      PidsLimit: 4096,
      Memory: 16 * 1024 * 1024,
      CpuShares: 256,
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
      RestartPolicy: { Name: 'no' },
    });
    expect(host.NetworkMode).toMatch(new RegExp(`^${b.instance}-admin-`));
    expect(Mounts.map(({ Type, Destination, RW }) => [Type, Destination, RW])).toEqual([
      ['volume', '/files', false],
    ]);
    expect(Config.Labels).toMatchObject({
      'evenkeel.instance': b.instance,
      'evenkeel.service': web.uuid,
      'evenkeel.ordinal': '1',
      'evenkeel.revision': '1',
      'evenkeel.deployment': '1',
      'evenkeel.spec': expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(JSON.stringify(Config.Labels)).not.toContain('SECRET');
    await b.run('terminate', web);
  });

  it('is killed, and says why, when it takes more memory than it was given', async () => {
    const hungry = b.define({
      memory: 8,
      run_command: `sh -c 'sleep 0.4; x=a; while true; do x="$x$x"; done'`,
    });
    await b.run('start', hungry);
    await expect
      .poll(async () => (await b.containers(hungry))[0]?.reason, { timeout: 20_000 })
      .toMatch(/out of memory/);
    await b.run('terminate', hungry);
  });

  it('shares a named volume with the user’s other services, which keep it when one is terminated', async () => {
    const bound = { bindings: [{ volume: 'shared', container_path: '/shared' }] };
    const [one, two] = [b.define(bound, { name: 'one' }), b.define(bound, { name: 'two' })];
    const idle = b.define({ ...bound, target_num_containers: 0 }, { name: 'idle' });
    const theirs = b.define(bound, { name: 'theirs', user: 'other' });
    for (const each of [one, two, theirs]) await b.run('start', each);
    await b.containers(idle);
    await b.exec(one, 1, ['sh', '-c', 'echo here > /shared/file']);
    expect(await b.exec(two, 1, ['cat', '/shared/file'])).toBe('here\n');
    expect(await b.exec(theirs, 1, ['ls', '/shared'])).toBe('');
    await b.run('terminate', one);
    await b.run('terminate', two);
    const scaled = { ...idle, spec: { ...idle.spec, target_num_containers: 1 } };
    await b.run('scale', scaled);
    expect(await b.exec(scaled, 1, ['cat', '/shared/file'])).toBe('here\n');
    for (const each of [scaled, theirs]) await b.run('terminate', each);
    expect(
      (await b.docker.listVolumes({ filters: { label: [`evenkeel.instance=${b.instance}`] } })).Volumes ?? [],
    ).toEqual([]);
  });

  it('gets its command and entrypoint as words, each with the image’s own as its default', async () => {
    const words = b.define({
      entrypoint: `sh -c 'echo "$0|$1"; sleep 1'`,
      run_command: `'a b' "c'd"`,
    });
    await b.run('start', words);
    const read = await b.engine.logs(words, { tail: 10 }, new AbortController().signal);
    expect(read).toMatchObject({ ok: true, value: [{ text: `a b|c'd`, container: 'web-1' }] });
    const info = await b.docker.getContainer((await b.containers(words))[0]?.id ?? '').inspect();
    expect(info.Config.Entrypoint).toHaveLength(3);
    await b.run('terminate', words);
    const entry = b.define({ entrypoint: 'echo' });
    await b.run('start', entry);
    const made = await b.docker.getContainer((await b.containers(entry))[0]?.id ?? '').inspect();
    expect(made.Config.Cmd.slice(0, 2)).toEqual(['sh', '-c']);
    await b.run('terminate', entry);
  });
});
