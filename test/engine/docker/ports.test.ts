import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { check } from '../../../src/engine/docker/check.ts';
import type { DefinedPort } from '../../../src/service/definition.ts';
import { type Bench, bench, definitionOf, describeDocker, IMAGE, makeImage } from '../../support/docker.ts';

const port = (over: Partial<DefinedPort>): DefinedPort => ({
  protocol: 'tcp',
  inner_port: 80,
  outer_port: null,
  published: true,
  ...over,
});

describe('what one Docker host cannot carry out', () => {
  it('is a fixed port for more than one container: the field and the port are named', () => {
    const two = definitionOf({ target_num_containers: 2, container_ports: [port({ outer_port: 8080 })] });
    expect(check(two)).toEqual([
      {
        field: 'container_ports',
        message: expect.stringMatching(/^outer_port 8080\/tcp is fixed, and of 2 containers/),
      },
    ]);
    expect(check(definitionOf({ container_ports: [port({ outer_port: 8080 })] }))).toEqual([]);
    expect(check(definitionOf({ target_num_containers: 2, container_ports: [port({})] }))).toEqual([]);
  });

  it.each([
    'nginx',
    'tutum/hello-world:1.0',
    'quay.io/a/b_c',
    'localhost:5000/x:Y',
    `a@sha256:${'0'.repeat(64)}`,
  ])('is not an image name such as %s', (image) => expect(check(definitionOf({ image }))).toEqual([]));

  it.each(['Nginx', 'a//b', 'a:', 'a:b:c', 'a@sha256:1', 'x/-a', 'http://x/y', ':1', 'a b'])(
    'is an image name such as %s',
    (image) => expect(check(definitionOf({ image }))).toMatchObject([{ field: 'image' }]),
  );

  it('is the same outer port twice, a command without an end, and less memory than the engine takes', () => {
    const ports = [port({ outer_port: 8080 }), port({ inner_port: 81, outer_port: 8080 })];
    expect(check(definitionOf({ container_ports: ports }))).toMatchObject([{ field: 'container_ports' }]);
    expect(check(definitionOf({ run_command: 'sh -c "x', entrypoint: "'" }))).toMatchObject([
      { field: 'run_command' },
      { field: 'entrypoint' },
    ]);
    expect(check(definitionOf({ memory: 4, cpu_shares: 1 }))).toMatchObject([
      { field: 'memory' },
      { field: 'cpu_shares' },
    ]);
    expect(check(definitionOf({ memory: 6, cpu_shares: 2 }))).toEqual([]);
    const root = { volume: 'v', container_path: '/' };
    expect(check(definitionOf({ bindings: [root] }))).toMatchObject([{ field: 'bindings' }]);
  });
});

describeDocker('ports on a Docker engine', () => {
  let b: Bench;
  beforeAll(async () => {
    await makeImage({ name: IMAGE });
    b = await bench();
  });
  afterAll(() => b.end());

  it('are all that the image exposes, on free ports of the loopback address, when nothing is said', async () => {
    const web = b.define({ target_num_containers: 2 });
    await b.run('start', web);
    const outer = (await b.containers(web)).flatMap(({ ports }) => ports.map((one) => one.outer_port));
    expect(new Set(outer).size).toBe(2);
    for (const one of outer) expect(await (await fetch(`http://127.0.0.1:${one}/`)).text()).toBe(IMAGE);
    const [listed] = await b.docker.listContainers({ filters: { label: [`evenkeel.service=${web.uuid}`] } });
    expect(listed?.Ports.map(({ IP }) => IP)).toEqual(['127.0.0.1']);
    await b.run('terminate', web);
  });

  it('are fixed, free, udp and unpublished as declared, and no others', async () => {
    const web = b.define({
      container_ports: [
        port({ outer_port: 18_432 }),
        port({ inner_port: 5353, protocol: 'udp', outer_port: 18_432 }),
        port({ inner_port: 9000, published: false }),
        port({ inner_port: 9001, protocol: 'udp' }),
      ],
    });
    await b.run('start', web);
    const [container] = await b.containers(web);
    expect(container?.ports).toEqual([
      { protocol: 'tcp', inner_port: 80, outer_port: 18_432 },
      { protocol: 'udp', inner_port: 5353, outer_port: 18_432 },
      { protocol: 'tcp', inner_port: 9000, outer_port: null },
      { protocol: 'udp', inner_port: 9001, outer_port: expect.any(Number) },
    ]);
    await b.run('terminate', web);
  });

  it('are none when the list is empty', async () => {
    const web = b.define({ container_ports: [] });
    await b.run('start', web);
    expect((await b.containers(web))[0]?.ports).toEqual([
      { protocol: 'tcp', inner_port: 80, outer_port: null },
    ]);
    await b.run('terminate', web);
  });

  it('that somebody else has end in a stopped container with the reason, and start once they are free', async () => {
    const taken = createServer().listen(18_433, '127.0.0.1');
    const web = b.define({ container_ports: [port({ outer_port: 18_433 })] });
    const failed = await b.run('start', web);
    expect(failed).toMatchObject({ ok: false, failure: { reason: 'port-taken' } });
    const [container] = await b.containers(web);
    expect(container).toMatchObject({ state: 'stopped', reason: expect.stringContaining('18433') });
    await new Promise((resolve) => taken.close(resolve));
    expect(await b.run('start', web)).toMatchObject({ ok: true });
    expect((await b.containers(web)).map(({ id, state }) => [id, state])).toEqual([
      [container?.id, 'running'],
    ]);
    await b.run('terminate', web);
  });
});
