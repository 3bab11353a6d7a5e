/** What may be deleted, how much of it, and what is refused as a whole (design §6). */
import { describe, expect, test } from 'vitest';
import { deleteLimit, HOUR, recentDeletes } from '../../src/decide/deletes.ts';
import { NO_MEMORY } from '../../src/service/memory.ts';
import type { Live } from '../../src/service/service.ts';
import { claim, course, type FleetOver, inOrder, linkTo, NOON, planOf, row } from '../support/fleet.ts';
import { live, REFERENCE, REPORTED, wish } from '../support/services.ts';

const OTHERS = { owner: 'other', name: 'x', attempt: 'a', in: 'container_envvars' } as const;
const names = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, at) => `${prefix}${String(at).padStart(2, '0')}`);
const linked = (...to: readonly string[]) => ({ ...REPORTED, linked_to_service: to.map(linkTo) });

/** `owned` services of ours, of which the manifests no longer name `gone`; they want all the others. */
function shrunk(owned: number, gone: number, over: FleetOver = {}): FleetOver {
  const kept = names('keep', owned - gone);
  const all = [...kept, ...names('old', gone)];
  return {
    ...over,
    wishes: kept.map((name) => wish(name)),
    services: [...all.map((name) => live(name)), ...(over.services ?? [])],
    safety: { prune: 'owned', ...over.safety },
  };
}
const deleted = (over: FleetOver) => {
  const plan = planOf(over);
  return inOrder(plan).flatMap(({ name, step }) => (step.operation.verb === 'terminate' ? [name] : []));
};
/** One orphan `old` of ours beside nine that stay. */
const one = (over: FleetOver = {}, old: Partial<Live> = {}): FleetOver => {
  const base = shrunk(9, 0, over);
  return { ...base, services: [...(base.services ?? []), live('old', old)] };
};

describe('the limit', () => {
  test.each([
    [0, 1],
    [1, 1],
    [4, 1],
    [5, 1],
    [9, 1],
    [10, 2],
    [14, 2],
    [15, 3],
    [100, 20],
  ])('of %i owned is %i', (owned, limit) => {
    expect(deleteLimit(owned)).toBe(limit);
  });
  test('is 20 % rounded down, without a slip of the floating point', () => {
    for (let fifth = 1; fifth < 20_000; fifth++) {
      if (deleteLimit(fifth * 5) !== fifth || deleteLimit(fifth * 5 + 4) !== fifth)
        throw new Error(`${fifth}`);
    }
  });
  test.each([
    [2, 1],
    [9, 1],
    [10, 2],
    [15, 3],
  ])('%i owned: %i go, one more and none goes', (owned, limit) => {
    expect(deleted(shrunk(owned, limit))).toHaveLength(limit);
    const plan = planOf(shrunk(owned, limit + 1));
    expect(inOrder(plan)).toEqual([]);
    expect(plan.objections.filter((objection) => objection.code === 'too-many')).toEqual([
      { code: 'too-many', names: names('old', limit + 1), limit, owned, recent: 0 },
    ]);
    expect(plan.exitCode).toBe(4);
    expect(plan.services.filter((service) => service.end.kind === 'blocked')).toHaveLength(limit + 1);
  });
  test('counts from what is owned: not the foreign, the adopted, the unverified or the gone', () => {
    const others = [
      ...names('foreign', 20).map((name) => live(name, { mark: OTHERS })),
      ...names('unmarked', 20).map((name) => live(name, { mark: null })),
      ...names('hidden', 20).map((name) => live(name, { mark: undefined })),
      ...names('gone', 20).map((name) => live(name, { state: 'Terminated' })),
      ...names('going', 20).map((name) => live(name, { state: 'Terminating' })),
    ];
    expect(planOf(shrunk(9, 2, { services: others })).objections[0]).toMatchObject({ limit: 1, owned: 9 });
  });
  test('counts deletes and replaces together, and refuses both with names and numbers', () => {
    const base = shrunk(10, 1, { capabilities: REFERENCE });
    const replaced = (base.wishes ?? []).map((kept, at) =>
      at < 2 ? { ...kept, allowReplace: true, spec: { image: 'nginx:2' } } : kept,
    );
    const plan = planOf({ ...base, wishes: replaced });
    expect(plan.objections).toEqual([
      { code: 'too-many', names: ['keep00', 'keep01', 'old00'], limit: 2, owned: 10, recent: 0 },
    ]);
    expect(['keep00', 'keep01', 'old00'].map((name) => course(plan, name))).toEqual(
      Array(3).fill('(deletes-refused)'),
    );
    expect(deleted({ ...base, wishes: [...replaced.slice(0, 1), ...(base.wishes ?? []).slice(1)] })).toEqual([
      'keep00',
      'old00',
    ]);
  });
  test('refuses no update, start or create', () => {
    const base = shrunk(10, 5);
    const wishes = [
      ...(base.wishes ?? []).map((kept) => ({ ...kept, spec: { target_num_containers: 9 } })),
      wish('new'),
    ];
    const plan = planOf({ ...base, wishes });
    expect(plan.summary).toMatchObject({ update: 5, create: 1, start: 1, delete: 0, blocked: 5 });
  });
  test('what was refused as a replace is not re-linked either', () => {
    const web = wish('web', {
      spec: { linked_to_service: [{ name: 'old00', to_service: 'old00' }] },
      dependsOn: ['old00'],
    });
    const base = shrunk(4, 2);
    const replaced = names('old', 2).map((name) => wish(name, { allowReplace: true }));
    const plan = planOf({
      ...base,
      capabilities: { offered: ['patch=all', 'full-list'], lost: [] },
      wishes: [web, ...replaced],
      services: [
        ...names('old', 2).map((name) => live(name, { state: 'Not running' })),
        live('web', { fields: linked('old00') }),
      ],
    });
    expect(course(plan, 'old00')).toBe('(deletes-refused)');
    expect(course(plan, 'web')).toBe('=');
  });
});

describe('the sliding hour', () => {
  const journal = (...ago: readonly number[]) => ({
    ...NO_MEMORY,
    deletes: ago.map((ms, at) => ({ name: `before${at}`, at: NOON - ms })),
  });
  test.each([
    ['just now', 0, 1],
    ['59 minutes ago', 59 * 60_000, 1],
    ['one hour ago to the millisecond', HOUR, 0],
    ['almost one hour ago', HOUR - 1, 1],
    ['in the future, because the wall clock was set back', -5 * HOUR, 1],
  ])('%s', (_, ago, counted) => {
    expect(recentDeletes(journal(ago), NOON, new Set())).toHaveLength(counted);
  });
  test('what is about to be counted again is not counted twice', () => {
    expect(recentDeletes(journal(0, 0), NOON, new Set(['before0']))).toEqual(['before1']);
  });
  test('takes from the limit, and the refusal tells how much', () => {
    const memory = journal(1000);
    expect(deleted(shrunk(10, 1, { memory }))).toEqual(['old00']);
    expect(planOf(shrunk(10, 2, { memory })).objections).toEqual([
      { code: 'too-many', names: ['old00', 'old01'], limit: 2, owned: 11, recent: 1 },
    ]);
  });
  test('does not forbid the second of two that were allowed, once the first has gone', () => {
    const memory = { deletes: [{ name: 'left', at: NOON - 1000 }] };
    const going = live('left', { state: 'Terminating' });
    expect(deleted(shrunk(9, 1, { memory, services: [going] }))).toEqual(['old00']);
    expect(deleted(shrunk(9, 1, { memory }))).toEqual(['old00']);
    expect(planOf(shrunk(9, 2, { memory })).objections).toMatchObject([{ limit: 2, owned: 10, recent: 1 }]);
  });
  test('counts a replaced one as owned once: its successor is there', () => {
    const memory = { deletes: [{ name: 'keep00', at: NOON - 1000 }] };
    expect(planOf(shrunk(9, 1, { memory })).objections).toMatchObject([{ limit: 1, owned: 9, recent: 1 }]);
  });
  test('counts a name that was deleted twice as owned once, and as two deletes', () => {
    const memory = { deletes: [1, 2].map((ms) => ({ name: 'gone', at: NOON - ms })) };
    expect(planOf(shrunk(13, 1, { memory })).objections).toMatchObject([{ limit: 2, owned: 14, recent: 2 }]);
  });
});

describe('--allow-deletes N', () => {
  test.each([
    [5, 5],
    [6, 5],
    [4, 0],
    [0, 0],
  ])('%i lets %i of five go', (allowDeletes, expected) => {
    expect(deleted(shrunk(10, 5, { safety: { allowDeletes } }))).toHaveLength(expected);
  });
  test('counts replaces', () => {
    const base = shrunk(10, 1, { capabilities: REFERENCE });
    const wishes = (base.wishes ?? []).map((kept, at) =>
      at < 3 ? { ...kept, allowReplace: true, spec: { image: 'nginx:2' } } : kept,
    );
    expect(deleted({ ...base, wishes, safety: { prune: 'owned', allowDeletes: 3 } })).toEqual([]);
    expect(deleted({ ...base, wishes, safety: { prune: 'owned', allowDeletes: 4 } })).toHaveLength(4);
  });
  test('does not widen what is below the limit', () => {
    expect(deleted(shrunk(10, 2, { safety: { allowDeletes: 0 } }))).toHaveLength(2);
  });
});

describe('everything', () => {
  test.each<readonly [string, number, number, boolean, readonly string[]]>([
    ['the only one, with no manifest left', 1, 1, false, ['everything']],
    ['the only one, with no manifest left, said out loud', 1, 1, true, []],
    ['all of many', 5, 5, false, ['too-many', 'everything']],
    ['all of many, said out loud: the limit stays', 5, 5, true, ['too-many']],
    ['all but one', 5, 4, false, ['too-many']],
  ])('%s', (_, owned, gone, allowEmpty, codes) => {
    const plan = planOf(shrunk(owned, gone, { safety: { allowEmpty } }));
    expect(plan.objections.map((objection) => objection.code)).toEqual(codes);
    expect(inOrder(plan)).toHaveLength(codes.length > 0 ? 0 : gone);
  });
  test('is refused even where every number is allowed', () => {
    const over = shrunk(5, 5, { safety: { allowDeletes: 9 } });
    expect(planOf(over).objections).toEqual([{ code: 'everything', names: names('old', 5) }]);
    const others = { ...over, wishes: [wish('new')] };
    expect(planOf(others).objections.map((objection) => objection.code)).toEqual(['everything']);
    expect(
      deleted({ ...others, safety: { prune: 'owned', allowDeletes: 9, allowEmpty: true } }),
    ).toHaveLength(5);
  });
  test('the only one may go while another takes its place', () => {
    expect(deleted({ wishes: [wish('new')], services: [live('old')], safety: { prune: 'owned' } })).toEqual([
      'old',
    ]);
  });
});

describe('an orphan of ours', () => {
  const kept: readonly (readonly [string, FleetOver, string])[] = [
    ['under prune never', { safety: { prune: 'never' } }, 'prune-never'],
    ['when not every file could be read', { complete: false }, 'incomplete-load'],
    ['while its absence is young', { inGrace: new Set(['old']) }, 'grace'],
  ];
  test.each(kept)('stays %s, and is listed', (_, over, why) => {
    const plan = planOf(one(over));
    expect(plan.orphans).toEqual([{ name: 'old', uuid: 'u-old', state: 'Running', why }]);
    expect([inOrder(plan), plan.exitCode, plan.summary.orphans]).toEqual([[], 0, 1]);
  });
  test('goes under prune owned, by uuid', () => {
    const plan = planOf(one());
    expect(inOrder(plan).map(({ step }) => step.operation)).toEqual([{ verb: 'terminate', uuid: 'u-old' }]);
    expect(row(plan, 'old')).toMatchObject({ want: 'absent', replaces: false, end: { kind: 'in-sync' } });
    expect([plan.orphans, plan.exitCode, plan.summary.delete]).toEqual([[], 2, 1]);
  });
  test('goes though it is protected no more, and not while the last manifest of it protected it', () => {
    expect(course(planOf(one({ memory: { protectedNames: new Set(['old']) } })), 'old')).toBe('(protected)');
    expect(course(planOf(one({ memory: { protectedNames: new Set(['other']) } })), 'old')).toBe(
      'terminate …',
    );
  });
  test('is waited for while it moves', () => {
    expect(course(planOf(one({}, { state: 'Scaling' })), 'old')).toBe('… terminate …');
  });
  test('is not touched in a state nobody knows', () => {
    expect(course(planOf(one({}, { state: { unknown: 'Odd' } })), 'old')).toBe('(unknown-state)');
  });
  test.each<readonly [string, Partial<Live>]>([
    ['another owner’s', { mark: OTHERS }],
    ['unmarked', { mark: null }],
    ['one whose mark is not shown', { mark: undefined }],
    ['one that is Terminating', { state: 'Terminating' }],
    ['one that is Terminated', { state: 'Terminated' }],
  ])('is not %s', (_, over) => {
    const plan = planOf(one({}, over));
    expect([plan.orphans, inOrder(plan), plan.exitCode]).toEqual([[], [], 0]);
  });
  test('is one that only the journal knows', () => {
    const memory = { claims: new Map([claim('old')]) };
    expect(deleted(one({ memory }, { mark: undefined }))).toEqual(['old']);
    expect(deleted(one({ memory }, { mark: OTHERS }))).toEqual([]);
  });
  test('is not one that an adopting manifest was about: adoption owns nothing', () => {
    const memory = { tokens: new Map([['u-old', 't']]) };
    expect(deleted(one({ memory }, { mark: null }))).toEqual([]);
  });
  test('both of two of a name go', () => {
    const base = shrunk(10, 0);
    const twins = [live('old'), live('old', { uuid: 'u-older' })];
    expect(deleted({ ...base, services: [...(base.services ?? []), ...twins] })).toEqual(['old', 'old']);
  });
});

describe('a service nobody names and nobody can place', () => {
  test('is counted as not examined', () => {
    const services = [
      live('a', { mark: undefined }),
      live('b', { mark: null }),
      live('web'),
      live('c', { mark: undefined, state: 'Terminated' }),
    ];
    expect(planOf({ wishes: [wish('web')], services }).summary.notExamined).toBe(1);
    const memory = { claims: new Map([claim('a')]) };
    expect(planOf({ wishes: [wish('web')], services, memory }).summary.notExamined).toBe(0);
  });
});

describe('a delete and the links to it', () => {
  const pair = (over: FleetOver, dependant: Live, wishes: FleetOver['wishes'] = []) => {
    const base = shrunk(20, 0, over);
    return planOf({
      ...base,
      wishes: [...(base.wishes ?? []), ...(wishes ?? [])],
      services: [...(base.services ?? []), live('old'), dependant],
    });
  };
  test.each<readonly [string, Live]>([
    ['a foreign one', live('web', { fields: linked('old'), mark: OTHERS })],
    ['an unmarked one', live('web', { fields: linked('old'), mark: null })],
  ])('waits while %s links to it, by name', (_, dependant) => {
    const plan = pair({}, dependant);
    expect(row(plan, 'old').end).toEqual({ kind: 'blocked', block: { code: 'linked-from', by: ['web'] } });
    expect(plan.exitCode).toBe(4);
  });
  test('waits while a wished one links to it', () => {
    const plan = pair({}, live('web', { fields: linked('old') }), [wish('web')]);
    expect(course(plan, 'old')).toBe('(linked-from)');
  });
  test('waits while it reports a link from one whose links are not shown', () => {
    const { linked_to_service: _, ...unshown } = REPORTED;
    const base = shrunk(20, 0);
    const services = [
      ...(base.services ?? []),
      live('old', { linkedFrom: ['u-web'] }),
      live('web', { fields: unshown, mark: null }),
    ];
    expect(course(planOf({ ...base, services }), 'old')).toBe('(linked-from)');
  });
  test('does not wait for one that is Terminating', () => {
    expect(
      course(pair({}, live('web', { fields: linked('old'), state: 'Terminating', mark: OTHERS })), 'old'),
    ).toBe('terminate …');
  });
  test('waits while a manifest links to it by its resource URI, though nothing live does yet', () => {
    const web = wish('web', { spec: { linked_to_service: [linkTo('old')] } });
    const plan = pair({}, live('front', { fields: linked('old'), mark: null }), [web]);
    expect(row(plan, 'old').end).toEqual({
      kind: 'blocked',
      block: { code: 'linked-from', by: ['front', 'web'] },
    });
    expect(course(pair({}, live('other', { mark: null }), [web]), 'old')).toBe('(linked-from)');
  });
  test('goes after a dependant that goes too', () => {
    const plan = pair({}, live('web', { fields: linked('old') }));
    expect(inOrder(plan).map(({ name }) => name)).toEqual(['web', 'old']);
  });
  test('goes after a dependant whose own course takes the link away', () => {
    const plan = pair({}, live('web', { fields: linked('old') }), [
      wish('web', { spec: { linked_to_service: [] } }),
    ]);
    expect(inOrder(plan).map(({ name, step }) => `${name} ${step.operation.verb}`)).toEqual([
      'web update',
      'old terminate',
    ]);
  });
  test('waits where the course that takes the link away ends blocked', () => {
    const web = wish('web', { spec: { linked_to_service: [], memory: 5 } });
    const plan = pair(
      { capabilities: { offered: ['patch=all', 'full-list'], lost: [] } },
      live('web', { fields: linked('old') }),
      [web],
    );
    expect(course(plan, 'old')).toBe('(linked-from)');
  });
  test('waits where that course ends blocked after the PATCH: what is blocked may never get there', () => {
    const web = wish('web', { spec: { linked_to_service: [] }, dependsOn: ['mq'] });
    const seen = live('web', { fields: linked('old'), state: 'Stopped' });
    const base = shrunk(20, 0);
    const plan = planOf({
      ...base,
      wishes: [...(base.wishes ?? []), wish('mq'), web],
      services: [...(base.services ?? []), live('old'), seen, live('mq', { mark: null })],
    });
    expect(course(plan, 'web')).toBe('update{linked_to_service} (dependency)');
    expect(course(plan, 'old')).toBe('(linked-from)');
  });
  test('waits where a PATCH leaves the link in its list', () => {
    const web = wish('web', { spec: { linked_to_service: [linkTo('old'), linkTo('keep00')] } });
    expect(course(pair({}, live('web', { fields: linked('old') }), [web]), 'web')).toBe(
      'update{linked_to_service} …',
    );
    expect(course(pair({}, live('web', { fields: linked('old') }), [web]), 'old')).toBe('(linked-from)');
  });
  test.each([
    ['goes after a dependant that is made anew without the link', [], 'terminate …'],
    ['waits where the dependant is made anew with the link', [linkTo('old')], '(linked-from)'],
  ])('%s', (_, linked_to_service, expected) => {
    const web = wish('web', { allowReplace: true, spec: { image: 'nginx:2', linked_to_service } });
    const plan = pair({ capabilities: REFERENCE }, live('web', { fields: linked('old') }), [web]);
    expect(course(plan, 'web')).toBe('terminate … create start …');
    expect(course(plan, 'old')).toBe(expected);
  });
  test('holds the whole chain behind what is held', () => {
    const base = shrunk(20, 0);
    const services = [
      ...(base.services ?? []),
      live('a'),
      live('b', { fields: linked('a') }),
      live('c', { fields: linked('b') }),
      live('web', { mark: null, fields: linked('c') }),
    ];
    const plan = planOf({ ...base, services });
    expect(['a', 'b', 'c'].map((name) => course(plan, name))).toEqual(Array(3).fill('(linked-from)'));
  });
  test('a circle of links made by somebody else goes, the first by name first', () => {
    const base = shrunk(20, 0);
    const services = [
      ...(base.services ?? []),
      live('a', { fields: linked('b') }),
      live('b', { fields: linked('a') }),
    ];
    expect(deleted({ ...base, services })).toEqual(['a', 'b']);
  });
  test('a replace does not count on a dependant’s delete that is held', () => {
    const base = shrunk(30, 0);
    const over: FleetOver = {
      ...base,
      capabilities: { offered: ['patch=all', 'full-list'], lost: [] },
      wishes: [...(base.wishes ?? []), wish('db', { allowReplace: true })],
      services: [
        ...(base.services ?? []),
        live('db', { state: 'Not running' }),
        live('old', { fields: linked('db') }),
      ],
    };
    expect(course(planOf(over), 'db')).toBe('terminate … create start …');
    const held = planOf({ ...over, memory: { protectedNames: new Set(['old']) } });
    expect([course(held, 'db'), course(held, 'old')]).toEqual(['(replace-unlinks)', '(protected)']);
  });
  test('a delete does not count on a dependant’s replace that is held', () => {
    const base = shrunk(30, 0, { capabilities: REFERENCE });
    const web = wish('web', {
      allowReplace: true,
      spec: { linked_to_service: [{ name: 'keep00', to_service: 'keep00' }], image: 'nginx:2' },
    });
    const over = (front: Live): FleetOver => ({
      ...base,
      wishes: [...(base.wishes ?? []), web],
      services: [...(base.services ?? []), live('old'), live('web', { fields: linked('old') }), front],
    });
    const plan = planOf(over(live('front', { fields: linked('web'), mark: null })));
    expect([course(plan, 'web'), course(plan, 'old')]).toEqual(['(replace-unlinks)', '(linked-from)']);
  });
});
