import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Definition } from '../../../src/service/definition.ts';
import { type Bench, bench, describeDocker, IMAGE, leftOf, makeImage } from '../../support/docker.ts';

describeDocker('links on a Docker engine', () => {
  let b: Bench;
  beforeAll(async () => {
    await makeImage({ name: IMAGE });
    b = await bench();
  });
  afterAll(() => b.end());

  const serving = (name: string, user = 'admin') =>
    b.define(
      {
        run_command: `sh -c 'echo ${name} > /www/index.html; trap "exit 0" TERM; httpd -f -p 80 -h /www & wait'`,
        container_envvars: [{ key: 'SECRET', value: `secret-of-${name}` }],
      },
      { name, user },
    );
  const linked = (definition: Definition, name: string) => ({
    name,
    uuid: definition.uuid,
    uniqueName: definition.name,
  });
  const ask = (from: Definition, host: string) => b.exec(from, 1, ['wget', '-qO-', `http://${host}/`]);

  it('call each dependant’s own target by the same name, without one seeing the other’s', async () => {
    const [red, blue] = [serving('red'), serving('blue')];
    const [web, shop] = [b.define({}, { name: 'web' }), b.define({}, { name: 'shop' })];
    for (const target of [red, blue]) expect(await b.run('start', target)).toMatchObject({ ok: true });
    await b.run('start', web, { links: [linked(red, 'db')] });
    await b.run('start', shop, { links: [linked(blue, 'db')] });
    expect([await ask(web, 'db'), await ask(shop, 'db')]).toEqual(['red\n', 'blue\n']);

    // A dependant keeps its link through a redeploy of the target, which has other addresses then.
    await b.run('redeploy', { ...red, deployment: 2 });
    expect(await ask(web, 'db')).toBe('red\n');

    // What a link hands on is a name: nothing of the target's environment.
    expect(await b.exec(web, 1, ['env'])).not.toMatch(/secret-of/);
    for (const one of [web, shop, red, blue]) await b.run('terminate', one);
    expect(await leftOf(b.docker, b.instance)).toEqual([]);
  });

  it('may be there before their target is, and reach all of its containers', async () => {
    const late = serving('late');
    const web = b.define({}, { name: 'web' });
    await b.run('start', web, { links: [linked(late, 'db')] });
    expect(await b.exec(web, 1, ['nslookup', 'db'])).not.toMatch(/Address: \d/);
    await b.run('start', { ...late, spec: { ...late.spec, target_num_containers: 2 } });
    const answer = await b.exec(web, 1, ['nslookup', 'db']);
    expect(answer.match(/Address: \d+\.\d+\.\d+\.\d+/g)).toHaveLength(2);
    for (const one of [web, late]) await b.run('terminate', one);
  });

  it('do not reach into another user’s network', async () => {
    const theirs = serving('theirs', 'other');
    const web = b.define({}, { name: 'web' });
    await b.run('start', theirs);
    await b.run('start', web, { links: [linked(theirs, 'db')] });
    expect(await b.exec(web, 1, ['nslookup', 'db'])).not.toMatch(/Address: \d/);
    const [container] = await b.docker.listContainers({
      filters: { label: [`evenkeel.service=${theirs.uuid}`] },
    });
    const [network] = Object.values(container?.NetworkSettings.Networks ?? {});
    const reach = `nc -w 2 ${network?.IPAddress} 80 </dev/null && echo reached`;
    expect(await b.exec(web, 1, ['sh', '-c', reach])).not.toMatch('reached');
    expect(await b.exec(theirs, 1, ['sh', '-c', reach])).toMatch('reached');
    for (const one of [web, theirs]) await b.run('terminate', one);
  });

  it('come with the variables of the job, and the service’s own set over them', async () => {
    const web = b.define(
      { container_envvars: [{ key: 'DB_PORT', value: 'mine' }] },
      { linkVariables: { DB_PORT: 'tcp://db:80', DB_1_PORT_80_TCP_ADDR: 'db' } },
    );
    await b.run('start', web);
    expect(await b.exec(web, 1, ['sh', '-c', 'echo $DB_PORT $DB_1_PORT_80_TCP_ADDR'])).toBe('mine db\n');
    await b.run('terminate', web);
  });
});
