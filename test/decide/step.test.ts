/** Decisions that the table of courses is too coarse for: what is sent, what is said, and what blocks (design §4–§6). */
import { describe, expect, test } from 'vitest';
import { differences, step } from '../../src/decide/step.ts';
import { unfold } from '../../src/decide/unfold.ts';
import { type Capabilities, EXTENSIONS, type Extension } from '../../src/service/extensions.ts';
import type { Observed } from '../../src/service/service.ts';
import type { Spec } from '../../src/service/spec.ts';
import { drawCourse } from '../support/courses.ts';
import {
  desired,
  type Existing,
  LOST,
  MISSING,
  observed,
  policy,
  REFERENCE,
  REPORTED,
  type Wished,
} from '../support/services.ts';

const without = (...lacking: readonly Extension[]): Capabilities => ({
  offered: EXTENSIONS.filter((one) => !lacking.includes(one)),
  lost: [],
});
const losing = (...lost: readonly Extension[]): Capabilities => ({ ...without(...lost), lost });
const live = (fields: Spec, state: Existing['state'] = 'Running') =>
  observed(state, { fields: { ...REPORTED, ...fields } });
const LABELS = { image: 'nginx:1', labels: { team: 'a' } };
const SET: Observed = { exists: false, deployedBefore: true, redeployToken: undefined };

const drawn = (wish: Partial<Wished>, seen: Observed, given = policy()) =>
  drawCourse(unfold(desired(wish), seen, given));

describe('what is sent', () => {
  test('a create carries the whole spec, what is ignored too, and the token', () => {
    const spec = { image: 'nginx:1', target_num_containers: 3, labels: { a: '1' } };
    expect(
      step(desired({ spec, ignore: ['target_num_containers'], redeploy: 't' }), MISSING, policy()),
    ).toEqual({
      kind: 'act',
      operation: { verb: 'create', spec, redeployToken: 't' },
      why: { code: 'missing' },
    });
  });
  test('a PATCH carries each field that differs as it is declared, and no other', () => {
    const spec = { image: 'nginx:2', target_num_containers: 2, roles: ['global'] };
    const decided = step(desired({ spec }), observed('Running'), policy());
    expect(decided).toMatchObject({
      operation: { uuid: 'u-web', patch: { image: 'nginx:2', roles: ['global'] } },
    });
    expect(decided.kind === 'act' && decided.why).toEqual({
      code: 'differs',
      differences: [
        { field: 'image', live: 'nginx:1', wanted: 'nginx:2' },
        { field: 'roles', live: [], wanted: ['global'] },
      ],
    });
  });
  test('one differing variable sends the whole list', () => {
    const container_envvars = [
      { key: 'A', value: '1' },
      { key: 'B', value: '2' },
    ];
    const seen = live({ container_envvars: [{ key: 'A', value: '1' }] });
    const decided = step(desired({ spec: { container_envvars } }), seen, policy());
    expect(decided).toMatchObject({ operation: { patch: { container_envvars } } });
  });
  test('a replace says which fields cannot be patched, and leaves out those that could', () => {
    const given = policy({ capabilities: REFERENCE, allowReplace: true });
    const spec = { image: 'nginx:2', target_num_containers: 5 };
    expect(step(desired({ spec }), observed('Running'), given)).toEqual({
      kind: 'act',
      operation: { verb: 'terminate', uuid: 'u-web' },
      why: { code: 'cannot-patch', fields: ['image'] },
    });
  });
  test('a first start tells which token it serves, where only the journal keeps it', () => {
    const given = policy({ capabilities: REFERENCE });
    expect(step(desired({ redeploy: 't' }), observed('Init'), given)).toMatchObject({
      operation: { verb: 'start', uuid: 'u-web', token: 't' },
    });
    expect(step(desired(), observed('Init'), given)).toMatchObject({
      operation: { verb: 'start', uuid: 'u-web' },
    });
    expect(drawn({ redeploy: 't' }, observed('Init'), given)).toBe('start …');
  });
  test('a redeploy that only heals carries no token', () => {
    const given = policy({ capabilities: without('start-partly') });
    expect(
      step(desired({ redeploy: 't' }), observed('Partly running', { redeployToken: 't' }), given),
    ).toEqual({
      kind: 'act',
      operation: { verb: 'redeploy', uuid: 'u-web', token: undefined },
      why: { code: 'state', state: 'Partly running', want: 'running' },
    });
  });
  test.each(['Init', 'Stopped'] as const)('one PATCH leaves %s as it is and the start follows', (state) => {
    expect(drawn({ spec: { image: 'nginx:2' } }, observed(state))).toBe('update{image} start …');
  });
});

describe('a field that the server does not take', () => {
  const missing = policy({ capabilities: without('labels') });
  test.each([
    ['is not created without', desired({ spec: LABELS }), MISSING, '(capability-missing)'],
    ['blocks a service that runs', desired({ spec: LABELS }), observed('Running'), '(capability-missing)'],
    [
      'blocks once the service rests',
      desired({ spec: LABELS }),
      observed('Scaling'),
      '… (capability-missing)',
    ],
    [
      'lets a stop that is wished go first',
      desired({ spec: LABELS, want: 'stopped' }),
      observed('Running'),
      'stop … (capability-missing)',
    ],
    [
      'blocks one that is stopped as wished',
      desired({ spec: LABELS, want: 'stopped' }),
      observed('Stopped'),
      '(capability-missing)',
    ],
    [
      'blocks one that has ended as wished',
      desired({ spec: LABELS, want: 'stopped' }),
      observed('Not running'),
      '(capability-missing)',
    ],
    [
      'blocks a replace before its first half',
      desired({ spec: { ...LABELS, image: 'nginx:2' } }),
      observed('Running'),
      '(capability-missing)',
    ],
    [
      'is nothing to a run_once that has run',
      desired({ spec: LABELS, runOnce: true }),
      observed('Stopped'),
      '=',
    ],
    ['is nothing to a run_once that has run and gone', desired({ spec: LABELS, runOnce: true }), SET, '='],
    [
      'is nothing to a live service that ignores it',
      desired({ spec: LABELS, ignore: ['labels'] }),
      observed('Running'),
      '=',
    ],
    [
      'is needed to create one that ignores it',
      desired({ spec: LABELS, ignore: ['labels'] }),
      MISSING,
      '(capability-missing)',
    ],
    ['does not hold a delete', { want: 'absent', name: 'web' } as const, observed('Running'), 'terminate …'],
  ])('%s', (_, wished, seen, expected) => {
    expect(drawCourse(unfold(wished, seen, missing))).toBe(expected);
    expect(drawCourse(unfold(wished, seen, { ...missing, allowReplace: true }))).toBe(expected);
  });
  test('is needed to replace a service that ignores it: the first half is not done without the second', () => {
    const given = policy({
      capabilities: without('labels', 'patch=all', 'redeploy-idle'),
      allowReplace: true,
    });
    const wish = { spec: { ...LABELS, image: 'nginx:2' }, ignore: ['labels'] } as const;
    expect(drawn(wish, observed('Running'), given)).toBe('(capability-missing)');
    expect(drawn({ ...wish, spec: LABELS }, observed('Not running'), given)).toBe('(capability-missing)');
  });
  test.each([
    ['labels', { labels: {} }, 'labels'],
    ['bindings', { bindings: [] }, 'bindings'],
    ['memory', { memory: 64 }, 'limits'],
    ['cpu_shares', { cpu_shares: 1 }, 'limits'],
  ] as const)('names itself and what it needs: %s', (field, spec, extension) => {
    const seen = step(desired({ spec }), MISSING, policy({ capabilities: without(extension) }));
    expect(seen).toEqual({
      kind: 'blocked',
      block: { code: 'capability-missing', extension, fields: [field] },
    });
    const lost = step(desired({ spec }), MISSING, policy({ capabilities: losing(extension) }));
    expect(lost).toEqual({ kind: 'blocked', block: { code: 'capability-lost', extension, fields: [field] } });
  });
});

describe('an extension that was there and is not any more', () => {
  const all = { allowReplace: true } as const;
  test.each([
    ['patch=all', { spec: { image: 'nginx:2' } }, observed('Running'), '(capability-lost)'],
    ['patch=all', { spec: { target_num_containers: 5 } }, observed('Running'), 'update{target} …'],
    ['start-partly', {}, observed('Partly running'), '(capability-lost)'],
    ['start-partly', { redeploy: 't' }, observed('Partly running'), 'redeploy{token} …'],
    ['start-partly', {}, observed('Stopped'), 'start …'],
    ['redeploy-idle', {}, observed('Not running'), '(capability-lost)'],
    ['redeploy-idle', { redeploy: 't' }, observed('Running'), 'redeploy{token} …'],
    ['redeploy-token', { redeploy: 't' }, observed('Running'), '(capability-lost)'],
    ['redeploy-token', { redeploy: 't', want: 'stopped' }, observed('Stopped'), '= [journal: t]'],
    ['redeploy-token', { redeploy: 't' }, observed('Running', { redeployToken: 't' }), '='],
  ] as const)('%s lost: %j', (extension, wish, seen, expected) => {
    expect(drawn(wish, seen, policy({ ...all, capabilities: losing(extension) }))).toBe(expected);
  });
  test('never turns into a replace', () => {
    const decided = step(
      desired({ spec: { image: 'nginx:2' } }),
      observed('Running'),
      policy({ ...all, capabilities: LOST }),
    );
    expect(decided).toEqual({
      kind: 'blocked',
      block: { code: 'capability-lost', extension: 'patch=all', fields: ['image'] },
    });
  });
});

describe('what blocks says why', () => {
  const reference = policy({ capabilities: REFERENCE });
  test('replace off, with the fields and the state', () => {
    expect(step(desired({ spec: { image: 'nginx:2' } }), observed('Running'), reference)).toEqual({
      kind: 'blocked',
      block: { code: 'replace-off', fields: ['image'], state: 'Running' },
    });
    expect(step(desired(), observed('Not running'), reference)).toEqual({
      kind: 'blocked',
      block: { code: 'replace-off', fields: [], state: 'Not running' },
    });
  });
  test('protected, for a delete and for a replace, before replace off', () => {
    const given = { ...reference, protect: true };
    expect(step({ want: 'absent', name: 'web' }, observed('Running'), given)).toEqual({
      kind: 'blocked',
      block: { code: 'protected', verb: 'delete' },
    });
    expect(step(desired({ spec: { image: 'nginx:2' } }), observed('Running'), given)).toEqual({
      kind: 'blocked',
      block: { code: 'protected', verb: 'replace' },
    });
  });
  test('protection is nothing to a PATCH, a stop or a redeploy', () => {
    const given = policy({ protect: true });
    expect(drawn({ spec: { image: 'nginx:2' } }, observed('Running'), given)).toBe('update{image} …');
    expect(drawn({ want: 'stopped' }, observed('Running'), given)).toBe('stop …');
    expect(drawn({}, observed('Not running'), given)).toBe('redeploy …');
  });
  test('an unknown state freezes whatever is wished', () => {
    const seen = {
      exists: 'unclear',
      uuid: 'u',
      state: 'Odd',
      deployedBefore: true,
      redeployToken: null,
    } as const;
    const block = { kind: 'blocked', block: { code: 'unknown-state', state: 'Odd' } };
    expect(step(desired(), seen, policy())).toEqual(block);
    expect(step({ want: 'absent', name: 'web' }, seen, policy())).toEqual(block);
  });
});

describe('the number of containers', () => {
  const two = { image: 'nginx:1', target_num_containers: 2 };
  test.each<readonly [string, Partial<Wished>, Observed, string]>([
    ['undeclared is not compared', { spec: { image: 'nginx:1' } }, live({ target_num_containers: 9 }), '='],
    [
      'undeclared, 0 live: nothing is to run',
      { spec: { image: 'nginx:1' } },
      live({ target_num_containers: 0 }, 'Not running'),
      '=',
    ],
    [
      'undeclared, 0 live, stopped',
      { spec: { image: 'nginx:1' } },
      live({ target_num_containers: 0 }, 'Stopped'),
      '=',
    ],
    [
      'ignored is not compared',
      { spec: two, ignore: ['target_num_containers'] },
      live({ target_num_containers: 9 }),
      '=',
    ],
    [
      'ignored, 0 live: nothing is to run',
      { spec: two, ignore: ['target_num_containers'] },
      live({ target_num_containers: 0 }, 'Not running'),
      '=',
    ],
    [
      'ignored, 0 live, yet running: left alone',
      { spec: { ...two, target_num_containers: 0 }, ignore: ['target_num_containers'] },
      live({ target_num_containers: 0 }),
      '=',
    ],
    [
      '0 wished and shown, yet running: stopped',
      { spec: { ...two, target_num_containers: 0 } },
      live({ target_num_containers: 0 }),
      'stop …',
    ],
    [
      '0 wished and not reported, yet running: stopped',
      { spec: { target_num_containers: 0 } },
      observed('Running', { fields: { image: 'nginx:1' } }),
      'stop …',
    ],
    ['not reported is not 0', {}, observed('Not running', { fields: { image: 'nginx:1' } }), 'redeploy …'],
    [
      '0 wished, another image: the PATCH does both',
      { spec: { image: 'nginx:2', target_num_containers: 0 } },
      observed('Running'),
      'update{image,target} …',
    ],
    [
      '0 wished, 0 live, another image, stopped: stored',
      { spec: { image: 'nginx:2', target_num_containers: 0 } },
      live({ target_num_containers: 0 }, 'Stopped'),
      'update{image}',
    ],
    [
      '0 wished, ended, another image: listed only',
      { spec: { image: 'nginx:2', target_num_containers: 0 } },
      observed('Not running'),
      '=',
    ],
  ])('%s', (_, wish, seen, expected) => {
    expect(drawn(wish, seen)).toBe(expected);
  });
});

describe('an ignored state', () => {
  const ignore = ['state'] as const;
  test.each<readonly [string, Partial<Wished>, Observed, string]>([
    ['is sent at create', { want: 'stopped' }, MISSING, 'create'],
    ['is carried out from Init', {}, observed('Init'), 'start …'],
    ['leaves a running one that is wished stopped', { want: 'stopped' }, observed('Running'), '='],
    ['heals nothing', {}, observed('Partly running'), '='],
    ['starts nothing', {}, observed('Stopped'), '='],
    ['starts nothing by a PATCH', { spec: { image: 'nginx:2' } }, observed('Not running'), '='],
    [
      'stops nothing at target 0',
      { spec: { target_num_containers: 0 } },
      live({ target_num_containers: 0 }),
      '=',
    ],
    ['still takes a token where it runs', { redeploy: 't' }, observed('Running'), 'redeploy{token} …'],
    ['records a token where it does not', { redeploy: 't' }, observed('Stopped'), 'update{token}'],
    [
      'still lets a PATCH serve the token',
      { redeploy: 't', spec: { image: 'nginx:2' } },
      observed('Running'),
      'update{image,token} …',
    ],
    [
      'records the token with a stored PATCH',
      { redeploy: 't', spec: { image: 'nginx:2' } },
      observed('Stopped'),
      'update{image,token}',
    ],
  ])('%s', (_, wish, seen, expected) => {
    expect(drawn({ ignore, ...wish }, seen)).toBe(expected);
  });
});

describe('run_once', () => {
  const gone = (redeployToken: string | null | undefined): Observed => ({
    exists: false,
    deployedBefore: true,
    redeployToken,
  });
  test.each<readonly [string, Partial<Wished>, Observed, string]>([
    ['is made when it was never deployed', {}, MISSING, 'create start …'],
    ['is not made again', {}, gone(null), '='],
    ['is not healed', {}, observed('Partly running'), '='],
    ['is not stopped, once it has run', { want: 'stopped' }, observed('Running'), '='],
    ['is not patched, once it has run', { spec: { image: 'nginx:2' } }, observed('Running'), '='],
    [
      'a PATCH in Init comes before its one start',
      { spec: { image: 'nginx:2' } },
      observed('Init'),
      'update{image} start …',
    ],
    ['runs again for a new token', { redeploy: 't' }, observed('Stopped'), 'redeploy{token} …'],
    ['is made again for a new token', { redeploy: 't' }, gone('old'), 'create start …'],
    ['not for the same token', { redeploy: 't' }, gone('t'), '='],
    ['not for a token nobody remembers', { redeploy: 't' }, gone(undefined), '='],
    [
      'a new token brings the new image along',
      { redeploy: 't', spec: { image: 'nginx:2' } },
      observed('Running'),
      'update{image,token} …',
    ],
    [
      'a new token with wish Stopped is only recorded',
      { redeploy: 't', want: 'stopped' },
      observed('Running'),
      'update{token}',
    ],
  ])('%s', (_, wish, seen, expected) => {
    expect(drawn({ runOnce: true, ...wish }, seen)).toBe(expected);
  });
  test('runs again for a new token though its state is ignored', () => {
    const wish = { runOnce: true, redeploy: 't', ignore: ['state'] } as const;
    expect(drawn(wish, observed('Stopped'))).toBe('redeploy{token} …');
  });
  test('is not replaced where it would not be made anew', () => {
    const given = policy({ capabilities: REFERENCE, allowReplace: true });
    const wish = { runOnce: true, spec: { image: 'nginx:2' } };
    expect(drawn(wish, observed('Init'), given)).toBe('terminate … create start …');
    expect(drawn(wish, observed('Init', { deployedBefore: true }), given)).toBe('start …');
    expect(drawn({ ...wish, redeploy: 't' }, observed('Init', { deployedBefore: true }), given)).toBe(
      'terminate … create start …',
    );
  });
  test('says why it is made', () => {
    const why = (wish: Partial<Wished>, seen: Observed) => {
      const decided = step(desired(wish), seen, policy());
      return decided.kind === 'act' ? decided.why : decided.kind;
    };
    expect(why({ runOnce: true }, MISSING)).toEqual({ code: 'never-deployed' });
    expect(why({ runOnce: true, redeploy: 't' }, gone('old'))).toEqual({
      code: 'redeploy-token',
      token: 't',
    });
    expect(why({ redeploy: 't' }, gone('old'))).toEqual({ code: 'missing' });
  });
  test('lists what differs and says that it was deployed', () => {
    const decided = step(
      desired({ runOnce: true, spec: { image: 'nginx:2' } }),
      observed('Stopped'),
      policy(),
    );
    expect(decided).toMatchObject({
      kind: 'in-sync',
      notes: [{ code: 'deployed-once' }, { code: 'listed', differences: [{ field: 'image' }] }],
    });
  });
});

describe('what in sync says', () => {
  const notes = (wish: Partial<Wished>, seen: Observed, given = policy()) => {
    const decided = step(desired(wish), seen, given);
    if (decided.kind !== 'in-sync') throw new Error(decided.kind);
    return [decided.notes.map((note) => note.code), decided.remember];
  };
  const reference = policy({ capabilities: REFERENCE });
  test.each<readonly [string, Partial<Wished>, Observed, boolean, readonly string[], string | undefined]>([
    ['nothing', {}, observed('Running'), true, [], undefined],
    [
      'a token of which there is no memory counts as served',
      { redeploy: 't' },
      observed('Running', { redeployToken: undefined }),
      true,
      ['token-assumed-served'],
      't',
    ],
    [
      'so it does for a run_once that is gone',
      { redeploy: 't', runOnce: true },
      SET,
      true,
      ['deployed-once', 'token-assumed-served'],
      undefined,
    ],
    [
      'a token that is not to redeploy is remembered where the server keeps none',
      { redeploy: 't', want: 'stopped' },
      observed('Stopped'),
      false,
      [],
      't',
    ],
    [
      'a token that is kept needs no memory',
      { redeploy: 't' },
      observed('Running', { redeployToken: 't' }),
      false,
      [],
      undefined,
    ],
    [
      'differences that a PATCH must not remove',
      { want: 'stopped', spec: { image: 'nginx:2' } },
      observed('Not running'),
      true,
      ['listed'],
      undefined,
    ],
  ])('%s', (_, wish, seen, ours, codes, remember) => {
    expect(notes(wish, seen, ours ? policy() : reference)).toEqual([codes, remember]);
  });
});

test('everything that differs is told, whether or not anything will be done about it', () => {
  const wish = desired({
    spec: { image: 'nginx:2', target_num_containers: 5 },
    ignore: ['target_num_containers'],
  });
  expect(differences(wish, observed('Not running'), policy()).map((one) => one.field)).toEqual(['image']);
  expect(differences(wish, MISSING, policy())).toEqual([]);
  expect(differences({ want: 'absent', name: 'web' }, observed('Running'), policy())).toEqual([]);
});

test('a list that the server fills in is compared by declared key, and whole where it returns what was set', () => {
  const wish = desired({ spec: { roles: [] } });
  const seen = live({ roles: ['global'] });
  expect(differences(wish, seen, policy())).toHaveLength(1);
  expect(differences(wish, seen, policy({ capabilities: without('full-list') }))).toEqual([]);
});
