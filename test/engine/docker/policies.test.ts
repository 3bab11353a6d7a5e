import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { afterItsEnd, covers, pauseBefore, replacedOnceMore } from '../../../src/engine/docker/policy.ts';
import type { DefinedSpec, Definition } from '../../../src/service/definition.ts';
import { type Bench, bench, describeDocker, IMAGE, leftOf, makeImage } from '../../support/docker.ts';

describe('the policies of a container that ended', () => {
  it('have one owner each: Docker restarts, then we replace, then we remove', () => {
    const all = { autorestart: 'ALWAYS', autoreplace: 'ALWAYS', autodestroy: 'ALWAYS' } as const;
    expect(afterItsEnd(all, 1)).toBe('leave');
    expect(afterItsEnd({ ...all, autorestart: 'ON_FAILURE' }, 0)).toBe('replace');
    expect(afterItsEnd({ ...all, autorestart: 'OFF', autoreplace: 'ON_FAILURE' }, 0)).toBe('destroy');
    expect(afterItsEnd({ ...all, autorestart: 'OFF', autoreplace: 'OFF', autodestroy: 'OFF' }, 1)).toBe(
      'leave',
    );
  });

  it.each([
    ['OFF', false, false],
    ['ON_FAILURE', false, true],
    ['ON_SUCCESS', true, false],
    ['ALWAYS', true, true],
  ] as const)('%s covers code 0: %s, code 1: %s', (setting, success, failure) => {
    expect([covers(setting, 0), covers(setting, 1)]).toEqual([success, failure]);
  });

  it('replace at once, then slower and slower, until one lives long enough', () => {
    const once = replacedOnceMore(undefined, 0, 0);
    const twice = replacedOnceMore(once, 100, 0);
    expect([pauseBefore(undefined, 0, 0), pauseBefore(once, 100, 0), pauseBefore(twice, 100, 0)]).toEqual([
      0, 1_000, 2_000,
    ]);
    expect(pauseBefore(once, 10_000, 0)).toBe(0);
    expect(replacedOnceMore(twice, 10_000, 0).count).toBe(1);
    let many = once;
    for (let n = 0; n < 50; n += 1) many = replacedOnceMore(many, 0, 0);
    expect(pauseBefore(many, 0, 0)).toBe(60_000);
  });
});

describeDocker('policies on a Docker engine', () => {
  let b: Bench;
  beforeAll(async () => {
    await makeImage({ name: IMAGE });
    b = await bench();
  });
  afterAll(() => b.end());

  /** Ends by itself with the code that is written to /code. */
  const ENDS = `sh -c 'trap "exit 0" TERM; while [ ! -s /code ]; do sleep 0.05; done; exit $(cat /code)'`;
  const started = async (spec: Partial<DefinedSpec>) => {
    const definition = b.define({ run_command: ENDS, ...spec });
    expect(await b.run('start', definition)).toMatchObject({ ok: true });
    const [before] = await b.containers(definition);
    return { definition, id: before?.id };
  };
  const endsWith = (definition: Definition, code: number) =>
    b.exec(definition, 1, ['sh', '-c', `echo ${code} > /code`]);
  const becomes = (
    definition: Definition,
    wanted: (seen: Awaited<ReturnType<Bench['containers']>>) => boolean,
  ) => expect.poll(async () => wanted(await b.containers(definition)), { timeout: 10_000 }).toBe(true);

  it('autorestart ALWAYS: the same container again, also after a success', async () => {
    const { definition, id } = await started({ autorestart: 'ALWAYS' });
    const before = (await b.containers(definition))[0]?.startedAt ?? 0;
    await b.exec(definition, 1, ['sh', '-c', 'echo 0 > /code; sleep 0.2; rm -f /code']);
    await b.exec(definition, 1, ['rm', '-f', '/code']);
    await becomes(definition, ([one]) => one?.id === id && (one?.startedAt ?? 0) > before);
    await b.run('terminate', definition);
  });

  it('autorestart ON_FAILURE leaves a success alone', async () => {
    const { definition, id } = await started({ autorestart: 'ON_FAILURE' });
    await endsWith(definition, 0);
    await becomes(definition, ([one]) => one?.id === id && one?.state === 'stopped' && one.exitCode === 0);
    await b.run('terminate', definition);
  });

  it('autoreplace: a new container in its place', async () => {
    const definition = b.define({ run_command: ENDS, autoreplace: 'ON_FAILURE' });
    await b.run('start', definition, { environment: { GRANTED: 'by a role' } });
    const id = (await b.containers(definition))[0]?.id;
    await endsWith(definition, 3);
    await becomes(definition, ([one]) => one?.id !== id && one?.state === 'running');
    expect(await b.containers(definition)).toHaveLength(1);
    expect(await b.exec(definition, 1, ['sh', '-c', 'echo $GRANTED'])).toBe('by a role\n');
    await b.run('terminate', definition);
  });

  it('autodestroy: the container is gone, its data and the last network with it', async () => {
    const { definition } = await started({ autodestroy: 'ON_SUCCESS' });
    await endsWith(definition, 0);
    await becomes(definition, (seen) => seen.length === 0);
    await expect.poll(() => leftOf(b.docker, b.instance)).toEqual([]);
  });

  it('do nothing about what a job stopped, also after a restart of this server', async () => {
    const { definition } = await started({
      autoreplace: 'ALWAYS',
      autodestroy: 'ALWAYS',
      autorestart: 'ALWAYS',
    });
    await b.run('stop', definition);
    const [stopped] = await b.containers(definition);
    const heir = b.another({ sweepMs: 50 });
    await heir.start([{ ...definition, deployedAt: 1, startedAt: 1, stoppedAt: 2 }]);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await b.containers(definition)).toEqual([stopped]);
    await heir.close();
    await b.run('terminate', definition);
  });

  it('find, after a restart of this server, what ended while it was away', async () => {
    const alone = await bench();
    const definition = alone.define({ run_command: ENDS, autodestroy: 'ALWAYS' });
    await alone.run('start', definition);
    await alone.engine.close();
    await alone.exec(definition, 1, ['sh', '-c', 'echo 0 > /code']).catch(() => undefined);
    const heir = alone.another();
    await heir.start([{ ...definition, deployedAt: 1, startedAt: 1 }]);
    await expect.poll(() => leftOf(alone.docker, alone.instance), { timeout: 10_000 }).toEqual([]);
    await alone.end();
  });

  it('changed without new containers take effect on those that are there', async () => {
    const { definition, id } = await started({});
    const settings = await b.engine.settings({
      ...definition,
      version: 2,
      spec: { ...definition.spec, autorestart: 'ON_FAILURE', autodestroy: 'ON_SUCCESS' },
    });
    expect(settings).toEqual({ ok: true, value: undefined });
    const policy = (await b.docker.getContainer(id ?? '').inspect()).HostConfig.RestartPolicy;
    expect(policy?.Name).toBe('on-failure');
    await endsWith(definition, 0);
    await becomes(definition, (seen) => seen.length === 0);
  });
});
