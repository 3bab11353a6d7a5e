import { describe, expect, it } from 'vitest';
import { createBody, writeBody } from '../../src/api/body.ts';
import { readService } from '../../src/api/wire.ts';
import { EXTENSIONS, type Extension } from '../../src/service/extensions.ts';
import type { Mark } from '../../src/service/mark.ts';
import type { Live } from '../../src/service/service.ts';
import type { Spec } from '../../src/service/spec.ts';
import { row } from '../support/api.ts';

const live = (more: Readonly<Record<string, unknown>>, offered: readonly Extension[] = []): Live => {
  const read = readService(row('u-1', { name: 'web', ...more }), offered);
  if (!read.ok) throw new Error(read.why);
  return read.live;
};

describe('a service object', () => {
  it('of the real platform becomes what is compared', () => {
    expect(
      live({
        state: 'Partly running',
        image_name: 'tutum/mysql:5.6',
        target_num_containers: 2,
        running_num_containers: 1,
        stopped_num_containers: 1,
        run_command: '/run.sh',
        entrypoint: '',
        autorestart: 'ALWAYS',
        autodestroy: 'ON_SUCCESS',
        sequential_deployment: false,
        roles: ['global'],
        container_ports: [
          { protocol: 'tcp', inner_port: '80', outer_port: 8080, port_name: 'http', endpoint_uri: 'x' },
          { protocol: 'UDP', inner_port: 53, outer_port: null, published: true },
        ],
        container_envvars: [
          { key: 'A', value: 'x' },
          { key: 'N', value: 3 },
        ],
        linked_to_service: [
          { from_service: '/api/v1/service/u-1/', to_service: 'http://h/api/v1/service/db-1', name: 'db' },
        ],
        linked_from_service: [
          { from_service: '/api/v1/service/lb-1/', to_service: '/api/v1/service/u-1/', name: 'web' },
          '/api/v1/service/lb-2/',
          'something else',
        ],
        deployed_datetime: 'Wed, 1 Oct 2014 16:07:36 +0000',
        memory: null,
        link_variables: {},
      }),
    ).toEqual({
      uuid: 'u-1',
      name: 'web',
      state: 'Partly running',
      fields: {
        image: 'tutum/mysql:5.6',
        target_num_containers: 2,
        run_command: '/run.sh',
        entrypoint: '',
        autorestart: 'ALWAYS',
        autodestroy: 'ON_SUCCESS',
        sequential_deployment: false,
        roles: ['global'],
        container_ports: [
          { protocol: 'tcp', inner_port: 80, outer_port: 8080 },
          { protocol: 'udp', inner_port: 53 },
        ],
        container_envvars: [
          { key: 'A', value: 'x' },
          { key: 'N', value: '3' },
        ],
        linked_to_service: [{ to_service: '/api/v1/service/db-1/', name: 'db' }],
      },
      mark: null,
      redeployToken: undefined,
      linkedFrom: ['lb-1', 'lb-2', 'something else'],
      containers: { running: 1, stopped: 1, current: 1 },
      deployedAt: Date.UTC(2014, 9, 1, 16, 7, 36),
      note: undefined,
    });
  });

  it('keeps a state it does not know as text, and leaves out what was not reported', () => {
    const one = live({ state: 'Start failed', target_num_containers: null, image_name: undefined });
    expect(one.state).toEqual({ unknown: 'Start failed' });
    expect(one.fields).toEqual({});
    expect(one.deployedAt).toBeUndefined();
    expect(live({ deployed_datetime: null, redeploy_token: null }, ['redeploy-token'])).toMatchObject({
      deployedAt: null,
      redeployToken: null,
    });
  });

  it('believes a redeploy token only where the server announces that it keeps them', () => {
    expect(live({ redeploy_token: 't1' }, ['redeploy-token']).redeployToken).toBe('t1');
    expect(live({ redeploy_token: 't1' }, []).redeployToken).toBeUndefined();
    expect(live({ redeploy_token: null }, []).redeployToken).toBeUndefined();
  });

  it.each([
    ['uuid', 7],
    ['uuid', 'a/b'],
    ['name', ''],
    ['name', {}],
    ['state', 3],
    ['image_name', []],
    ['target_num_containers', '1.5'],
    ['target_num_containers', 1e30],
    ['running_num_containers', -1],
    ['container_ports', {}],
    ['container_ports', [{ protocol: 'sctp', inner_port: 1 }]],
    ['container_ports', [{ inner_port: 'http' }]],
    ['container_envvars', [{ value: 'x' }]],
    ['container_envvars', ['A=b']],
    ['linked_to_service', [{}]],
    ['linked_from_service', [null]],
    ['sequential_deployment', 'perhaps'],
    ['roles', [null]],
  ])('with %s = %j is an invalid row, named by its attribute', (attribute, value) => {
    const read = readService(row('u-1', { name: 'web', [attribute]: value }), []);
    expect(read).toMatchObject({ ok: false });
    expect(!read.ok && read.why).toContain(attribute);
  });

  it('reads labels, bindings and limits strictly only where they are announced', () => {
    const odd = { labels: ['a'], bindings: [{ host_path: '/x', container_path: '/y' }], memory: 'lots' };
    expect(live(odd).fields).toEqual({ image: 'nginx:latest', target_num_containers: 1 });
    for (const [attribute, value] of Object.entries(odd))
      expect(readService(row('u', { [attribute]: value }), EXTENSIONS)).toMatchObject({ ok: false });
    const labels = JSON.parse('{"__proto__":"x","n":1}');
    expect(Object.entries(live({ labels }, EXTENSIONS).fields.labels ?? {})).toEqual([
      ['__proto__', 'x'],
      ['n', '1'],
    ]);
  });

  it('shows no value of its own environment in the note about its last failure', () => {
    const env = [{ key: 'P', value: 'hunter2' }];
    expect(live({ container_envvars: env, note: 'cannot\nuse hunter2' }).note).toBe('cannot use ***');
  });
});

describe('the mark', () => {
  const env = (value: string) => ({
    container_envvars: [
      { key: 'A', value: '1' },
      { key: 'EVENKEEL_OWNER', value },
    ],
  });

  it('is taken out of the environment', () => {
    const one = live(env('team-a/web/a1'));
    expect(one.mark).toEqual({ owner: 'team-a', name: 'web', attempt: 'a1', in: 'container_envvars' });
    expect(one.fields.container_envvars).toEqual([{ key: 'A', value: '1' }]);
  });

  it('is taken out of the labels', () => {
    const one = live({ labels: { a: 'b', EVENKEEL_OWNER: 'team-a/web/a1' }, container_envvars: [] }, [
      'labels',
    ]);
    expect(one.mark).toMatchObject({ owner: 'team-a', in: 'labels' });
    expect(one.fields.labels).toEqual({ a: 'b' });
  });

  it.each(['team-a/other/a1', 'nonsense', 'TEAM/web/a1', 'team-a/web/', 'team-a/web/a1/x', ''])(
    '%j is no mark, and is not shown as a variable either',
    (value) => {
      const one = live(env(value));
      expect(one.mark).toBeNull();
      expect(one.fields.container_envvars).toEqual([{ key: 'A', value: '1' }]);
    },
  );

  it('is unknown where a list that could carry it was not shown', () => {
    expect(live({}).mark).toBeUndefined();
    expect(live({ container_envvars: null }).mark).toBeUndefined();
    expect(live({ container_envvars: [] }).mark).toBeNull();
    expect(live({ container_envvars: [] }, ['labels']).mark).toBeUndefined();
    expect(live({ labels: {} }, ['labels']).mark).toBeUndefined();
    expect(live({ labels: {}, container_envvars: [] }, ['labels']).mark).toBeNull();
  });
});

describe('a request body', () => {
  const mark: Mark = { owner: 'default', name: 'web', attempt: 'a1', in: 'container_envvars' };
  const create = (spec: Spec, offered: readonly Extension[], token?: string) =>
    JSON.parse(
      createBody({ name: 'web', mark, operation: { verb: 'create', spec, redeployToken: token } }, offered),
    );
  const update = (patch: Spec & { redeploy_token?: string }, offered: readonly Extension[], carried?: Mark) =>
    JSON.parse(
      writeBody({ operation: { verb: 'update', uuid: 'u', patch }, mark: carried }, offered) ?? 'null',
    );
  const spec: Spec = {
    image: 'nginx:1.27',
    target_num_containers: 0,
    container_envvars: [{ key: 'A', value: '' }],
    labels: { team: 'x' },
    bindings: [{ volume: 'v', container_path: '/v' }],
    memory: 64,
    cpu_shares: 5,
  };

  it('of a create on a server of the reference holds reference fields and the mark as a variable', () => {
    expect(create(spec, [], 'token')).toEqual({
      name: 'web',
      image: 'nginx:1.27',
      target_num_containers: 0,
      container_envvars: [
        { key: 'A', value: '' },
        { key: 'EVENKEEL_OWNER', value: 'default/web/a1' },
      ],
    });
  });

  it('of a create on our server holds everything, and the mark as a label', () => {
    expect(create(spec, EXTENSIONS, 'token')).toEqual({
      ...spec,
      name: 'web',
      labels: { team: 'x', EVENKEEL_OWNER: 'default/web/a1' },
      redeploy_token: 'token',
    });
  });

  it('is the same for the same request, to the byte', () => {
    const { image, ...rest } = spec;
    const request = (one: Spec) =>
      createBody(
        { name: 'web', mark, operation: { verb: 'create', spec: one, redeployToken: undefined } },
        [],
      );
    expect(request({ ...rest, image: image ?? '' })).toBe(request(spec));
  });

  it('of a PATCH carries the mark along with the list that holds it, and with no other', () => {
    const marked = { key: 'EVENKEEL_OWNER', value: 'default/web/a1' };
    expect(update({ container_envvars: [] }, [], mark)).toEqual({ container_envvars: [marked] });
    expect(update({ target_num_containers: 0 }, [], mark)).toEqual({ target_num_containers: 0 });
    expect(update({ labels: { a: 'b' } }, EXTENSIONS, mark)).toEqual({ labels: { a: 'b' } });
    expect(update({ labels: {} }, EXTENSIONS, { ...mark, in: 'labels' })).toEqual({
      labels: { EVENKEEL_OWNER: 'default/web/a1' },
    });
    expect(update({ container_envvars: [] }, [])).toEqual({ container_envvars: [] });
  });

  it('of a redeploy holds the token where the server keeps tokens, else there is none', () => {
    const redeploy = { operation: { verb: 'redeploy', uuid: 'u', token: 't' }, mark } as const;
    expect(writeBody(redeploy, ['redeploy-token'])).toBe('{"token":"t"}');
    expect(writeBody(redeploy, [])).toBeUndefined();
    expect(
      writeBody({ operation: { verb: 'start', uuid: 'u', token: 't' }, mark }, EXTENSIONS),
    ).toBeUndefined();
    expect(update({ redeploy_token: 't', labels: {} }, ['redeploy-token'])).toEqual({ redeploy_token: 't' });
  });

  it('never holds a link whose uuid is not known', () => {
    const linked: Spec = { linked_to_service: [{ to_service: '@db', name: 'db' }] };
    expect(() => create(linked, [])).toThrow('db has no uuid');
    expect(() => update(linked, EXTENSIONS)).toThrow('db has no uuid');
  });
});
