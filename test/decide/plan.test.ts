/** What a plan says of the whole: its numbers, its exit code, its notes (design §9). */
import { describe, expect, test } from 'vitest';
import { capabilitiesFrom } from '../../src/decide/plan.ts';
import { NO_MEMORY } from '../../src/service/memory.ts';
import { type FleetOver, linkTo, planOf, row } from '../support/fleet.ts';
import { live, REFERENCE, REPORTED, wish } from '../support/services.ts';

const OTHERS = { owner: 'other', name: 'web', attempt: 'a', in: 'container_envvars' } as const;
const NEW = { image: 'nginx:2', target_num_containers: 2 };

describe('the exit code', () => {
  test.each<readonly [string, FleetOver, number]>([
    ['0: nothing to do', { wishes: [wish('web')], services: [live('web')] }, 0],
    ['0: only waits', { wishes: [wish('web')], services: [live('web', { state: 'Starting' })] }, 0],
    [
      '0: orphans that prune never leaves alone',
      { wishes: [wish('web')], services: [live('web'), live('old')] },
      0,
    ],
    [
      '0: differences that are only listed',
      {
        wishes: [wish('web', { want: 'stopped', spec: NEW })],
        services: [live('web', { state: 'Not running' })],
      },
      0,
    ],
    [
      '0: a token that only the journal keeps',
      {
        wishes: [wish('web', { redeploy: 't', want: 'stopped' })],
        services: [live('web', { state: 'Stopped' })],
        capabilities: REFERENCE,
      },
      0,
    ],
    [
      '0: unknown values that are not compared',
      {
        wishes: [wish('web', { unknowns: [{ field: 'image', variable: 'TAG' }], spec: {} })],
        services: [live('web')],
      },
      0,
    ],
    ['2: changes', { wishes: [wish('web', { spec: NEW })], services: [live('web')] }, 2],
    [
      '2: a create that is looked for first',
      {
        wishes: [wish('web')],
        memory: {
          intents: new Map([['web', { name: 'web', attempt: 'x', bodyHash: '', at: 0, before: [] }]]),
        },
      },
      2,
    ],
    [
      '2: a delete',
      { wishes: [wish('web')], services: [live('web'), live('old')], safety: { prune: 'owned' } },
      2,
    ],
    ['4: a blocked course', { wishes: [wish('web')], services: [live('web', { mark: OTHERS })] }, 4],
    [
      '4: a blocked course beside changes',
      { wishes: [wish('new'), wish('web')], services: [live('web', { mark: OTHERS })] },
      4,
    ],
    [
      '4: a delete that is held',
      {
        wishes: [wish('web')],
        services: [live('web'), live('old')],
        safety: { prune: 'owned' },
        memory: { protectedNames: new Set(['old']) },
      },
      4,
    ],
    [
      '4: refused deletes',
      { wishes: [wish('web')], services: [live('web'), live('a'), live('b')], safety: { prune: 'owned' } },
      4,
    ],
    ['3: no document, and nothing of ours', { services: [live('web', { mark: null })] }, 3],
    ['4: no document where owned services live', { services: [live('web')] }, 4],
    [
      '4: no document where owned services live, under prune owned',
      { services: [live('web')], safety: { prune: 'owned' } },
      4,
    ],
    [
      '3: no document where all that was owned is gone',
      { services: [live('web', { state: 'Terminated' })] },
      3,
    ],
    ['0: no document, said out loud', { services: [live('web')], safety: { allowEmpty: true } }, 0],
    [
      '2: no document, said out loud, under prune owned',
      { services: [live('web')], safety: { allowEmpty: true, prune: 'owned' } },
      2,
    ],
  ])('%s', (_, over, code) => {
    expect(planOf(over).exitCode).toBe(code);
  });
});

test('the summary counts services by what is done, operations by verb, and what is left alone', () => {
  const plan = planOf({
    wishes: [
      wish('blocked'),
      wish('new'),
      wish('ready'),
      wish('halt', { want: 'stopped' }),
      wish('replaced', { allowReplace: true, spec: NEW }),
      wish('idle'),
      wish('moving'),
      wish('scaled', { spec: { target_num_containers: 7 } }),
    ],
    services: [
      live('blocked', { mark: OTHERS }),
      live('ready'),
      live('halt'),
      live('replaced'),
      live('idle', { state: 'Partly running' }),
      live('moving', { state: 'Scaling' }),
      live('scaled'),
      live('old'),
      live('dark', { mark: undefined }),
    ],
    capabilities: REFERENCE,
    safety: { prune: 'owned', allowDeletes: 9 },
    pace: { rate: 0.5, burst: 3 },
  });
  expect(plan.summary).toEqual({
    create: 2,
    update: 1,
    start: 2,
    stop: 1,
    redeploy: 1,
    delete: 1,
    replace: 1,
    inSync: 1,
    blocked: 1,
    waits: 8,
    orphans: 0,
    notExamined: 1,
    forecast: { writes: 9, atLeastSeconds: 12 },
  });
});

describe('the forecast', () => {
  const seconds = (writes: number, rate: number, burst: number) =>
    planOf({
      wishes: Array.from({ length: writes }, (_, at) => wish(`s${at}`, { want: 'stopped' })),
      pace: { rate, burst },
    }).summary.forecast;
  test.each([
    [0, 10, 10, 0],
    [10, 10, 10, 0],
    [11, 10, 10, 0.1],
    [110, 10, 10, 10],
    [40, 0.5, 10, 60],
    [5, 1, 1, 4],
  ])('%i writes at %d a second and burst %i take at least %d s', (writes, rate, burst, atLeastSeconds) => {
    expect(seconds(writes, rate, burst)).toEqual({ writes, atLeastSeconds });
  });
});

describe('a row', () => {
  test('names each operation’s place, reason and the state it leads to, and each wait’s end', () => {
    const plan = planOf({
      wishes: [wish('web', { spec: NEW })],
      services: [live('web', { state: 'Scaling' })],
    });
    expect(row(plan, 'web')).toEqual({
      name: 'web',
      uuid: 'u-web',
      want: 'running',
      state: 'Scaling',
      course: [
        { kind: 'wait', wait: 'Scaling', until: 'Running' },
        {
          kind: 'operation',
          seq: 1,
          operation: { verb: 'update', uuid: 'u-web', patch: { image: 'nginx:2' } },
          why: { code: 'differs', differences: [{ field: 'image', live: 'nginx:1', wanted: 'nginx:2' }] },
          leadsTo: 'Redeploying',
        },
        { kind: 'wait', wait: 'Redeploying', until: 'Running' },
      ],
      end: { kind: 'in-sync', notes: [] },
      differences: [{ field: 'image', live: 'nginx:1', wanted: 'nginx:2' }],
      unmanaged: [],
      unknowns: [],
      replaces: false,
      dependsOn: [],
      place: { file: 'web.yaml', line: 1, col: 1 },
    });
  });
  test('leads nowhere where a PATCH leaves the state as it is', () => {
    const plan = planOf({
      wishes: [wish('web', { spec: { autorestart: 'ALWAYS' } })],
      services: [live('web')],
    });
    expect(row(plan, 'web').course).toMatchObject([{ leadsTo: undefined }]);
  });
  test('shows a replace as terminate, create and start', () => {
    const plan = planOf({
      wishes: [wish('web', { spec: NEW, allowReplace: true })],
      services: [live('web')],
      capabilities: REFERENCE,
    });
    expect(row(plan, 'web')).toMatchObject({
      replaces: true,
      course: [
        { leadsTo: 'Terminating' },
        { wait: 'Terminating', until: 'Terminated' },
        { leadsTo: 'Init', operation: { verb: 'create' } },
        { leadsTo: 'Starting', operation: { verb: 'start', uuid: '@web' } },
        { wait: 'Starting', until: 'Running' },
      ],
    });
  });
  test('gives the text of an unknown state as it came', () => {
    const plan = planOf({ wishes: [wish('web')], services: [live('web', { state: { unknown: 'Odd' } })] });
    expect(row(plan, 'web')).toMatchObject({
      state: 'Odd',
      end: { block: { code: 'unknown-state', state: 'Odd' } },
    });
  });
  test('has no state and no uuid where nothing exists; a Terminated twin is noted', () => {
    const plan = planOf({
      wishes: [wish('web')],
      services: [live('web', { uuid: 'u-old', state: 'Terminated' })],
    });
    expect(row(plan, 'web')).toMatchObject({
      state: undefined,
      uuid: undefined,
      end: { notes: [{ code: 'terminated-twin', uuid: 'u-old' }] },
    });
  });
  test('shows links by name on both sides, in the reason too', () => {
    const spec = { linked_to_service: [{ name: 'db', to_service: 'mq' }] };
    const services = [
      live('db'),
      live('mq'),
      live('web', { fields: { ...REPORTED, linked_to_service: [linkTo('db'), linkTo('gone')] } }),
    ];
    const plan = planOf({
      wishes: [wish('db'), wish('mq'), wish('web', { spec, dependsOn: ['mq'] })],
      services,
    });
    const shown = {
      field: 'linked_to_service',
      live: [{ name: 'db', to_service: 'db' }, linkTo('gone')],
      wanted: [{ name: 'db', to_service: 'mq' }],
    };
    expect(row(plan, 'web').differences).toEqual([shown]);
    expect(row(plan, 'web').course[0]).toMatchObject({ why: { differences: [shown] } });
    expect(plan.names).toEqual({ 'u-db': 'db', 'u-mq': 'mq', 'u-web': 'web' });
  });
  test('tells all that differs, also of a service about which nothing is done', () => {
    const plan = planOf({
      wishes: [wish('web', { spec: NEW, want: 'stopped' })],
      services: [live('web', { state: 'Not running' })],
    });
    expect(row(plan, 'web')).toMatchObject({ course: [], differences: [{ field: 'image' }] });
  });
  test('lists what the manifest does not declare: neither defaults nor what the image fills in', () => {
    const fields = {
      ...REPORTED,
      run_command: 'x',
      container_ports: [{ protocol: 'tcp', inner_port: 80 }],
      container_envvars: [{ key: 'A', value: '1' }],
      roles: ['global'],
      autorestart: 'ALWAYS',
      labels: {},
    } as const;
    const plan = planOf({ wishes: [wish('web')], services: [live('web', { fields })] });
    expect(row(plan, 'web').unmanaged).toEqual(['container_envvars', 'autorestart', 'roles']);
    const declared = wish('web', { spec: { image: 'nginx:1', roles: [], autorestart: 'OFF' } });
    const plain = { ...fields, target_num_containers: 1 };
    const other = planOf({ wishes: [declared], services: [live('web', { fields: plain })] });
    expect(row(other, 'web').unmanaged).toEqual(['container_envvars']);
  });
  test('names only the dependencies that gate', () => {
    const wishes = [
      wish('a'),
      wish('b', { want: 'stopped' }),
      wish('web', { dependsOn: ['a', 'b', 'elsewhere'] }),
    ];
    expect(row(planOf({ wishes }), 'web').dependsOn).toEqual(['a']);
  });
  test('carries what could not be resolved', () => {
    const unknowns = [{ field: 'container_envvars', key: 'A', variable: 'A_VALUE' }] as const;
    expect(row(planOf({ wishes: [wish('web', { unknowns })] }), 'web').unknowns).toEqual(unknowns);
  });
  test('is the same whatever order the list came in', () => {
    const services = [
      live('b', { uuid: 'u-2' }),
      live('b', { uuid: 'u-1' }),
      live('a', { uuid: 'u-4', state: 'Terminating' }),
      live('a', { uuid: 'u-3', state: 'Terminating' }),
    ];
    const over = { wishes: [wish('a'), wish('c')], safety: { prune: 'owned', allowDeletes: 9 } } as const;
    const plan = JSON.stringify(planOf({ ...over, services }));
    expect(JSON.stringify(planOf({ ...over, services: services.toReversed() }))).toBe(plan);
  });
  test('stands in the order of names, then uuids', () => {
    const services = [live('b', { uuid: 'u-2' }), live('b', { uuid: 'u-1' }), live('c')];
    const plan = planOf({ wishes: [wish('d'), wish('a')], services, safety: { prune: 'owned' } });
    expect(plan.services.map((one) => [one.name, one.uuid])).toEqual([
      ['a', undefined],
      ['b', 'u-1'],
      ['b', 'u-2'],
      ['c', 'u-c'],
      ['d', undefined],
    ]);
  });
});

describe('what the server offers', () => {
  test('what the journal saw and is not offered now is lost', () => {
    const memory = { ...NO_MEMORY, capabilities: ['patch=all', 'labels'] } as const;
    expect(capabilitiesFrom(['labels', 'limits'], memory)).toEqual({
      offered: ['labels', 'limits'],
      lost: ['patch=all'],
    });
    expect(capabilitiesFrom([], NO_MEMORY)).toEqual({ offered: [], lost: [] });
  });
});
