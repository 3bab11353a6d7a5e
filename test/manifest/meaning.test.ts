/** What a sound manifest means: the wish that comes of it, and what the whole load must agree on. */
import { describe, expect, it } from 'vitest';
import { createLoadCache, load } from '../../src/manifest/load.ts';
import { createResolver } from '../../src/manifest/resolver.ts';
import { codes, loadFiles, loadText, snapshot, wishOf } from '../support/manifests.ts';

const URI = '/api/v1/service/7eaf7fff-882c-4f3d-9a8f-a22317ac00ce/';

describe('a wish', () => {
  it('has every declared field and no other', () => {
    const wish = wishOf(`name: web
image: nginx:1.27
target_num_containers: 0
run_command: ""
entrypoint: /bin/sh -c
container_ports:
  - inner_port: 80
  - { protocol: udp, inner_port: 53, outer_port: 5353 }
container_envvars:
  - { key: A, value: "" }
linked_to_service: []
autorestart: ALWAYS
autoreplace: ON_FAILURE
autodestroy: 'OFF'
sequential_deployment: false
roles: [global]
labels: { team: a }
bindings:
  - { volume: data, container_path: /data, rewritable: false }
memory: 128
cpu_shares: 0
`);
    expect(wish.spec).toEqual({
      image: 'nginx:1.27',
      target_num_containers: 0,
      run_command: '',
      entrypoint: '/bin/sh -c',
      container_ports: [
        { protocol: 'tcp', inner_port: 80 },
        { protocol: 'udp', inner_port: 53, outer_port: 5353 },
      ],
      container_envvars: [{ key: 'A', value: '' }],
      linked_to_service: [],
      autorestart: 'ALWAYS',
      autoreplace: 'ON_FAILURE',
      autodestroy: 'OFF',
      sequential_deployment: false,
      roles: ['global'],
      labels: { team: 'a' },
      bindings: [{ volume: 'data', container_path: '/data', rewritable: false }],
      memory: 128,
      cpu_shares: 0,
    });
    expect(wish).toMatchObject({
      name: 'web',
      want: 'running',
      runOnce: false,
      adopt: false,
      redeploy: undefined,
    });
    expect(wishOf('name: web\nimage: nginx\n').spec).toEqual({ image: 'nginx' });
  });

  it('takes everything under reconcile and nothing of it into the spec', () => {
    const wish = wishOf(`name: web
image: nginx
state: Stopped
reconcile:
  { allow_replace: true, adopt: true, protect: true, run_once: true, ignore: [image, state, image], redeploy: "2" }
`);
    expect(wish).toMatchObject({
      want: 'stopped',
      allowReplace: true,
      adopt: true,
      protect: true,
      runOnce: true,
      ignore: ['image', 'state'],
      redeploy: '2',
    });
    expect(Object.keys(wish.spec)).toEqual(['image']);
  });

  it('runs once when its containers are removed by themselves', () => {
    expect(wishOf('name: a\nimage: a\nautodestroy: ON_FAILURE\n').runOnce).toBe(true);
  });

  it('depends on its links and its depends_on, each once, sorted, and on no resource URI', () => {
    const { load: result } = loadText(`name: web
image: web
linked_to_service:
  - to_service: redis
  - { to_service: db, name: database }
  - { to_service: ${URI}, name: old }
reconcile: { depends_on: [job, db, ${URI}] }
---
{ name: db, image: db }
---
{ name: redis, image: redis }
---
{ name: job, image: job }
`);
    const [web] = result.wishes;
    expect(web?.dependsOn).toEqual(['db', 'job', 'redis']);
    expect(web?.spec.linked_to_service).toEqual([
      { to_service: 'redis', name: 'redis' },
      { to_service: 'db', name: 'database' },
      { to_service: URI, name: 'old' },
    ]);
  });

  it('knows where its fields and their items stand', () => {
    const { place, places } = wishOf(`# first
name: web
image: nginx
container_ports:
  - inner_port: 80
  - inner_port: 81
container_envvars:
  - { key: A, value_from: { env: NOT_SET } }
`);
    expect(place).toEqual({ file: 'a.yaml', line: 2, col: 1 });
    expect(places['image']).toEqual({ file: 'a.yaml', line: 3, col: 1 });
    expect(places['container_ports/1']).toMatchObject({ line: 6, col: 5 });
    expect(places['container_envvars/A']).toMatchObject({ line: 8 });
  });
});

describe('the services of a load', () => {
  it('may not share a name, and neither is used', () => {
    const result = loadFiles({
      'a.yaml': 'name: web\nimage: a\n',
      'b.yaml': 'image: b\nname: web\n---\nname: db\nimage: d\n',
    });
    expect(result.diagnostics.map(({ message }) => message)).toEqual([
      'two manifests are named web: here and at a.yaml:1:1',
    ]);
    expect(result.diagnostics[0]?.place).toEqual({ file: 'b.yaml', line: 2, col: 1 });
    expect(result.load.wishes.map(({ name }) => name)).toEqual(['db']);
  });

  it('may share a fixed outer port when only one is wished to run, or the protocols differ', () => {
    const port = (name: string, protocol: string, more = '') =>
      `name: ${name}\nimage: a\ncontainer_ports: [{ protocol: ${protocol}, inner_port: 80, outer_port: 80 }]\n${more}---\n`;
    expect(codes(loadText(port('a', 'tcp') + port('b', 'udp')))).toEqual([]);
    expect(codes(loadText(port('a', 'tcp') + port('b', 'tcp', 'state: Stopped\n')))).toEqual([]);
    expect(codes(loadText(port('a', 'tcp') + port('b', 'tcp')))).toEqual(['EK304 7:19']);
  });

  it('may be named by references although their own document is broken', () => {
    const result = loadFiles({
      'web.yaml': 'name: web\nimage: a\nreconcile: { depends_on: [db] }\n',
      'db.yaml': 'name: db\nimage: 1\n',
    });
    expect(codes(result)).toEqual(['EK203 2:8']);
    expect(result.load.wishes.map(({ name }) => name)).toEqual(['web']);
  });

  it('may be named by references when the last good version had them', () => {
    const files = {
      'web.yaml': 'name: web\nimage: a\nreconcile: { depends_on: [db] }\n',
      'db.yaml': 'name: [',
    };
    expect(codes(loadFiles(files)).some((code) => code.startsWith('EK302'))).toBe(true);
    const result = loadFiles(files, {}, { known: new Set(['db']) });
    expect(result.diagnostics.every(({ place }) => place.file === 'db.yaml')).toBe(true);
    expect(result.load).toMatchObject({ complete: false, wishes: [{ name: 'web', dependsOn: ['db'] }] });
  });

  it('may form a chain of any length but no circle', () => {
    const chain = (last: string) =>
      Array.from({ length: 900 }, (_, index) => {
        const to = index === 899 ? last : `s${index + 1}`;
        return `name: s${index}\nimage: a\nreconcile: { depends_on: [${to}] }\n---\n`;
      }).join('');
    expect(codes(loadText(`${chain('end')}name: end\nimage: a\n`))).toEqual([]);
    const circle = loadText(chain('s0'));
    expect(codes(circle).map((code) => code.slice(0, 5))).toEqual(['EK303']);
    expect(circle.load.wishes).toEqual([]);
  });

  it('that do not depend on each other are used although others do in a circle', () => {
    const { load: result } = loadText(
      'name: a\nimage: a\nlinked_to_service: [{ to_service: b }]\n---\nname: b\nimage: b\nlinked_to_service: [{ to_service: a }]\n---\nname: c\nimage: c\n',
    );
    expect(result.wishes.map(({ name }) => name)).toEqual(['c']);
  });
});

describe('loading', () => {
  const resolver = createResolver({ env: { A: '1' } });

  it('of an unreadable snapshot is never complete, gives what could be read, and repeats the problems', () => {
    const { files } = snapshot({ 'a.yaml': 'name: a\nimage: a\n' });
    const result = load({ kind: 'unreadable', files, problems: ['EK401 x: gone'] }, { resolver });
    expect(result.load).toMatchObject({
      complete: false,
      problems: ['EK401 x: gone'],
      wishes: [{ name: 'a' }],
    });
    expect(result.load.revision).toMatch(/^unreadable-/);
  });

  it('of nothing is complete with no document', () => {
    expect(load(snapshot({}), { resolver }).load).toEqual({
      wishes: [],
      complete: true,
      documents: 0,
      problems: [],
      revision: 'r1',
    });
  });

  it('again with a cache takes unchanged files over, and sees a changed file, environment or path', () => {
    const cache = createLoadCache();
    const files = { 'a.yaml': 'name: a\nimage: a\n', 'b.yaml': 'name: b\nimage: "b:${A}"\n' };
    const images = (from: Record<string, string>, env: Record<string, string>) =>
      load(snapshot(from), { resolver: createResolver({ env }), cache }).load.wishes.map(
        ({ spec }) => spec.image,
      );
    const first = load(snapshot(files), { resolver, cache }).load.wishes;
    const second = load(snapshot(files), { resolver, cache }).load.wishes;
    expect(second[0]).toBe(first[0]);
    expect(images(files, { A: '1' })).toEqual(['a', 'b:1']);
    expect(images(files, { A: '2' })).toEqual(['a', 'b:2']);
    expect(images({ ...files, 'a.yaml': 'name: a\nimage: a2\n' }, { A: '2' })).toEqual(['a2', 'b:2']);
    const moved = load(snapshot({ 'c.yaml': files['a.yaml'] }), { resolver, cache });
    expect(moved.load.wishes[0]?.place.file).toBe('c.yaml');
    expect(cache.size).toBe(1);
  });
});
