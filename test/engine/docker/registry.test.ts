import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkRegistryConfig, credentialsFor, registryOf } from '../../../src/engine/docker/registry.ts';
import { type Bench, bench, describeDocker, makeImage } from '../../support/docker.ts';
import { freePort, hasRegistry, PASSWORD, type Registry, startRegistry } from '../../support/registry.ts';

describe('the registry of an image', () => {
  it.each([
    ['nginx', 'docker.io'],
    ['tutum/hello-world:latest', 'docker.io'],
    ['quay.io/a/b', 'quay.io'],
    ['localhost/a', 'localhost'],
    ['127.0.0.1:5000/web:1', '127.0.0.1:5000'],
  ])('%s is in %s', (image, registry) => {
    expect(registryOf(image)).toBe(registry);
  });

  it('has its credentials in Docker’s own file, under any spelling of its name', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'evenkeel-auth-'));
    const file = join(dir, 'config.json');
    const auth = Buffer.from('me:a:b').toString('base64');
    await writeFile(
      file,
      JSON.stringify({ auths: { 'https://index.docker.io/v1/': { auth }, 'https://quay.io': { auth } } }),
    );
    expect(await credentialsFor(file, 'nginx:1')).toMatchObject({ username: 'me', password: 'a:b' });
    expect(await credentialsFor(file, 'quay.io/x/y:1')).toMatchObject({ serveraddress: 'quay.io' });
    expect(await credentialsFor(file, 'ghcr.io/x/y:1')).toBeUndefined();
    await chmod(file, 0o644);
    await expect(checkRegistryConfig(file)).rejects.toThrow(/chmod 600/);
    await writeFile(file, '{"auths": "secret-text');
    await chmod(file, 0o600);
    await expect(checkRegistryConfig(file)).rejects.toThrow(
      /^Expected registry credentials in Docker's form/,
    );
    await expect(checkRegistryConfig(file)).rejects.not.toThrow(/secret-text/);
    await rm(dir, { recursive: true });
  });
});

describeDocker('pulls of a Docker engine', () => {
  let registry: Registry;
  let b: Bench;
  let image: string;

  /** New content behind the tag, in the registry only. */
  async function publish(page: string): Promise<void> {
    await makeImage({ name: image, page });
    const stream = await b.docker.getImage(image).push({ authconfig: { ...registry.auth, auth: '' } });
    await new Promise<void>((resolve, reject) =>
      b.docker.modem.followProgress(stream, (error: Error | null, output: { error?: string }[] | null) => {
        const failed = error ?? output?.find((line) => line.error !== undefined)?.error;
        if (failed === undefined || failed === null) resolve();
        else reject(failed);
      }),
    );
    await b.docker.getImage(image).remove({ force: true });
  }
  const page = (of: Parameters<Bench['exec']>[0]) => b.exec(of, 1, ['cat', '/www/index.html']);

  beforeAll(async () => {
    expect(await hasRegistry(), 'docker-registry must be installed').toBe(true);
    registry = await startRegistry();
    b = await bench({ registryConfig: registry.config, registryMs: 3_000 });
    image = `${registry.address}/app:1`;
    await publish('one');
  });
  afterAll(async () => {
    await b.end();
    await b.docker.getImage(image).remove({ force: true });
    await registry.end();
  });

  it('fetch what is missing, with the credentials of the file, and pick up new content at a redeploy', async () => {
    const web = b.define({ image });
    expect(await b.engine.image(image, new AbortController().signal)).toEqual({ ok: true, value: null });
    expect(await b.run('start', web)).toMatchObject({
      ok: true,
      value: { image: { ports: [{ inner_port: 80 }] } },
    });
    expect(await page(web)).toBe('one');
    await b.run('stop', web);
    await b.docker.getImage(image).remove({ force: true });
    await publish('two');
    const next = { ...web, deployment: 2 };
    expect(await b.run('redeploy', next)).toMatchObject({ ok: true });
    expect(await page(next)).toBe('two');
    await b.run('terminate', next);
  });

  it('at a redeploy use the image that is here when the registry does not answer, and say so', async () => {
    const web = b.define({ image });
    await b.run('start', web);
    await registry.stop();
    const done = await b.run('redeploy', { ...web, deployment: 2 });
    expect(done).toMatchObject({
      ok: true,
      value: { note: expect.stringMatching(/the local image was used$/) },
    });
    await registry.start();
    await b.run('terminate', web);
  });

  it('end at a deadline when the registry takes connections and says nothing', async () => {
    const port = await freePort();
    const mute = createServer(() => undefined).listen(port, '127.0.0.1');
    const name = `127.0.0.1:${port}/app:1`;
    const quick = b.another({ registryMs: 300 });
    await quick.start([]);
    const web = b.define({ image: name });
    const job = { verb: 'start', definition: web, environment: {}, links: [], reuseVolumes: true } as const;
    expect(await quick.run(job, new AbortController().signal)).toEqual({
      ok: false,
      failure: {
        reason: 'image',
        message: `could not pull ${name}: registry 127.0.0.1:${port} did not answer within 0.3 s`,
      },
    });
    await new Promise((resolve) => mute.close(resolve) && resolve(0));
  });

  it('refused for wrong credentials say so, and never what they are', async () => {
    await b.docker
      .getImage(image)
      .remove({ force: true })
      .catch(() => undefined);
    await writeFile(
      registry.config,
      JSON.stringify({ auths: { [registry.address]: { auth: btoa('puller:wrong-one') } } }),
    );
    const web = b.define({ image });
    const failed = await b.run('start', web);
    expect(failed).toMatchObject({ ok: false, failure: { reason: 'image' } });
    expect(JSON.stringify(failed)).not.toMatch(new RegExp(`wrong-one|${PASSWORD}`));
  });

  it('of one image wanted by many services at once are one pull', async () => {
    await writeFile(
      registry.config,
      JSON.stringify({ auths: { [registry.address]: { auth: btoa(`puller:${PASSWORD}`) } } }),
    );
    await b.docker
      .getImage(image)
      .remove({ force: true })
      .catch(() => undefined);
    const since = Math.floor(Date.now() / 1000) - 1;
    const all = Array.from({ length: 4 }, (_, index) => b.define({ image }, { name: `many${index}` }));
    const ends = await Promise.all(all.map((web) => b.run('start', web)));
    expect(ends.map(({ ok }) => ok)).toEqual([true, true, true, true]);
    const events = await b.docker.getEvents({
      since,
      until: Math.floor(Date.now() / 1000) + 1,
      filters: { event: ['pull'] },
    });
    let text = '';
    for await (const chunk of events) text += String(chunk);
    expect(text.split('\n').filter((line) => line.includes(image))).toHaveLength(1);
    for (const web of all) await b.run('terminate', web);
  });
});
