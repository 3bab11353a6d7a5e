/** Courses that stand in each other's way: dependencies, replaces and the links they would break (design §6). */
import { describe, expect, test } from 'vitest';
import type { Block, Live, Wish } from '../../src/service/service.ts';
import { course, type FleetOver, inOrder, linkTo, planOf, row } from '../support/fleet.ts';
import { live, REFERENCE, REPORTED, wish } from '../support/services.ts';

const ROOMY = { allowDeletes: 99 };
const OTHERS = { owner: 'other', name: 'web', attempt: 'a', in: 'container_envvars' } as const;
const NEW = { image: 'nginx:2', target_num_containers: 2 };
const linked = (...names: readonly string[]) => ({ ...REPORTED, linked_to_service: names.map(linkTo) });
const linksTo = (...names: readonly string[]) => ({
  image: 'nginx:1',
  target_num_containers: 2,
  linked_to_service: names.map((name) => ({ name, to_service: name })),
});
/** `web` links to `db`, both live and as wished. */
const DB = wish('db', { allowReplace: true });
const WEB = wish('web', { spec: linksTo('db'), dependsOn: ['db'] });
const LIVE = [live('db'), live('web', { fields: linked('db') })];

const drawAll = (over: FleetOver) => {
  const plan = planOf({ safety: ROOMY, ...over });
  return Object.fromEntries(plan.services.map((one) => [one.name, course(plan, one.name)]));
};
const block = (over: FleetOver, name: string): Block | undefined => {
  const { end } = row(planOf({ safety: ROOMY, ...over }), name);
  return end.kind === 'blocked' ? end.block : undefined;
};

describe('a dependency that ends blocked', () => {
  const dependsOn = ['db'];
  /** `db` is somebody else's. */
  const stuck = (web: Partial<Wish>, seen: readonly Live[]) =>
    drawAll({
      wishes: [wish('db'), wish('web', { dependsOn, ...web })],
      services: [live('db', { mark: { ...OTHERS, name: 'db' } }), ...seen],
    });
  test.each<readonly [string, Partial<Wish>, readonly Live[], string]>([
    ['holds a create', {}, [], '(dependency)'],
    ['holds a start', {}, [live('web', { state: 'Stopped' })], '(dependency)'],
    ['holds a redeploy', {}, [live('web', { state: 'Not running' })], '(dependency)'],
    ['holds a PATCH that re-makes containers', { spec: NEW }, [live('web')], '(dependency)'],
    ['lets a wait be waited', { spec: NEW }, [live('web', { state: 'Scaling' })], '… (dependency)'],
    ['never holds a stop', { want: 'stopped' }, [live('web')], 'stop …'],
    [
      'never holds a PATCH of the target',
      { spec: { target_num_containers: 5 } },
      [live('web')],
      'update{target_num_containers} …',
    ],
    [
      'never holds what is only stored',
      { spec: NEW, want: 'stopped' },
      [live('web', { state: 'Stopped' })],
      'update{image}',
    ],
    [
      'lets what is stored go before it holds the start',
      { spec: NEW },
      [live('web', { state: 'Stopped' })],
      'update{image} (dependency)',
    ],
    ['is nothing to a service that is as wished', {}, [live('web')], '='],
  ])('%s', (_, web, seen, expected) => {
    expect(stuck(web, seen)['web']).toBe(expected);
  });
  test('is named', () => {
    expect(
      block(
        { wishes: [wish('db'), wish('web', { dependsOn })], services: [live('db', { mark: null })] },
        'web',
      ),
    ).toEqual({ code: 'dependency', name: 'db', why: 'blocked' });
  });
  test('holds a replace as a whole', () => {
    const wishes = [wish('db'), wish('web', { dependsOn, spec: NEW, allowReplace: true })];
    const services = [live('db', { mark: null }), live('web')];
    expect(drawAll({ wishes, services, capabilities: REFERENCE })).toEqual({
      db: '(foreign)',
      web: '(dependency)',
    });
  });
  test('holds through a whole chain', () => {
    const wishes = [wish('a'), wish('b', { dependsOn: ['a'] }), wish('c', { dependsOn: ['b'] })];
    expect(drawAll({ wishes, services: [live('a', { mark: null })] })).toEqual({
      a: '(foreign)',
      b: '(dependency)',
      c: '(dependency)',
    });
  });
  test.each([
    ['wished Stopped', wish('db', { want: 'stopped' })],
    ['wished with no container', wish('db', { spec: { target_num_containers: 0 } })],
  ] as const)('holds nothing where it is %s, which is said', (_, db) => {
    const plan = planOf({ wishes: [db, wish('web', { dependsOn })], services: [live('db', { mark: null })] });
    expect(course(plan, 'web')).toBe('create start …');
    expect(row(plan, 'web').end).toMatchObject({ notes: [{ code: 'dependency-not-running', name: 'db' }] });
    expect(row(plan, 'web').dependsOn).toEqual([]);
  });
  test('holds nothing while it is only under way', () => {
    expect(drawAll({ wishes: [wish('db'), wish('web', { dependsOn })], services: [] })).toEqual({
      db: 'create start …',
      web: 'create start …',
    });
  });
});

describe('a link to a name without a uuid', () => {
  test('reads @name, and is sent after that one was made', () => {
    const plan = planOf({ wishes: [wish('db'), WEB], services: [] });
    expect(inOrder(plan).map(({ name, step }) => `${name} ${step.operation.verb}`)).toEqual([
      'db create',
      'db start',
      'web create',
      'web start',
    ]);
    expect(inOrder(plan)[2]?.step.operation).toMatchObject({
      spec: { linked_to_service: [{ name: 'db', to_service: '@db' }] },
    });
  });
  test('is waited for even where the dependency does not gate', () => {
    const plan = planOf({
      wishes: [wish('zz', { want: 'stopped' }), wish('web', { spec: linksTo('zz'), dependsOn: ['zz'] })],
    });
    expect(inOrder(plan).map(({ name, step }) => `${name} ${step.operation.verb}`)).toEqual([
      'zz create',
      'web create',
      'web start',
    ]);
  });
  test('is waited for even by a PATCH that is only stored', () => {
    const plan = planOf({
      wishes: [wish('zz'), wish('web', { want: 'stopped', spec: linksTo('zz'), dependsOn: ['zz'] })],
      services: [live('web', { state: 'Stopped' })],
    });
    expect(inOrder(plan).map(({ name }) => name)).toEqual(['zz', 'zz', 'web']);
  });
  test('is waited for by such a PATCH for as many rounds as it takes', () => {
    const plan = planOf({
      wishes: [
        wish('zz', { want: 'stopped' }),
        wish('web', { want: 'stopped', spec: linksTo('zz'), dependsOn: ['zz'] }),
      ],
      services: [live('web', { state: 'Stopped' }), live('zz', { state: 'Terminating' })],
    });
    expect(inOrder(plan).map(({ name }) => name)).toEqual(['zz', 'web']);
  });
  const notMade: readonly (readonly [string, Wish, readonly Live[]])[] = [
    ['blocked', wish('db', { want: 'stopped', spec: { labels: {} } }), []],
    ['two', wish('db', { want: 'stopped' }), [live('db'), live('db', { uuid: 'u-2' })]],
    [
      'leaving, and not to be made again',
      wish('db', { runOnce: true }),
      [live('db', { state: 'Terminating' })],
    ],
    ['frozen and not there', wish('db', { want: 'stopped', frozen: true }), []],
  ];
  test.each(notMade)('that never gets one blocks: %s', (_, db, services) => {
    const over = { wishes: [db, WEB], services, capabilities: REFERENCE };
    expect(block(over, 'web')).toEqual({ code: 'dependency', name: 'db', why: 'missing' });
    expect(drawAll(over)['web']).toBe('(dependency)');
  });
  test('that never gets one blocks a replace before its first half', () => {
    const wishes = [wish('db', { want: 'stopped', frozen: true }), { ...WEB, allowReplace: true }];
    const over = { wishes, services: [live('web')], capabilities: REFERENCE };
    expect(drawAll(over)['web']).toBe('(dependency)');
  });
});

describe('a replace', () => {
  const db = { ...DB, spec: NEW };
  /** Our server takes every PATCH, so only a way out of Not running without `redeploy-idle` replaces there. */
  const idle: FleetOver['capabilities'] = { offered: ['patch=all', 'full-list'], lost: [] };
  const replaced = [live('db', { state: 'Not running' }), live('web', { fields: linked('db') })];

  test('adds the re-link of each dependant', () => {
    const other = wish('api', { spec: linksTo('db'), dependsOn: ['db'] });
    const plan = planOf({
      wishes: [DB, WEB, other],
      services: [...replaced, live('api', { fields: linked('db') })],
      capabilities: idle,
      safety: ROOMY,
    });
    expect(course(plan, 'db')).toBe('terminate … create start …');
    expect(course(plan, 'web')).toBe('update{linked_to_service} …');
    expect(course(plan, 'api')).toBe('update{linked_to_service} …');
    expect(inOrder(plan).map(({ name, step }) => `${name} ${step.operation.verb}`)).toEqual([
      'db terminate',
      'db create',
      'db start',
      'api update',
      'web update',
    ]);
    expect(row(plan, 'web').differences).toEqual([
      {
        field: 'linked_to_service',
        live: [{ name: 'db', to_service: 'db' }],
        wanted: [{ name: 'db', to_service: '@db' }],
      },
    ]);
  });
  test('leaves a dependant alone that the dependant’s own stop has put to rest, but re-links it', () => {
    const stopped = { ...WEB, want: 'stopped' as const };
    expect(drawAll({ wishes: [DB, stopped], services: replaced, capabilities: idle })).toEqual({
      db: 'terminate … create start …',
      web: 'stop … update{linked_to_service}',
    });
  });

  const held: readonly (readonly [string, Wish | undefined, Partial<Live>])[] = [
    ['belongs to somebody else', undefined, { mark: OTHERS }],
    ['belongs to somebody else and is wished for', WEB, { mark: OTHERS }],
    ['is an orphan of ours that is kept', undefined, {}],
    ['does not declare its links', wish('web', { dependsOn: ['db'] }), {}],
    ['ignores its links', { ...WEB, ignore: ['linked_to_service'] }, {}],
    ['writes its link as a resource URI', wish('web', { spec: { linked_to_service: [linkTo('db')] } }), {}],
    ['is frozen, because its file is broken now', { ...WEB, frozen: true }, {}],
    ['ran once, so a difference is only listed', { ...WEB, runOnce: true }, {}],
    [
      'has ended as wished, so a difference is only listed',
      { ...WEB, want: 'stopped' },
      { state: 'Not running' },
    ],
    ['is in a state nobody knows', WEB, { state: { unknown: 'Odd' } }],
    ['ends blocked for another reason', { ...WEB, spec: { ...WEB.spec, memory: 5 } }, {}],
  ];
  test.each(held)('is blocked by a dependant that %s', (_, web, over) => {
    const services = [replaced[0] as Live, live('web', { fields: linked('db'), ...over })];
    const wishes = [DB, ...(web === undefined ? [] : [web])];
    expect(block({ wishes, services, capabilities: idle }, 'db')).toEqual({
      code: 'replace-unlinks',
      dependant: 'web',
    });
    expect(
      inOrder(planOf({ wishes, services, capabilities: idle, safety: ROOMY })).map(
        ({ step }) => step.operation.verb,
      ),
    ).not.toContain('terminate');
  });
  test('is blocked by a dependant that only the target reports, whose links are not shown', () => {
    const { linked_to_service: _, ...unshown } = REPORTED;
    const services = [
      live('db', { state: 'Not running', linkedFrom: ['u-web'] }),
      live('web', { fields: unshown }),
    ];
    expect(block({ wishes: [DB, WEB], services, capabilities: idle }, 'db')).toEqual({
      code: 'replace-unlinks',
      dependant: 'web',
    });
  });
  test('is blocked by a manifest that links by resource URI and is not made yet', () => {
    const web = wish('web', { spec: { linked_to_service: [linkTo('db')] } });
    const over = { wishes: [DB, web], services: [replaced[0] as Live], capabilities: idle };
    expect(block(over, 'db')).toEqual({ code: 'replace-unlinks', dependant: 'web' });
  });
  test('is not held by a dependant that is Terminating', () => {
    const services = [replaced[0] as Live, live('web', { fields: linked('db'), state: 'Terminating' })];
    expect(drawAll({ wishes: [DB], services, capabilities: idle })).toEqual({
      db: 'terminate … create start …',
    });
  });
  test('is not held by a dependant that lets go by itself', () => {
    const letting = wish('web', { spec: linksTo() });
    expect(drawAll({ wishes: [DB, letting], services: replaced, capabilities: idle })).toEqual({
      db: 'terminate … create start …',
      web: 'update{linked_to_service} …',
    });
  });
  test('leaves what depends on a blocked one as it is', () => {
    const services = [...replaced, live('foreign', { mark: OTHERS, fields: linked('db') })];
    expect(drawAll({ wishes: [DB, WEB], services, capabilities: idle })).toEqual({
      db: '(replace-unlinks)',
      web: '=',
    });
  });

  describe('on a server that takes no PATCH of links', () => {
    const reference = { capabilities: REFERENCE };
    const front = wish('front', { spec: linksTo('web'), dependsOn: ['web'], allowReplace: true });
    const services = [...LIVE, live('front', { fields: linked('web') })];
    test('replaces the dependants too, where they may be', () => {
      const wishes = [db, { ...WEB, allowReplace: true }, front];
      const over = { ...reference, wishes, services };
      const [replace] = ['terminate … create start …'];
      expect(drawAll(over)).toEqual({ db: replace, web: replace, front: replace });
      const plan = planOf({ ...over, safety: ROOMY });
      expect(plan.summary.replace).toBe(3);
      expect(inOrder(plan).map(({ name, step }) => `${name} ${step.operation.verb}`)).toEqual([
        'db terminate',
        'db create',
        'db start',
        'web terminate',
        'web create',
        'web start',
        'front terminate',
        'front create',
        'front start',
      ]);
    });
    test.each([
      ['may not be replaced', { ...WEB, allowReplace: false }],
      ['is protected', { ...WEB, allowReplace: true, protect: true }],
    ])('is blocked by a dependant that %s, and the dependant stays', (_, web) => {
      const over = { ...reference, wishes: [db, web, front], services };
      expect(drawAll(over)).toEqual({ db: '(replace-unlinks)', web: '=', front: '=' });
    });
    test('is blocked from the far end of a chain', () => {
      const over = {
        ...reference,
        wishes: [db, { ...WEB, allowReplace: true }, { ...front, allowReplace: false }],
        services,
      };
      expect(drawAll(over)).toEqual({ db: '(replace-unlinks)', web: '=', front: '=' });
    });
  });
});

describe('ownership', () => {
  const unverified = [live('web', { mark: undefined })];
  test('a service whose mark is not shown is updated, marked so', () => {
    const plan = planOf({
      wishes: [wish('web', { spec: { target_num_containers: 5 } })],
      services: unverified,
    });
    expect(course(plan, 'web')).toBe('update{target_num_containers} …');
    expect(row(plan, 'web').end).toMatchObject({ notes: [{ code: 'unverified' }] });
  });
  test('but is never replaced', () => {
    const over = {
      wishes: [wish('web', { spec: NEW, allowReplace: true })],
      services: unverified,
      capabilities: REFERENCE,
    };
    expect(block(over, 'web')).toEqual({ code: 'unverified', uuid: 'u-web' });
  });
  test('an adopted one is replaced where that is allowed, and says that it is adopted', () => {
    const adopted = wish('web', { spec: NEW, allowReplace: true, adopt: true });
    const plan = planOf({
      wishes: [adopted],
      services: [live('web', { mark: null })],
      capabilities: REFERENCE,
    });
    expect(course(plan, 'web')).toBe('terminate … create start …');
    expect(row(plan, 'web').end).toMatchObject({ notes: [{ code: 'adopted' }] });
  });
  test('a foreign one is never written to', () => {
    expect(
      block({ wishes: [wish('web', { spec: NEW })], services: [live('web', { mark: OTHERS })] }, 'web'),
    ).toEqual({
      code: 'foreign',
      uuid: 'u-web',
      owner: 'other',
    });
  });
  test('two of a name are never written to', () => {
    const services = [live('web'), live('web', { uuid: 'u-2' })];
    expect(block({ wishes: [wish('web', { spec: NEW })], services }, 'web')).toEqual({
      code: 'namesakes',
      uuids: ['u-2', 'u-web'],
    });
  });
  test('a Terminating one is waited out, then the name is made anew', () => {
    expect(
      drawAll({ wishes: [wish('web')], services: [live('web', { state: 'Terminating', mark: OTHERS })] }),
    ).toEqual({
      web: '… create start …',
    });
  });
});

describe('a service whose file is broken now', () => {
  test('is left as it is, and says so', () => {
    const plan = planOf({
      wishes: [wish('web', { spec: NEW, frozen: true })],
      services: [live('web')],
      complete: false,
    });
    expect(course(plan, 'web')).toBe('=');
    expect(row(plan, 'web').end).toEqual({ kind: 'in-sync', notes: [{ code: 'frozen' }] });
  });
  test('still gives its uuid to a link', () => {
    const wishes = [wish('db', { frozen: true }), WEB];
    expect(drawAll({ wishes, services: LIVE, complete: false })).toEqual({ db: '=', web: '=' });
  });
});

describe('what comes from the journal', () => {
  const intent = { name: 'web', attempt: 'x', bodyHash: 'h', at: 0, before: [] };
  test('an uncertain create is looked for first', () => {
    const memory = { intents: new Map([['web', intent]]) };
    expect(course(planOf({ wishes: [wish('web')], memory }), 'web')).toBe('? create start …');
    expect(course(planOf({ wishes: [wish('web')], services: [live('web')], memory }), 'web')).toBe('=');
  });
  test('a quarantined operation cuts the course', () => {
    const quarantine: NonNullable<FleetOver['quarantine']> = (_, { operation }) =>
      operation.verb === 'update' ? { code: 'quarantined', verb: 'update', times: 2 } : undefined;
    const over = {
      wishes: [wish('web', { spec: NEW, want: 'stopped' })],
      services: [live('web')],
      quarantine,
    };
    expect(drawAll(over)).toEqual({ web: 'stop … (quarantined)' });
  });
});
