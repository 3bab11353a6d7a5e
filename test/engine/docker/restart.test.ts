import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Definition } from '../../../src/service/definition.ts';
import { type Bench, bench, describeDocker, IMAGE, isDemanded, makeImage } from '../../support/docker.ts';
import { canRunDockerd, type Dockerd, ownDockerd } from '../../support/dockerd.ts';

const able = await canRunDockerd();

describeDocker('a restart of the Docker engine itself', () => {
  let dockerd: Dockerd;
  let b: Bench;
  let always: Definition;
  let never: Definition;
  let failing: Definition;

  beforeAll(async () => {
    if (!able) return;
    dockerd = await ownDockerd();
    await dockerd.start();
    await makeImage({ name: IMAGE }, dockerd.host);
    b = await bench({ pull: 'never' }, dockerd.host);
    always = b.define({ autorestart: 'ALWAYS' }, { name: 'always' });
    never = b.define({}, { name: 'never' });
    failing = b.define({ autorestart: 'ON_FAILURE', run_command: 'sleep 1000' }, { name: 'failing' });
  });
  afterAll(async () => {
    await b?.end();
    await dockerd?.end();
  });

  const states = async (...all: Definition[]) =>
    (await Promise.all(all.map((one) => b.containers(one)))).map(([one]) => one?.state);

  it.skipIf(!able && !isDemanded('docker'))(
    'brings back what is to be restarted, and nothing that a job had stopped',
    async () => {
      for (const one of [always, never, failing])
        expect(await b.run('start', one)).toMatchObject({ ok: true });
      await b.run('stop', failing);
      const [stopped] = await b.containers(failing);
      expect(stopped).toMatchObject({ state: 'stopped', exitCode: 137 });
      await dockerd.stop();
      expect(await b.engine.inspect([always])).toMatchObject({
        ok: false,
        failure: { reason: 'unavailable' },
      });
      await dockerd.start();
      await expect.poll(() => states(always), { timeout: 10_000 }).toEqual(['running']);
      expect(await states(never, failing)).toEqual(['stopped', 'stopped']);
      expect((await b.containers(never))[0]?.reason).toMatch(/exited with code/);
      expect(await b.run('start', failing)).toMatchObject({ ok: true });
      const [again] = await b.containers(failing);
      expect(again?.id).toBe(stopped?.id);
      const { HostConfig } = await b.docker.getContainer(again?.id ?? '').inspect();
      expect(HostConfig.RestartPolicy?.Name).toBe('on-failure');
    },
  );
});
