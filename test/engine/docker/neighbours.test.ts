import { beforeAll, expect, it } from 'vitest';
import { bench, describeDocker, IMAGE, leftOf, makeImage } from '../../support/docker.ts';

describeDocker('two servers with stores of their own on one engine', () => {
  beforeAll(() => makeImage({ name: IMAGE }));

  it('leave each other’s containers alone, under the same instance too, and say at the start that they are there', async () => {
    const b = await bench({ pull: 'never' });
    const mine = b.define({ target_num_containers: 2 }, { name: 'web' });
    await b.run('start', mine);
    const other = b.another();
    const remarks = await other.start([]);
    expect(remarks.join('\n')).toMatch(
      /2 containers carry this server's labels .* left alone: web-\d\.\S+, web-\d\.\S+ .*--instance/,
    );
    const theirs = b.define({}, { name: 'web' });
    const never = new AbortController().signal;
    const job = { definition: theirs, environment: {}, links: [], reuseVolumes: true };
    expect(await other.run({ ...job, verb: 'start' }, never)).toMatchObject({ ok: true });
    const before = await b.containers(mine);

    // Its own are all that it sees, scales, stops and removes.
    const seen = await other.inspect([theirs]);
    expect(seen.ok && seen.value.get(theirs.uuid)).toHaveLength(1);
    for (const verb of ['redeploy', 'stop', 'terminate'] as const)
      expect(
        await other.run({ ...job, definition: { ...theirs, deployment: 2 }, verb }, never),
      ).toMatchObject({ ok: true });
    expect(await b.containers(mine)).toEqual(before);
    expect(before.map(({ state }) => state)).toEqual(['running', 'running']);
    // The network that both used stays while one of them does.
    expect(await b.exec(mine, 1, ['wget', '-qO-', 'http://web-2/'])).toBe(IMAGE);
    expect(await b.run('terminate', mine)).toMatchObject({ ok: true });
    expect(await leftOf(b.docker, b.instance)).toEqual([]);
    await b.end();
  });
});
